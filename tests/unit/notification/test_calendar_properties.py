"""Random calendars against a second reading of RFC 5545: day by day, in UTC, without the product's rules.

What the oracle does is obvious and slow: it looks at each day of eighteen months, asks whether the rule names it, and
places the event's local hour on it. Both changes of the clocks lie inside, in six zones.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from notification.calendar_file import read_calendar
from notification.recurrence import expand_schedule

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "UTC", "America/Santiago")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FIRST, DAYS_AHEAD = date(2026, 1, 1), 540
UNTIL_YEAR = datetime(2028, 1, 1, tzinfo=UTC)
Window = tuple[datetime, datetime]


@dataclass
class Drawn:
    """One event: as text, and as the parts that the oracle reads."""

    uid: str
    zone: str
    form: str
    """How its times are written: by TZID, as UTC, floating or as whole days."""
    start: datetime
    """Local, without a zone."""
    minutes: int
    end: str
    """DTEND, DURATION or nothing."""
    rule: str = ""
    days: Sequence[int] = ()
    every: int = 1
    month_day: int = 0
    count: int = 0
    until: datetime | None = None
    left_out: list[datetime] = field(default_factory=list)
    moved: dict[datetime, datetime] = field(default_factory=dict)
    cancelled: list[datetime] = field(default_factory=list)


def draw(chance: random.Random, number: int) -> Drawn:
    form = chance.choice(("TZID", "TZID", "Z", "floating", "DATE"))
    zone = "UTC" if form == "Z" else chance.choice(ZONES)
    # Hours that a change of the clocks leaves out or repeats are drawn often.
    hour, minute = (0, 0) if form == "DATE" else (chance.choice((1, 2, 2, 3, 9, 22)), chance.choice((0, 30)))
    day = FIRST + timedelta(days=chance.randrange(120))
    event = Drawn(
        f"event-{number}",
        zone,
        form,
        datetime(day.year, day.month, day.day, hour, minute),
        1440 * chance.choice((1, 2)) if form == "DATE" else chance.choice((30, 90, 240, 600)),
        chance.choice(("DTEND", "DURATION")),
    )
    event.rule = chance.choice(("", "DAILY", "WEEKLY", "MONTHLY"))
    if event.rule:
        event.every = chance.choice((1, 1, 2, 3))
        if event.rule == "WEEKLY":
            event.days = sorted({event.start.weekday(), chance.randrange(7)})
        if event.rule == "MONTHLY":
            event.start = event.start.replace(month=chance.choice((1, 3)), day=chance.choice((1, 15, 28, 29, 30, 31)))
            event.month_day = event.start.day
        end = chance.choice(("COUNT", "UNTIL", ""))
        if end == "COUNT":
            event.count = chance.randrange(2, 40)
        dates = local_dates(event)
        if end == "UNTIL":
            event.until = chance.choice(dates[:200])
            dates = [each for each in dates if each <= event.until]
        some = chance.sample(dates, min(len(dates), 6))
        event.left_out = some[:2] if len(dates) > 6 else []
        event.cancelled = some[2:3] if len(dates) > 6 else []
        event.moved = (
            {at: at + timedelta(hours=48 if form == "DATE" else 37) for at in some[3:5]} if len(dates) > 6 else {}
        )
    return event


def local_dates(event: Drawn) -> list[datetime]:
    """Return the local times of an event, those that were left out, moved and cancelled too."""
    if not event.rule:
        return [event.start]
    monday = event.start.date() - timedelta(days=event.start.weekday())
    found: list[datetime] = []
    for ahead in range(DAYS_AHEAD):
        day = event.start.date() + timedelta(days=ahead)
        months = (day.year - event.start.year) * 12 + day.month - event.start.month
        fits = {
            "DAILY": ahead % event.every == 0,
            "WEEKLY": (day - monday).days // 7 % event.every == 0 and day.weekday() in event.days,
            "MONTHLY": months % event.every == 0 and day.day == event.month_day,
        }[event.rule]
        at = datetime.combine(day, event.start.time())
        if fits and (event.until is None or at <= event.until) and not (event.count and len(found) == event.count):
            found.append(at)
    return found


def instant(local: datetime, zone: str) -> datetime:
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def expected_windows(event: Drawn) -> list[Window]:
    """A window lasts as the wall clock shows it; an hour that a change of the clocks swallows keeps its length."""
    gone = {*event.left_out, *event.cancelled, *event.moved}
    found = [at for at in local_dates(event) if at not in gone] + list(event.moved.values())
    length = timedelta(minutes=event.minutes)
    windows = [(instant(at, event.zone), instant(at + length, event.zone)) for at in found]
    return [(begin, end if end > begin else begin + length) for begin, end in windows]


def as_text(name: str, at: datetime, event: Drawn) -> str:
    if event.form == "DATE":
        return f"{name};VALUE=DATE:{at:%Y%m%d}"
    if event.form == "Z":
        return f"{name}:{at:%Y%m%dT%H%M%S}Z"
    place = f";TZID={event.zone}" if event.form == "TZID" else ""
    return f"{name}{place}:{at:%Y%m%dT%H%M%S}"


def lines_of(event: Drawn, chance: random.Random) -> list[list[str]]:
    """Return the lines of each VEVENT."""

    def times(at: datetime) -> list[str]:
        end = as_text("DTEND", at + timedelta(minutes=event.minutes), event)
        duration = f"DURATION:P{event.minutes // 1440}D" if event.form == "DATE" else f"DURATION:PT{event.minutes}M"
        return [as_text("DTSTART", at, event), end if event.end == "DTEND" else duration]

    main = [f"UID:{event.uid}", f"SUMMARY:{event.uid}", *times(event.start)]
    if event.rule:
        parts = [f"FREQ={event.rule}", f"INTERVAL={event.every}"]
        parts += [f"BYDAY={','.join(DAYS[day] for day in event.days)}"] if event.days else []
        parts += [f"BYMONTHDAY={event.month_day}"] if event.month_day else []
        parts += [f"COUNT={event.count}"] if event.count else []
        if event.until is not None:
            until = f"{event.until:%Y%m%d}" if event.form == "DATE" else f"{event.until:%Y%m%dT%H%M%S}"
            if event.form in ("TZID", "Z"):
                until = f"{instant(event.until, event.zone):%Y%m%dT%H%M%S}Z"
            parts.append(f"UNTIL={until}")
        main.append(f"RRULE:{';'.join(parts)}")
    # Left out by the local time, or by the same instant in UTC: both are written.
    for at in event.left_out:
        in_utc = event.form == "TZID" and chance.random() < 0.5
        main.append(f"EXDATE:{instant(at, event.zone):%Y%m%dT%H%M%S}Z" if in_utc else as_text("EXDATE", at, event))
    events = [main]
    events += [
        [f"UID:{event.uid}", "STATUS:CANCELLED", as_text("RECURRENCE-ID", at, event), *times(at)]
        for at in event.cancelled
    ]
    events += [
        [f"UID:{event.uid}", f"SUMMARY:{event.uid}", as_text("RECURRENCE-ID", at, event), *times(to)]
        for at, to in event.moved.items()
    ]
    return events


def skipped_by_the_clock(event: Drawn) -> bool:
    """Whether a date of the event is at an hour that does not exist; written in UTC it cannot be found again."""
    marked = (*event.left_out, *([event.until] if event.until is not None else []))
    return any(instant(at, event.zone).astimezone(ZoneInfo(event.zone)).replace(tzinfo=None) != at for at in marked)


@pytest.mark.parametrize("seed", range(40))
def test_windows_are_those_of_a_second_reading(seed: int) -> None:
    chance = random.Random(seed)
    default = chance.choice(ZONES)
    events = [draw(chance, number) for number in range(6)]
    for event in events:
        if event.form in ("floating", "DATE"):
            event.zone = default
    events = [event for event in events if not skipped_by_the_clock(event)]
    texts = [lines for event in events for lines in lines_of(event, chance)]
    chance.shuffle(texts)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    for each in texts:
        lines += ["BEGIN:VEVENT", *each, "END:VEVENT"]
    content = "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()

    schedules, windows = read_calendar(content, default, site="depot")
    horizon = datetime(2027, 1, 1, tzinfo=UTC)
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    found = [(each.since, each.until, each.reason) for each in windows]
    for schedule in schedules:
        found += [(each.since, each.until, each.reason) for each in expand_schedule(schedule, begin, horizon)]
    expected = [(*window, event.uid) for event in events for window in expected_windows(event)]
    assert sorted(each for each in found if each[0] < horizon) == sorted(each for each in expected if each[0] < horizon)
    assert all(each.site == "depot" for each in windows)
