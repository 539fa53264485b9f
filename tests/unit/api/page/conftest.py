"""One browser window for every test of the page, and a served stage to open in it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from lab.bench.page.browser import Browser, browser, explain_missing_browser
from tests.unit.api.conftest import absent, make_app, serve_app
from tests.unit.api.sample_cameras import SampleCameras

Open = Callable[..., str]


@pytest.fixture(scope="session")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if reason := explain_missing_browser():
        absent(reason)
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        opened.resize(1360, 1000)
        yield opened


@pytest.fixture(autouse=True)
def _page_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave the page after its test: what it still asks of a server that is gone is no error of the next one."""
    browser_window: Browser | None = request.getfixturevalue("window") if "window" in request.fixturenames else None
    yield
    if browser_window is not None:
        browser_window.open("about:blank")
        browser_window.errors()


@pytest.fixture
def opened(window: Browser, stage: SampleCameras) -> Iterator[Open]:
    """Serve the stage and open its page; whatever the console complains about fails the test."""
    with ExitStack() as until_the_end:

        def page(path: str = "/", **options: Any) -> str:
            address = until_the_end.enter_context(serve_app(make_app(stage, **options)))
            window.open(address + path)
            return address

        yield page
        errors = window.errors()
        window.open("about:blank")
    assert errors == []
