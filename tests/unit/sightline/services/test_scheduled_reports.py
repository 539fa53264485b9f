"""Scheduled reports appear in their folder, each once and whole."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import NotifierUnavailable
from domain.ports import ReportMaker
from domain.report_files import ReportFile, ReportFormat, ReportRequest
from reports.export.report_file import request_name
from reports.schedule import Scheduled
from reports.usable_time.periods import Zones
from sightline.config.settings import parse_settings
from sightline.services.scheduled_reports import FolderDelivery, ScheduledReports, scheduled_reports
from tests.fakes.ports import FakeClock

MONDAY = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)


class CountingMaker:
    """`ReportMaker` that names what it is asked for."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def make(self, request: ReportRequest, form: ReportFormat) -> ReportFile:
        name = request_name(request, form)
        self.made.append(name)
        return ReportFile(name, form, name.encode())


def reports(folder: Path, clock: FakeClock, maker: ReportMaker) -> ScheduledReports:
    schedule = [Scheduled("week", (ReportFormat.PDF, ReportFormat.CSV))]
    return ScheduledReports(maker, [FolderDelivery(folder)], schedule, Zones(), clock)


def test_each_report_is_written_once_also_over_a_restart(tmp_path: Path) -> None:
    maker, clock = CountingMaker(), FakeClock(MONDAY)
    for _ in range(3):
        reports(tmp_path / "new" / "folder", clock, maker).run_once()
    names = ["sightline-2026-11-23-to-2026-11-29.csv", "sightline-2026-11-23-to-2026-11-29.pdf"]
    assert sorted(maker.made) == names
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == names
    clock.advance(timedelta(days=7).total_seconds())
    reports(tmp_path / "new" / "folder", clock, maker).run_once()
    assert len(maker.made) == 4


def test_a_folder_that_cannot_be_written_says_what_to_check_and_is_tried_again(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    maker, clock = CountingMaker(), FakeClock(MONDAY)
    with pytest.raises(NotifierUnavailable, match=r"reports\.folder: cannot write .* check the folder"):
        reports(blocked, clock, maker).run_once()
    blocked.unlink()
    reports(blocked, clock, maker).run_once()
    assert len(list(blocked.iterdir())) == 2


def test_the_settings_say_what_is_written_and_where(tmp_path: Path) -> None:
    entry = {"every": "month", "formats": ["json"], "site": "north"}
    chosen = parse_settings(
        {"reports": {"folder": str(tmp_path), "schedule": [entry], "time_zones": {"north": "Asia/Tokyo"}}}
    )
    maker = CountingMaker()
    scheduled_reports(chosen, maker, FakeClock(MONDAY)).run_once()
    assert maker.made == ["sightline-north-2026-10-01-to-2026-10-31.json"]
