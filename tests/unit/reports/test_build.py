"""A report says exactly what an obvious recount of the raw transitions says, second by second."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from domain.alerts import AlarmAnswer, Incident, IncidentAction, IncidentLogEntry, IncidentState
from domain.faults import Fault
from domain.messages import BatchResult
from domain.report_files import ReportFormat, ReportRequest
from domain.verdict_time import WatchChange
from lab.bench.reports.planted_history import History, paint, plant
from lab.bench.reports.recount import recount
from lab.bench.reports.stored_history import store_history
from reports.build import build_report
from reports.export.content import content_of
from reports.export.report_file import export
from reports.records import Report
from reports.usable_time.periods import Zones
from storage.sql.alert_store import SqlAlertStore
from storage.sql.score_store import SqlScoreStore

BERLIN, CHICAGO = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Chicago")
SITES = (("north", BERLIN), ("south", CHICAGO), ("west", ZoneInfo("UTC")))
ZONES = Zones(by_site=dict(SITES))


def report_of(history: History, path: Path, first: date, last: date) -> Report:
    _, store = store_history(history, path)
    request = ReportRequest(first=first, last=last)
    return build_report(store, request, ZONES, history.until + timedelta(days=9), version="test")


def check_against_recount(report: Report, history: History) -> None:
    checked = recount(report, history)
    assert checked.differences == []
    assert checked.cameras == len(report.cameras)


@pytest.mark.parametrize(
    ("first", "hours_north", "hours_south"),
    [(datetime(2026, 3, 1, tzinfo=UTC), -1, -1), (datetime(2026, 10, 1, tzinfo=UTC), 1, 1)],
)
def test_a_report_equals_a_recount_of_the_raw_transitions_across_a_change_of_clocks(
    tmp_path: Path, first: datetime, hours_north: int, hours_south: int
) -> None:
    history = plant(12, 40, first - timedelta(days=2), seed=first.month, sites=SITES, a_day=30)
    days = (first.date(), first.date() + timedelta(days=35))
    report = report_of(history, tmp_path, *days)
    check_against_recount(report, history)
    lengths = {site.name: site.whole.duration for site in report.sites}
    assert lengths["west"] == timedelta(days=36)
    assert lengths["north"] == timedelta(days=36, hours=hours_north)
    assert lengths["south"] == timedelta(days=36, hours=hours_south)


def test_every_row_adds_up_to_the_period_and_to_a_hundred_percent(tmp_path: Path) -> None:
    history = plant(9, 20, datetime(2026, 3, 20, tzinfo=UTC), seed=3, sites=SITES)
    report = report_of(history, tmp_path, date(2026, 3, 21), date(2026, 4, 5))
    rows = [(site.whole, camera.summary.parts, 1) for site in report.sites for camera in site.cameras]
    rows += [(site.whole, site.summary.parts, len(site.cameras)) for site in report.sites]
    rows += [(b.stretch, b.parts, len(site.cameras)) for site in report.sites for b in site.buckets]
    for whole, parts, cameras in rows:
        assert sum(parts.seconds().values()) == cameras * whole.duration.total_seconds()
        assert round(sum(parts.percentages().values()), 3) == (100 if parts.counted else 0)
    assert sum(parts.maintenance for _, parts, _ in rows) > 0
    assert sum(parts.unwatched for _, parts, _ in rows) > 0


def test_buckets_are_local_days_and_add_up_to_the_camera(tmp_path: Path) -> None:
    history = plant(3, 20, datetime(2026, 3, 20, tzinfo=UTC), seed=5, sites=SITES)
    report = report_of(history, tmp_path, date(2026, 3, 27), date(2026, 3, 31))
    (north,) = [site for site in report.sites if site.name == "north"]
    assert [bucket.stretch.duration / timedelta(hours=1) for bucket in north.buckets] == [24, 24, 23, 24, 24]
    assert sum(bucket.parts.whole for bucket in north.buckets) == north.summary.parts.whole


def test_the_trend_compares_with_the_same_count_of_days_before(tmp_path: Path) -> None:
    history = plant(6, 30, datetime(2026, 5, 1, tzinfo=UTC), seed=7, sites=SITES)
    report = report_of(history, tmp_path, date(2026, 5, 18), date(2026, 5, 24))
    (west,) = [site for site in report.sites if site.name == "west"]
    camera = west.cameras[0]
    before = paint(history, camera.name, *(datetime(2026, 5, day, tzinfo=UTC) for day in (11, 18)))
    counted = sum(count for (state, _), count in before.items() if state not in ("maintenance", "unwatched"))
    usable = sum(count for (state, _), count in before.items() if state == "ok")
    assert camera.summary.before is not None
    assert camera.summary.before.usable == pytest.approx(usable / counted, abs=1e-12)
    assert camera.summary.parts.usable is not None
    assert camera.summary.trend == pytest.approx(100 * (camera.summary.parts.usable - usable / counted))


def test_a_site_a_group_or_a_camera_alone_reads_as_in_the_whole(tmp_path: Path) -> None:
    history = plant(9, 12, datetime(2026, 5, 1, tzinfo=UTC), seed=11, sites=SITES)
    _, store = store_history(history, tmp_path)

    def ask(site: str = "", group: str = "", camera: str = "") -> Report:
        request = ReportRequest(first=date(2026, 5, 3), last=date(2026, 5, 9), site=site, group=group, camera=camera)
        return build_report(store, request, ZONES, history.until, version="test")

    whole = {camera.name: camera for camera in ask().cameras}
    for part in (ask(site="south"), ask(group="switch 1"), ask(camera="camera 004")):
        assert part.cameras
        assert all(whole[camera.name].summary.parts == camera.summary.parts for camera in part.cameras)
    assert {camera.group for camera in ask(group="switch 1").cameras} == {"switch 1"}


def test_a_later_move_to_another_site_leaves_a_former_report_as_it_was(tmp_path: Path) -> None:
    since = datetime(2026, 5, 1, tzinfo=UTC)
    history = plant(3, 12, since, seed=11, sites=SITES)
    history.watches = [WatchChange(name, since, True, "north") for name in history.transitions]
    history.watches.append(WatchChange("camera 001", since + timedelta(days=6), True, "south"))
    _, store = store_history(history, tmp_path)

    def where(first: int, last: int) -> dict[str, str]:
        request = ReportRequest(first=date(2026, 5, first), last=date(2026, 5, last))
        report = build_report(store, request, ZONES, history.until, version="test")
        return {camera.name: camera.site for camera in report.cameras}

    assert where(2, 5)["camera 001"] == "north"
    assert where(5, 9)["camera 001"] == "south"
    assert where(5, 9)["camera 002"] == "north"


def test_what_is_still_to_come_is_left_off_and_said(tmp_path: Path) -> None:
    history = plant(3, 12, datetime(2026, 5, 1, tzinfo=UTC), seed=13, sites=SITES)
    _, store = store_history(history, tmp_path)
    now = datetime(2026, 5, 6, 12, 34, 56, 789, tzinfo=UTC)
    request = ReportRequest(first=date(2026, 5, 4), last=date(2026, 5, 10))
    report = build_report(store, request, ZONES, now, version="test")
    assert {site.whole.until for site in report.sites} == {now.replace(microsecond=0)}
    assert any("not over yet" in note for note in report.notes)
    check_against_recount(report, history)


def test_no_camera_gives_an_empty_report_that_says_so(tmp_path: Path) -> None:
    history = History(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 9, tzinfo=UTC))
    report = report_of(history, tmp_path, date(2026, 5, 3), date(2026, 5, 4))
    assert report.cameras == []
    assert report.notes == ["No camera was watched in this period."]


def test_a_period_to_come_is_not_called_one_in_which_no_camera_was_watched(tmp_path: Path) -> None:
    history = plant(3, 12, datetime(2026, 5, 1, tzinfo=UTC), seed=13, sites=SITES)
    report = report_of(history, tmp_path, date(2027, 5, 3), date(2027, 5, 4))
    assert report.cameras == []
    assert report.notes == ["This period has not begun yet."]


def test_what_people_answered_to_the_alarms_of_the_period_is_counted_with_its_interval(tmp_path: Path) -> None:
    history = plant(3, 12, datetime(2026, 5, 1, tzinfo=UTC), seed=17, sites=SITES)
    engine, store = store_history(history, tmp_path)
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)
    names = sorted(history.transitions)
    made = [
        Incident(f"i{n}", names[n % 3], Fault.BLUR, IncidentState.RESOLVED, at, at, resolved_at=at) for n in range(5)
    ]
    several = Incident("g", "", Fault.SIGNAL_LOSS, IncidentState.OPEN, at, at, members=tuple(names))
    before = replace(made[0], incident_id="before", opened_at=at - timedelta(days=2))
    SqlScoreStore(engine).add(BatchResult(incidents=(*made, several, before)))
    answers = {"i0": AlarmAnswer.RIGHT, "i1": AlarmAnswer.WRONG, "i2": AlarmAnswer.RIGHT, "i3": AlarmAnswer.NEW_NORMAL}
    for incident_id, answer in {**answers, "g": AlarmAnswer.RIGHT, "before": AlarmAnswer.WRONG}.items():
        entry = IncidentLogEntry(incident_id, at, "ann", IncidentAction.ANSWER, answer)
        assert SqlAlertStore(engine).record_work(entry)
    request = ReportRequest(first=date(2026, 5, 3), last=date(2026, 5, 9))
    report = build_report(store, request, ZONES, history.until, version="test")
    lost, blur = report.precision
    assert (lost.fault, lost.right, lost.wrong) == (Fault.SIGNAL_LOSS, 1, 0)
    assert (blur.right, blur.wrong, blur.new_normal, blur.precision) == (2, 1, 1, 2 / 3)
    assert (round(blur.low, 3), round(blur.high, 3)) == (0.094, 0.992)
    assert report.unanswered == 1
    content = content_of(report)
    assert content["alarm_precision"][1]["precision"] == pytest.approx(2 / 3, abs=1e-6)
    assert content["summary"]["reliability"]["alarms_answered"] == {"right": 2, "wrong": 1, "new-normal": 1}
    html = export(report, ReportFormat.HTML).content.decode()
    assert "How often alarms were right" in html
    assert "9 to 99 %" in html
    rows = list(csv.DictReader(io.StringIO(export(report, ReportFormat.CSV).content.decode("utf-8-sig"))))
    cameras = [row for row in rows if row["camera"]]
    assert [sum(int(row[f"alarms_{name}"]) for row in cameras) for name in ("right", "wrong", "new_normal")] == [
        2,
        1,
        1,
    ]
