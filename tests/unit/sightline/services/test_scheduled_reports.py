"""Scheduled reports appear in their folder, each once and whole."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import ConfigError, NotifierUnavailable
from domain.ports import ReportMaker
from domain.report_files import ReportFile, ReportFormat, ReportRequest
from reports.export.report_file import request_name
from reports.schedule import Scheduled
from reports.usable_time.periods import Zones
from sightline.config.settings_loading import parse_settings
from sightline.services.notifier_factory import make_notifiers
from sightline.services.scheduled_reports import FolderDelivery, ScheduledReports, build_scheduled_reports
from tests.fakes.ports import FakeClock
from tests.unit.notification.notifiers.mail_server import mail_server

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
    build_scheduled_reports(chosen, maker, FakeClock(MONDAY)).run_once()
    assert maker.made == ["sightline-north-2026-10-01-to-2026-10-31.json"]


def test_a_report_is_mailed_once_to_the_receiver_that_its_schedule_names(tmp_path: Path) -> None:
    clock, maker = FakeClock(MONDAY), CountingMaker()
    with mail_server() as box:
        mailbox = {
            "type": "smtp", "host": "127.0.0.1", "port": box.port, "security": "none",
            "sender": "a@example.org", "to": ["boss@example.org"],
        }  # fmt: skip
        settings = parse_settings(
            {
                "reports": {
                    "folder": str(tmp_path),
                    "schedule": [{"every": "week", "mail_to": "boss"}, {"every": "week", "formats": ["csv"]}],
                },
                "alerts": {"receivers": {"boss": mailbox, "other": mailbox}},
            }
        )
        for _ in range(2):
            notifiers = make_notifiers(settings, clock)
            build_scheduled_reports(settings, maker, clock, notifiers).run_once()
    (mail,) = box.mails
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == "sightline-2026-11-23-to-2026-11-29.pdf"
    assert mail["To"] == "boss@example.org"


def test_a_schedule_that_names_no_mail_receiver_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"reports\.schedule\[0\]\.mail_to: alerts\.receivers has no mail receiver"):
        parse_settings({"reports": {"schedule": [{"every": "week", "mail_to": "boss"}]}})
