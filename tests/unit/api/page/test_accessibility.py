"""Every page by axe-core, light and dark, wide and narrow: nothing that keeps somebody out."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.cameras import Camera, Mask
from domain.messages import BatchResult
from domain.quiet_times import MaintenanceSchedule
from domain.verdict_time import TimeState, VerdictSpan
from lab.bench.page.browser import Browser
from sightline.services.maintenance_planner import StoredMaintenancePlanner
from tests.cameras.films import draw_test_picture
from tests.fakes.quiet_times import FakeQuietTimeStore
from tests.unit.api.conftest import make_app, serve_app
from tests.unit.api.page.conftest import Open
from tests.unit.api.routes.test_quiet_times import WindowTable
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict, signal_loss_verdict

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

AXE = Path(__file__).parents[3] / "vendor" / "axe-core" / "axe.min.js"
PUBLISHED = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
PAGES = {
    "/?view=cards": ".card",
    "/?view=table": ".wall-table tr[data-name]",
    "/?view=grid": ".tile",
    "/cameras/gate": "#camera-accept",
    "/cameras/gate/edit": ".mask-list li",
    "/cameras/+add": "#save-camera",
    "/incidents": ".incident-table tbody tr",
    "/incidents/gate/blur/1": "#act-comment",
    "/reports": "button.download",
    "/maintenance": ".maintenance-table tbody tr",
    "/docs": ".endpoint",
    "/kiosk": ".tile",
}
FINDINGS = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ['violations']}).then((found) => done(found.violations
  .filter((each) => ['serious', 'critical'].includes(each.impact))
  .map((each) => `${each.id}: ${each.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`)));
"""


@pytest.fixture
def house(stage: SampleCameras) -> Iterator[str]:
    """Serve cameras in every state, with a history, masks, tags and incidents."""
    gate = Camera(
        "gate", "rtsp://h/1", site="North", group="switch 1", tags=("entrance",),
        masks=(Mask(0.1, 0.1, 0.2, 0.2), Mask.polygon([(0.5, 0.5), (0.9, 0.6), (0.6, 0.9)])),
    )  # fmt: skip
    stage.failing(gate, blur_verdict())
    stage.failing(Camera("dock", "rtsp://h/2", site="North"), signal_loss_verdict(), severity="critical")
    stage.suspected(Camera("ramp", "rtsp://h/3", site="South"), blur_verdict(5.0))
    stage.healthy(Camera("yard", "rtsp://h/4", site="South"), learning=5)
    stage.add(Camera("roof", "rtsp://h/5", site="South"))
    stage.add(Camera("cellar", "rtsp://h/6", site="South", enabled=False))
    stage.past("gate", {"edge_width": 7.1, "luma_mean": 0.4})
    now = stage.clock.now()
    stage.scores.add(
        BatchResult(spans=(VerdictSpan("gate", now - timedelta(minutes=9), now, TimeState.FAULT, "blur"),))
    )
    stage.show("gate", draw_test_picture(3, 320, 192))
    quiet = FakeQuietTimeStore()
    desk = StoredMaintenancePlanner(WindowTable(quiet), quiet, stage.clock, lambda _: UTC)  # type: ignore[arg-type]
    desk.start("gate", timedelta(hours=2), reason="new mast", by="ann")
    desk.repeat(MaintenanceSchedule("s", datetime(2026, 1, 1, 22), 60, "FREQ=WEEKLY;BYDAY=MO", site="North", by="ann"))
    with serve_app(make_app(stage, quiet_times=desk)) as address:
        yield address


def findings(window: Browser) -> list[str]:
    """Return what axe-core calls serious or critical on the page that is shown."""
    window.run(AXE.read_text(encoding="utf-8"))
    found: list[str] = window.run_async(FINDINGS)
    return found


def wait_for_page(window: Browser, selector: str) -> None:
    ready = "return !!document.querySelector(arguments[0]) && document.body.dataset.connection === 'live'"
    window.wait(lambda: window.run(ready, selector), what=selector, timeout_s=90)


def test_the_library_is_the_published_one() -> None:
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == PUBLISHED
    assert "Mozilla Public License" in (AXE.parent / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_has_a_serious_finding(window: Browser, house: str, dark: bool) -> None:
    window.dark(dark)
    found: dict[str, Any] = {}
    try:
        for path, selector in PAGES.items():
            window.open(house + path)
            wait_for_page(window, selector)
            found[path] = findings(window)
            with window.phone():
                found[f"{path} on a phone"] = findings(window)
    finally:
        window.dark(False)
    assert {path: each for path, each in found.items() if each} == {}
    window.open("about:blank")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nor_has_the_form_that_asks_for_the_token(window: Browser, opened: Open, dark: bool) -> None:
    window.dark(dark)
    try:
        opened(token="a token of hunter2")
        window.wait(lambda: window.texts("label"), what="the form", timeout_s=60)
        assert findings(window) == []
    finally:
        window.dark(False)
