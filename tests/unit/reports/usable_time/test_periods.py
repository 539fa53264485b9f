"""Periods are whole local days, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from domain.errors import ConfigError
from domain.report_files import PeriodName, ReportRequest
from reports.usable_time.periods import (
    Days,
    buckets,
    chosen_days,
    days_of,
    instant,
    requested_days,
    stretch_of,
    zone_of,
)

BERLIN = ZoneInfo("Europe/Berlin")
LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "first", "end"),
    [
        (PeriodName.TODAY, date(2026, 11, 25), date(2026, 11, 26)),
        (PeriodName.YESTERDAY, date(2026, 11, 24), date(2026, 11, 25)),
        (PeriodName.THIS_WEEK, date(2026, 11, 23), date(2026, 11, 30)),
        (PeriodName.LAST_WEEK, date(2026, 11, 16), date(2026, 11, 23)),
        (PeriodName.THIS_MONTH, date(2026, 11, 1), date(2026, 12, 1)),
        (PeriodName.LAST_MONTH, date(2026, 10, 1), date(2026, 11, 1)),
        (PeriodName.THIS_YEAR, date(2026, 1, 1), date(2027, 1, 1)),
        (PeriodName.LAST_YEAR, date(2025, 1, 1), date(2026, 1, 1)),
    ],
)
def test_a_period_by_name_means_these_days(name: PeriodName, first: date, end: date) -> None:
    assert days_of(name, date(2026, 11, 25)) == Days(first, end)


def test_the_month_before_january_is_december() -> None:
    assert days_of(PeriodName.LAST_MONTH, date(2026, 1, 31)) == Days(date(2025, 12, 1), date(2026, 1, 1))


@pytest.mark.parametrize(
    ("days", "before"),
    [
        (Days(date(2026, 3, 2), date(2026, 3, 9)), Days(date(2026, 2, 23), date(2026, 3, 2))),
        (Days(date(2026, 3, 1), date(2026, 4, 1)), Days(date(2026, 2, 1), date(2026, 3, 1))),
        (Days(date(2026, 1, 1), date(2027, 1, 1)), Days(date(2025, 1, 1), date(2026, 1, 1))),
    ],
)
def test_the_period_before_is_as_many_days_or_the_month_before(days: Days, before: Days) -> None:
    assert days.before() == before


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_local_day_has_the_hours_it_has(day: date, hours: int) -> None:
    whole = stretch_of(Days(day, day + timedelta(days=1)), BERLIN, LATER)
    assert whole.duration == timedelta(hours=hours)


def test_a_day_whose_midnight_is_skipped_begins_after_the_gap() -> None:
    """Clocks in Cairo go from 00:00 to 01:00 on the last Friday of April."""
    cairo = ZoneInfo("Africa/Cairo")
    began = instant(date(2026, 4, 24), cairo)
    assert began.astimezone(cairo).hour == 1
    assert instant(date(2026, 4, 25), cairo) - began == timedelta(hours=23)


def test_long_periods_are_cut_into_weeks_from_monday_without_gap() -> None:
    days = Days(date(2026, 1, 1), date(2027, 1, 1))
    whole = stretch_of(days, BERLIN, LATER)
    cut = buckets(days, BERLIN, whole)
    assert [each.label for each in cut[:3]] == ["2026-01-01", "2026-01-05", "2026-01-12"]
    assert (cut[0].since, cut[-1].until) == (whole.since, whole.until)
    assert all(one.until == other.since for one, other in pairwise(cut))


def test_days_that_make_no_period_are_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match="not be before"):
        chosen_days(date(2026, 3, 2), date(2026, 3, 1))
    with pytest.raises(ConfigError, match="at most"):
        chosen_days(date(2000, 3, 2), date(2026, 3, 1))
    with pytest.raises(ConfigError, match="both days"):
        requested_days(ReportRequest(first=date(2026, 3, 1)), date(2026, 3, 2))
    for first, last in ((date(1, 1, 1), date(1, 1, 3)), (date(9999, 12, 1), date(9999, 12, 31))):
        with pytest.raises(ConfigError, match="from 1970-01-01 on"):
            chosen_days(first, last)
    with pytest.raises(ConfigError, match="Europe/Berlin"):
        zone_of("Europe/Nowhere")
