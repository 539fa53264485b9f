"""Recurring maintenance, links of the kiosk and the reference of the API in a real browser."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from api.security.accounts import Accounts
from domain.cameras import Camera
from lab.bench.page.browser import Browser
from sightline.services.maintenance_planner import StoredMaintenancePlanner
from tests.fakes.access import FakeAccessStore
from tests.fakes.quiet_times import FakeQuietTimeStore
from tests.unit.api.page.conftest import Open
from tests.unit.api.routes.test_quiet_times import WindowTable
from tests.unit.api.sample_cameras import SampleCameras

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FILL = """for (const [name, value] of Object.entries(arguments[0])) {
    const field = document.querySelector(`#plan-maintenance [name=${name}]`);
    field.value = value;
    field.dispatchEvent(new Event('change', { bubbles: true }));
}"""
BERLIN = ZoneInfo("Europe/Berlin")


def test_weekly_maintenance_is_announced_listed_and_ended(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1", site="Depot & Yard"))
    quiet = FakeQuietTimeStore()
    zone_of = lambda site: BERLIN if site == "Depot & Yard" else UTC  # noqa: E731
    desk = StoredMaintenancePlanner(WindowTable(quiet), quiet, stage.clock, zone_of)  # type: ignore[arg-type]
    opened("/", quiet_times=desk)
    window.wait(lambda: window.texts(".tile, .card, .wall-table tr"), what="the wall", timeout_s=90)
    window.run("document.querySelector('a[href=\"/maintenance\"]').click()")
    seen = "return !!document.querySelector('#plan-maintenance summary')?.checkVisibility()"
    window.wait(lambda: window.run(seen), what="the form", timeout_s=90)
    window.click("#plan-maintenance summary")
    fields = {"site": "Depot & Yard", "date": "2026-03-23", "time": "22:00", "minutes": "90", "by": "ann"}
    window.run(FILL, {**fields, "reason": "lens cleaning"})
    window.click("#plan-maintenance button[type=submit]")
    window.wait(lambda: "at least one day" in window.texts("#plan-maintenance .problem")[0], what="what is missing")
    window.click("#plan-maintenance [value=TH]")
    window.click("#plan-maintenance button[type=submit]")
    rows = ".maintenance-table tbody tr"
    window.wait(lambda: len(window.texts(rows)) > 2, what="its windows", timeout_s=90)
    assert "Thursday, from 22:00 for 90 min (Europe/Berlin)" in window.texts(rows)[0]
    (schedule,) = quiet.schedules()
    assert (schedule.first, schedule.rule, schedule.by) == (datetime(2026, 3, 23, 22), "FREQ=WEEKLY;BYDAY=TH", "ann")
    assert {each.since.astimezone(BERLIN).strftime("%a %H:%M") for each in quiet.by_id.values()} == {"Thu 22:00"}
    window.click(f"{rows} button")
    window.wait(lambda: window.texts("dialog.ask[open] button[type=submit]"), what="the question")
    window.click("dialog.ask[open] button[type=submit]")
    window.wait(lambda: not window.texts(rows), what="that nothing recurs", timeout_s=90)
    assert quiet.schedules() == []
    window.click("#nav a[href='/incidents']")  # what was announced is not called unsaved
    window.wait(lambda: window.texts("h1") == ["Incidents"], what="the incidents", timeout_s=90)


def test_what_is_empty_says_so_and_leaves_no_empty_table(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1", site="North"))
    quiet = FakeQuietTimeStore()
    desk = StoredMaintenancePlanner(WindowTable(quiet), quiet, stage.clock, lambda _: BERLIN)  # type: ignore[arg-type]
    opened("/maintenance", quiet_times=desk)
    said = ".maintenance > .quietly"
    window.wait(lambda: "No maintenance recurs." in window.texts(said), what="that nothing recurs", timeout_s=90)
    assert "Nothing is announced." in window.texts(said)
    shown = "return [...document.querySelectorAll('.maintenance-table')].some(each => each.checkVisibility())"
    with window.phone():
        assert window.run(shown) is False
    assert window.run(shown) is False


def test_what_is_chosen_is_seen_in_high_contrast(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1", site="North"))
    window.command("Emulation.setEmulatedMedia", features=[{"name": "forced-colors", "value": "active"}])
    try:
        opened("/")
        chosen, other = "[data-view][aria-pressed=true]", "[data-view][aria-pressed=false]"
        window.wait(lambda: window.texts(chosen) and window.texts(other), what="the views", timeout_s=90)
        colour = "return getComputedStyle(document.querySelector(arguments[0])).backgroundColor"
        assert window.run(colour, chosen) != window.run(colour, other)
    finally:
        window.command("Emulation.setEmulatedMedia", features=[])


def test_links_of_the_kiosk_are_listed_and_ended(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1", site="North"))
    token = "hunter2 is a long token"
    address = opened(token=token, accounts=Accounts(FakeAccessStore(), now=stage.clock.now))
    window.open(f"{address}/?token={token}")
    window.wait(lambda: window.texts("#kiosk-link summary"), what="the wall", timeout_s=90)
    window.click("#kiosk-link summary")
    window.click("#kiosk-link button[type=submit]")
    window.wait(lambda: window.texts(".kiosk-links li"), what="the link in the list", timeout_s=90)
    assert window.texts(".kiosk-links li")[0].startswith("Every site, made by (token), until ")
    window.click(".kiosk-links button")
    window.wait(lambda: not window.texts(".kiosk-links li"), what="that it is over", timeout_s=90)
    window.forget_cookies()


def test_the_reference_of_the_api_is_served_without_another_host(
    window: Browser, stage: SampleCameras, opened: Open
) -> None:
    address = opened("/docs")
    window.wait(lambda: len(window.texts(".endpoint")) > 40, what="the endpoints", timeout_s=90)
    loaded = window.run("return performance.getEntriesByType('resource').map((each) => each.name)")
    assert [each for each in loaded if not each.startswith(address)] == []
    shown = "return [...document.querySelectorAll('.endpoint:not([hidden]) summary')].map((each) => each.innerText)"
    window.run("""const find = document.querySelector('[name=find]'); find.value = 'maintenance/schedules';
        find.dispatchEvent(new Event('input', { bubbles: true }))""")
    assert window.run(shown) == [
        "GET /api/v1/maintenance/schedules viewer or above",
        "POST /api/v1/maintenance/schedules operator or above",
        "POST /api/v1/maintenance/schedules/{schedule_id}/end operator or above",
    ]
    fields = window.run(
        "return [...document.querySelectorAll('.endpoint:not([hidden]) code')].map((e) => e.textContent)"
    )
    assert {"first", "rule", "minutes", "[].zone"} <= set(fields)
