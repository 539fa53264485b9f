"""Recurring maintenance by the local clock, across both changes of the clocks; expected times are written by hand."""

from calendar import isleap
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.errors import ConfigError
from domain.quiet_times import MaintenanceSchedule
from notification.recurrence import HORIZON, check_schedule, expand_schedule

BERLIN = "Europe/Berlin"


def schedule(first: str, minutes: int, rule: str, zone: str = BERLIN) -> MaintenanceSchedule:
    return MaintenanceSchedule("s1", datetime.fromisoformat(first), minutes, rule, zone, site="depot", by="ann")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "begin", "end"),
    [
        # Berlin: UTC+1 in winter, UTC+2 from 29 March 2026 01:00 UTC to 25 October 2026 01:00 UTC.
        ("2026-03-27", "2026-03-27T21:00", "2026-03-28T05:00"),
        ("2026-03-28", "2026-03-28T21:00", "2026-03-29T04:00"),
        ("2026-03-29", "2026-03-29T20:00", "2026-03-30T04:00"),
        ("2026-10-24", "2026-10-24T20:00", "2026-10-25T05:00"),
        ("2026-10-25", "2026-10-25T21:00", "2026-10-26T05:00"),
    ],
)
def test_a_night_window_opens_and_closes_by_the_local_clock(day: str, begin: str, end: str) -> None:
    nights = schedule("2026-01-01T22:00", 480, "FREQ=DAILY")
    found = expand_schedule(nights, utc(begin) - timedelta(hours=1), utc(begin) + timedelta(hours=1))
    (window,) = [each for each in found if each.window_id == f"s1-{day.replace('-', '')}T2200"]
    assert (window.since, window.until) == (utc(begin), utc(end))


@pytest.mark.parametrize("zone", [BERLIN, "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"])
def test_every_window_of_a_year_begins_at_the_hour_that_the_local_clock_shows(zone: str) -> None:
    nights = schedule("2026-01-01T22:00", 60, "FREQ=DAILY", zone)
    windows = expand_schedule(nights, utc("2026-01-01T00:00"), utc("2027-01-01T00:00"))
    assert 364 <= len(windows) <= 366
    assert {window.since.astimezone(ZoneInfo(zone)).strftime("%H:%M") for window in windows} == {"22:00"}
    days = [window.since.astimezone(ZoneInfo(zone)).date() for window in windows]
    assert len(set(days)) == len(days)


def test_an_hour_that_the_clocks_leave_out_or_show_twice_is_one_window() -> None:
    early = schedule("2026-01-01T02:30", 30, "FREQ=DAILY")
    spring = expand_schedule(early, utc("2026-03-28T12:00"), utc("2026-03-29T12:00"))
    autumn = expand_schedule(early, utc("2026-10-24T12:00"), utc("2026-10-25T12:00"))
    assert [window.since for window in spring] == [utc("2026-03-29T01:30")]
    assert [window.since for window in autumn] == [utc("2026-10-25T00:30")]


def test_windows_have_the_same_ids_whenever_they_are_made() -> None:
    mondays = schedule("2026-01-05T08:00", 120, "FREQ=WEEKLY;BYDAY=MO")
    early = expand_schedule(mondays, utc("2026-03-01T00:00"), utc("2026-03-01T00:00") + HORIZON)
    late = expand_schedule(mondays, utc("2026-03-20T00:00"), utc("2026-03-20T00:00") + HORIZON)
    common = {window.window_id for window in early} & {window.window_id for window in late}
    assert len(common) == 6
    assert {w for w in early if w.window_id in common} == {w for w in late if w.window_id in common}


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "sometimes",
        "FREQ=SECONDLY",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYMINUTE=1,2,3",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;UNTIL=20200101T000000",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY" * 500,
        "FREQ=DAILY;COUNT=x",
        "FREQ=MONTHLY;BYDAY=+1000MO",
        "FREQ=YEARLY;BYDAY=-1000SU",
    ],
)
def test_rules_that_make_no_sense_or_come_too_often_are_refused(rule: str) -> None:
    with pytest.raises(ConfigError):
        check_schedule(schedule("2026-01-01T22:00", 60, rule))


@pytest.mark.parametrize("every", ["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "DAILY;INTERVAL=3"])
def test_a_rule_that_never_comes_is_refused(every: str) -> None:
    with pytest.raises(ConfigError, match="never comes to pass"):
        check_schedule(schedule("2026-01-01T22:00", 60, f"FREQ={every};BYMONTH=2;BYMONTHDAY=30"))


@pytest.mark.parametrize("first", ["1970-01-01T22:00", "2026-01-01T22:00", "2199-12-31T22:00"])
def test_a_rule_is_followed_for_some_centuries_and_not_to_the_end_of_the_calendar(first: str) -> None:
    """A search to the year 9999 for a date that never comes takes half a minute."""
    found = expand_schedule(schedule(first, 60, "FREQ=YEARLY"), utc("1970-01-01T00:00"), utc("9000-01-01T00:00"))
    assert 200 <= len(found) <= 601


@pytest.mark.parametrize("first", ["1970-01-01T22:00", "2026-01-01T22:00", "2100-03-01T22:00", "2199-12-31T22:00"])
def test_a_search_that_ends_finds_the_rare_dates_all_the_same(first: str) -> None:
    leap_mondays = schedule(first, 60, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO")
    after = datetime.fromisoformat(first)
    (expected, *_) = (
        day
        for year in range(after.year, after.year + 80)
        if isleap(year) and (day := datetime(year, 2, 29, 22)) >= after and day.weekday() == 0
    )
    check_schedule(leap_mondays)
    start = expected.replace(tzinfo=ZoneInfo(BERLIN))
    found = expand_schedule(leap_mondays, start - timedelta(days=1), start + timedelta(days=1))
    assert [window.since for window in found] == [start]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;UNTIL=20260103T220000", [1, 2, 3]),
        ("UNTIL=20260102T220000;FREQ=DAILY", [1, 2]),
        ("FREQ=DAILY;UNTIL=99991231T000000;COUNT=2", [1, 2]),
        ("UNTIL=99991231T000000;FREQ=DAILY;COUNT=2", [1, 2]),
        ("RRULE:FREQ=DAILY;COUNT=3\nEXDATE:20260102T220000", [1, 3]),
        ("RRULE:FREQ=DAILY;COUNT=2\nRDATE:20260109T220000,20260107T220000", [1, 2, 7, 9]),
        ("FREQ=DAILY;COUNT=3\nrdate:20260102T220000", [1, 2, 3]),
    ],
)
def test_ends_and_dates_of_a_rule_hold(rule: str, expected: list[int]) -> None:
    found = expand_schedule(
        schedule("2026-01-01T22:00", 60, rule, "UTC"), utc("2026-01-01T00:00"), utc("2026-03-01T00:00")
    )
    assert [window.since.day for window in found] == expected


@pytest.mark.parametrize(
    "rule",
    [
        "EXDATE:20260102T220000",
        "FREQ=DAILY\nFREQ=WEEKLY",
        "FREQ=DAILY\nDTSTART:20260101T000000",
        "FREQ=DAILY\nEXRULE:FREQ=WEEKLY",
        "FREQ=DAILY\nEXDATE;TZID=Europe/Berlin:20260102T220000",
        "FREQ=DAILY\nEXDATE:tomorrow",
    ],
)
def test_lines_beside_the_rule_that_are_not_understood_are_refused(rule: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        check_schedule(schedule("2026-01-01T22:00", 60, rule))
