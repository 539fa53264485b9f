"""Recurring maintenance by the local clock, across both changes of the clocks; expected times are written by hand."""

import contextlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.errors import ConfigError
from domain.quiet_times import MaintenanceSchedule
from notification.recurrence import HORIZON, check_schedule, expand_schedule, read_calendar

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
    ],
)
def test_rules_that_make_no_sense_or_come_too_often_are_refused(rule: str) -> None:
    with pytest.raises(ConfigError):
        check_schedule(schedule("2026-01-01T22:00", 60, rule))


CALENDAR = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//test//EN\r
BEGIN:VEVENT\r
UID:one@example.org\r
DTSTART;TZID=Europe/Berlin:20260302T080000\r
DTEND;TZID=Europe/Berlin:20260302T100000\r
SUMMARY:Cleaning the domes\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:two@example.org\r
DTSTART;TZID=Europe/Berlin:20260306T220000\r
DTEND;TZID=Europe/Berlin:20260307T020000\r
RRULE:FREQ=WEEKLY;BYDAY=FR;UNTIL=20260403T215959Z\r
EXDATE;TZID=Europe/Berlin:20260320T220000\r
SUMMARY:Switch updates\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:three@example.org\r
DTSTART:20260401T100000\r
DURATION:PT90M\r
SUMMARY:Floating\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:four@example.org\r
DTSTART;VALUE=DATE:20260405\r
SUMMARY:Whole day\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_a_calendar_becomes_windows_and_schedules() -> None:
    schedules, windows = read_calendar(CALENDAR, BERLIN, site="depot", by="ann")
    assert [(w.since, w.until, w.reason, w.site) for w in windows] == [
        (utc("2026-03-02T07:00"), utc("2026-03-02T09:00"), "Cleaning the domes", "depot"),
        (utc("2026-04-01T08:00"), utc("2026-04-01T09:30"), "Floating", "depot"),
        (utc("2026-04-04T22:00"), utc("2026-04-05T22:00"), "Whole day", "depot"),
    ]
    (fridays,) = schedules
    found = expand_schedule(fridays, utc("2026-03-01T00:00"), utc("2026-06-01T00:00"))
    assert [w.since for w in found] == [
        utc("2026-03-06T21:00"),
        utc("2026-03-13T21:00"),
        utc("2026-03-27T21:00"),
        utc("2026-04-03T20:00"),
    ]


def test_the_same_calendar_again_has_the_same_ids() -> None:
    first, again = read_calendar(CALENDAR, BERLIN), read_calendar(CALENDAR, BERLIN)
    assert first == again
    assert read_calendar(CALENDAR, BERLIN, site="depot")[0][0].schedule_id != first[0][0].schedule_id


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"BEGIN:VCALENDAR", b"\x00\xff" * 50, CALENDAR[:-200], b"x" * (3 << 20)]
)
def test_what_is_no_calendar_is_refused_or_empty(content: bytes) -> None:
    with contextlib.suppress(ConfigError):
        assert len(read_calendar(content, BERLIN)) == 2


NIGHT = "DTSTART:20261201T220000\nDTEND:20261202T020000"


@pytest.mark.parametrize(
    "lines",
    [
        "DTSTART;VALUE=PERIOD:20261201T220000/PT1H",
        "DTSTART:20261201T220000\nDTSTART:20261202T220000",
        "DTSTART:20261201T220000\nDURATION:xyz",
        "DTSTART:20261201T220000\nDURATION:P999999999D",
        "DTSTART:20261201T220000\nDURATION:P60D",
        "DTSTART:99991231T230000\nDURATION:P9D",
        "DTSTART:00010101T000000\nDTEND:00010101T010000\nRRULE:FREQ=DAILY",
        "DTSTART:20261202T220000\nDTEND:20261201T220000",
        f"{NIGHT}\nEXDATE;VALUE=PERIOD:20261201T220000/PT1H\nRRULE:FREQ=DAILY",
        f"{NIGHT}\nRRULE:FREQ=DAILY;UNTIL=20269999T000000Z",
        f"{NIGHT}\nRRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY",
    ],
)
def test_an_event_that_cannot_be_used_is_refused_by_its_title(lines: str) -> None:
    with pytest.raises(ConfigError, match="event 'new mast'"):
        read_calendar(calendar_of(f"SUMMARY:new mast\n{lines}"), BERLIN)


def test_a_calendar_with_too_many_events_is_refused_whole() -> None:
    with pytest.raises(ConfigError, match="more than 2000 events"):
        read_calendar(calendar_of(*[NIGHT] * 2001), BERLIN)


def calendar_of(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    for number, event in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{number}", *event.split("\n"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()
