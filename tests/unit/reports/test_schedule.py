"""A scheduled report is due once, as soon as its period is over in every zone it covers."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from domain.report_files import ReportFormat
from reports.schedule import Due, Scheduled, due_reports
from reports.usable_time.periods import Zones

WORLD = Zones(ZoneInfo("UTC"), {"east": ZoneInfo("Asia/Tokyo"), "west": ZoneInfo("America/Los_Angeles")})
PDF = (ReportFormat.PDF,)


def first_days(schedule: Scheduled, now: datetime, zones: Zones = WORLD) -> list[date | None]:
    return [due.request.first for due in due_reports([schedule], zones, now)]


def test_a_week_of_all_sites_waits_for_the_zone_that_is_furthest_behind() -> None:
    everything = Scheduled("week", PDF)
    early = datetime(2026, 11, 30, 8, 30, tzinfo=UTC)
    assert first_days(everything, early) == [date(2026, 11, 16)]
    assert first_days(everything, datetime(2026, 11, 30, 9, 30, tzinfo=UTC)) == [date(2026, 11, 23)]


def test_a_site_of_its_own_is_due_an_hour_after_its_own_midnight() -> None:
    east = Scheduled("week", PDF, site="east")
    assert first_days(east, datetime(2026, 11, 29, 15, 30, tzinfo=UTC)) == [date(2026, 11, 16)]
    assert first_days(east, datetime(2026, 11, 29, 16, 30, tzinfo=UTC)) == [date(2026, 11, 23)]


def test_a_month_is_the_last_whole_one() -> None:
    (due,) = due_reports([Scheduled("month", PDF, group="switch")], WORLD, datetime(2026, 3, 5, tzinfo=UTC))
    assert due == Due(due.request, PDF)
    assert (due.request.first, due.request.last, due.request.group) == (date(2026, 2, 1), date(2026, 2, 28), "switch")
