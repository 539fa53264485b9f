"""A session that ends while somebody types: nothing typed is lost."""

from collections.abc import Iterator

import pytest

from api.routes import live_events
from domain.access import AccessScope, UserRole
from domain.cameras import Camera
from lab.bench.page.browser import Browser
from tests.unit.api.conftest import make_app, serve_app
from tests.unit.api.page.test_account import sign_in, signed_in
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

COMMENT = "the lens was cleaned at noon"
TYPED = "return document.querySelector('dialog[open] input[name=note]')?.value"


@pytest.fixture
def address(window: Browser, stage: SampleCameras, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve an incident to a signed-in operator, whose live stream is asked for again every few seconds."""
    monkeypatch.setattr(live_events, "MAX_STREAM_S", 3.0)
    incident = stage.failing(Camera("gate", "rtsp://h/1"), blur_verdict())
    with serve_app(make_app(stage, accounts=signed_in(UserRole.OPERATOR, AccessScope()))) as served:
        window.open(f"{served}/incidents/{incident.incident_id}")
        sign_in(window)
        window.wait(lambda: window.texts("#act-comment"), what="the incident", timeout_s=60)
        yield served
        window.open("about:blank")
        window.forget_cookies()
    window.errors()  # the refusals that were asked for are no complaint of the next test


def test_a_comment_outlives_the_session_and_is_sent_after_signing_in_beside_it(
    window: Browser, stage: SampleCameras, address: str
) -> None:
    window.click("#act-comment")
    window.type("dialog[open] input[name=note]", COMMENT)
    window.run("const by = document.querySelector('dialog[open] input[name=by]'); by.value = by.value || 'ada'")
    window.forget_cookies()
    window.wait(lambda: "You were signed out" in window.texts("#banner")[0], what="that the session is over")
    assert window.run(TYPED) == COMMENT
    window.click("dialog[open] button[type=submit]")
    window.wait(lambda: window.texts("dialog[open] a.sign-in-beside"), what="where to sign in")
    with window.tabs(1) as (tab,):
        first = window.run("return location.href")
        window.turn_to(tab)
        window.open(first)
        sign_in(window)
    assert window.run(TYPED) == COMMENT
    window.wait(lambda: "signed out" not in window.texts("#banner")[0], what="that the page is live again")
    window.click("dialog[open] button[type=submit]")
    window.wait(lambda: any(COMMENT in text for text in window.texts(".log .note")), what="the comment")


def test_where_nothing_is_typed_the_form_is_shown_at_once(window: Browser, address: str) -> None:
    window.forget_cookies()
    window.wait(lambda: window.texts("input[name=password]"), what="the form that signs in")
    assert "next=%2Fincidents%2Fgate" in window.run("return location.search").replace("/", "%2F")
