"""Calendars that people export, and those that make no sense; expected times are written by hand."""

import contextlib
from datetime import UTC, datetime

import pytest

from domain.errors import ConfigError
from notification.calendar_file import read_calendar
from notification.recurrence import expand_schedule

BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


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
        names = [] if "UID:" in event else [f"UID:{number}"]
        lines += ["BEGIN:VEVENT", *names, *event.split("\n"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


SERIES = """UID:series
SUMMARY:Cleaning
DTSTART;TZID=Europe/Berlin:20260105T080000
DTEND;TZID=Europe/Berlin:20260105T100000
RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=4"""


def starts_of(*events: str) -> list[str]:
    """Return when the windows of a calendar begin, those that recur and those that do not, in UTC."""
    schedules, windows = read_calendar(calendar_of(*events), BERLIN)
    found = list(windows)
    for each in schedules:
        found += expand_schedule(each, utc("2026-01-01T00:00"), utc("2027-01-01T00:00"))
    return sorted(f"{each.since:%m-%d %H:%M} {each.until - each.since}" for each in found)


MONDAYS = ["01-05 07:00 2:00:00", "01-12 07:00 2:00:00", "01-19 07:00 2:00:00", "01-26 07:00 2:00:00"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", MONDAYS),
        ("EXDATE;TZID=Europe/Berlin:20260112T080000", [MONDAYS[0], *MONDAYS[2:]]),
        ("EXDATE:20260112T070000Z,20260119T070000Z", [MONDAYS[0], MONDAYS[3]]),
        ("EXDATE;VALUE=DATE:20260112", [MONDAYS[0], *MONDAYS[2:]]),
        ("RDATE;TZID=Europe/Berlin:20260107T200000", [MONDAYS[0], "01-07 19:00 2:00:00", *MONDAYS[1:]]),
        ("RDATE;VALUE=DATE:20260107", [MONDAYS[0], "01-07 07:00 2:00:00", *MONDAYS[1:]]),
        ("RDATE;VALUE=PERIOD:20260107T190000Z/PT5H", [MONDAYS[0], "01-07 19:00 5:00:00", *MONDAYS[1:]]),
        ("RDATE;VALUE=PERIOD:20260107T190000Z/20260107T193000Z", [MONDAYS[0], "01-07 19:00 0:30:00", *MONDAYS[1:]]),
        ("RDATE;TZID=Europe/Berlin:20260112T080000", MONDAYS),
        ("STATUS:CANCELLED", []),
    ],
)
def test_dates_are_added_and_left_out(more: str, expected: list[str]) -> None:
    assert starts_of(f"{SERIES}\n{more}".strip()) == expected


MOVED = """UID:series
SUMMARY:Cleaning, moved
DTSTART;TZID=Europe/Berlin:20260113T120000
DTEND;TZID=Europe/Berlin:20260113T130000"""


@pytest.mark.parametrize(
    "changed", ["RECURRENCE-ID;TZID=Europe/Berlin:20260112T080000", "RECURRENCE-ID:20260112T070000Z"]
)
def test_a_date_that_was_moved_is_announced_where_it_is_now_and_not_where_it_was(changed: str) -> None:
    wanted = sorted([MONDAYS[0], "01-13 11:00 1:00:00", *MONDAYS[2:]])
    assert starts_of(SERIES, f"{MOVED}\n{changed}") == wanted
    assert starts_of(f"{MOVED}\n{changed}", SERIES) == wanted
    assert starts_of(SERIES, f"{MOVED}\n{changed}\nSTATUS:CANCELLED") == [MONDAYS[0], *MONDAYS[2:]]


def test_a_date_that_is_moved_twice_is_one_window() -> None:
    first, second = (
        read_calendar(calendar_of(SERIES, f"{moved}\nRECURRENCE-ID:20260112T070000Z"), BERLIN)[1]
        for moved in (MOVED, MOVED.replace("20260113", "20260114"))
    )
    assert [window.window_id for window in first] == [window.window_id for window in second]
    assert first[0].since != second[0].since


def test_a_single_event_with_added_dates_is_several_windows() -> None:
    single = "DTSTART:20260301T080000Z\nDTEND:20260301T090000Z\nRDATE:20260302T080000Z,20260303T080000Z"
    assert starts_of(f"{single}\nEXDATE:20260302T080000Z") == ["03-01 08:00 1:00:00", "03-03 08:00 1:00:00"]


@pytest.mark.parametrize(
    "lines",
    [
        "DTSTART;TZID=Mars/Phobos:20260301T080000",
        "DTSTART:20260301T080000\nDTEND;TZID=Mars/Phobos:20260301T090000",
        "DTSTART:20260301T080000\nRRULE:FREQ=DAILY\nEXDATE;TZID=Mars/Phobos:20260302T080000",
        "DTSTART:20260301T080000\nRDATE;TZID=Mars/Phobos:20260302T080000",
        "DTSTART:20260301T080000\nRDATE;VALUE=PERIOD;TZID=Mars/Phobos:20260302T080000/PT1H",
        "DTSTART:20260301T080000\nRECURRENCE-ID;TZID=Mars/Phobos:20260302T080000",
    ],
)
def test_a_time_zone_that_nobody_knows_is_refused_in_one_sentence(lines: str) -> None:
    with pytest.raises(ConfigError, match=r"^the event 'mast': its time zone 'Mars/Phobos' is not known; write a name"):
        read_calendar(calendar_of(f"SUMMARY:mast\n{lines}"), BERLIN)


CUSTOM_ZONE = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:test\r
BEGIN:VTIMEZONE\r
TZID:Our Office\r
BEGIN:STANDARD\r
DTSTART:19701025T030000\r
TZOFFSETFROM:+0130\r
TZOFFSETTO:+0130\r
END:STANDARD\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
UID:1\r
DTSTART;TZID=Our Office:20260301T080000\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_a_time_zone_of_the_calendars_own_is_refused_by_its_name() -> None:
    with pytest.raises(ConfigError, match="its time zone 'Our Office' is not known; write a name of the IANA list"):
        read_calendar(CUSTOM_ZONE, BERLIN)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("DTSTART:20260301T080000\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260302T080000", "all that follow"),
        ("DTSTART:20260301T080000\nRRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY", "EXRULE"),
        ("DTSTART:20260301T080000\nRRULE:FREQ=DAILY\n" + "EXDATE:20260302T080000\n" * 900, "never read"),
        ("DTSTART:20260301T080000\nRRULE:FREQ=YEARLY;BYEASTER=0", "days, weeks, months or years"),
        ("DTSTART:20260301T080000\nRRULE:FREQ=DAILY;COUNT=1\nEXDATE:20260301T080000", "never comes"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(lines: str, said: str) -> None:
    if said == "never read":
        assert len(read_calendar(calendar_of(lines.strip()), BERLIN)[0]) == 1
        return
    with pytest.raises(ConfigError, match=said):
        read_calendar(calendar_of(lines), BERLIN)


def test_more_dates_than_a_rule_may_have_are_refused_by_their_length() -> None:
    dates = "\n".join(
        f"EXDATE:{2030 + day // 300}{1 + day // 28 % 12:02}{1 + day % 28:02}T080000" for day in range(1500)
    )
    with pytest.raises(ConfigError, match="longer than 20000 characters"):
        read_calendar(calendar_of(f"DTSTART:20260301T080000\nRRULE:FREQ=DAILY\n{dates}"), BERLIN)


@pytest.mark.parametrize(
    "zone", ["Europe", "Europe/" + "x" * 300, "Europe/" + "B=" * 3000, "a/" * 400 + "b", "..", "/etc/passwd"]
)
def test_a_zone_whose_name_is_a_folder_or_endless_is_refused(zone: str) -> None:
    with pytest.raises(ConfigError, match="time zone"):
        read_calendar(calendar_of(f"DTSTART;TZID={zone}:20260301T080000"), BERLIN)
