"""The recount agrees with a report, and says so where a report is wrong."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.report_files import ReportRequest
from lab.bench.reports.planted_history import History, plant
from lab.bench.reports.recount import recount, run
from lab.bench.reports.stored_history import store_history
from reports.build import build_report
from reports.records import Report
from reports.usable_time.periods import Zones

BERLIN = ZoneInfo("Europe/Berlin")


def report(path: Path) -> tuple[Report, History]:
    history = plant(3, 8, datetime(2026, 3, 26, tzinfo=UTC), seed=2, sites=(("north", BERLIN),))
    _, store = store_history(history, path)
    request = ReportRequest(first=date(2026, 3, 28), last=date(2026, 3, 30))
    zones = Zones(by_site={"north": BERLIN})
    return build_report(store, request, zones, history.until, version="test"), history


def test_a_second_more_in_a_report_is_found(tmp_path: Path) -> None:
    made, history = report(tmp_path)
    good = recount(made, history)
    assert (good.cameras, good.differences) == (3, [])
    assert good.seconds == 3 * 71 * 3600  # the clock goes forward on the second of the three days
    camera = made.sites[0].cameras[0]
    parts = replace(camera.summary.parts, ok=camera.summary.parts.ok + 1_000_000)
    wrong = replace(camera, summary=replace(camera.summary, parts=parts))
    site = replace(made.sites[0], cameras=[wrong, *made.sites[0].cameras[1:]])
    (difference,) = recount(replace(made, sites=[site]), history).differences
    assert difference.startswith(f"{camera.name}: ")


def test_the_command_measures_a_spring_and_an_autumn() -> None:
    found = run(cameras=4, days=45)
    assert {name: each["cameras_that_differ"] for name, each in found.items()} == {"spring": 0, "autumn": 0}
    assert found["spring"]["hours_of_period"]["south"] == 45 * 24 - 1
    assert found["autumn"]["hours_of_period"]["south"] == 45 * 24
