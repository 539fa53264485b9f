"""The time a report covers, in a site's own time zone: days are local days, 23 or 25 hours long twice a year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.errors import ConfigError
from domain.report_files import PeriodName, ReportRequest

LONGEST = timedelta(days=3660)
_EARLIEST, _LATEST = date(1970, 1, 1), date(9000, 1, 1)
"""Beyond these the period before, a day's end or a zone's offset leaves the calendar."""
_DAYS_IN_DETAIL = 93
"""Up to so many days each day has a bar of its own; longer periods have one a week."""


@dataclass(frozen=True, slots=True)
class Days:
    """Whole local days: `first` … before `end`."""

    first: date
    end: date

    def before(self) -> "Days":
        """Return as many days just before; of a whole month or year the month or year before."""
        if self.first.day == 1 and self.end.day == 1:
            months = (self.end.year - self.first.year) * 12 + self.end.month - self.first.month
            return Days(_months_later(self.first, -months), self.first)
        return Days(self.first - (self.end - self.first), self.first)

    @property
    def label(self) -> str:
        """Return it as a person writes it: first and last day."""
        last = self.end - timedelta(days=1)
        return f"{self.first}" if last == self.first else f"{self.first} to {last}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """An instant interval: `since` on and before `until`, both UTC; `label` names it on an axis."""

    since: datetime
    until: datetime
    label: str = ""

    @property
    def duration(self) -> timedelta:
        return self.until - self.since


@dataclass(frozen=True, slots=True)
class Zones:
    """The time zone of each site, and of every other one."""

    default: ZoneInfo = ZoneInfo("UTC")
    by_site: Mapping[str, ZoneInfo] = field(default_factory=dict)

    def of(self, site: str) -> ZoneInfo:
        return self.by_site.get(site, self.default)


def zone_of(name: str, *, where: str = "time zone") -> ZoneInfo:
    """Return a zone by its IANA name. Raises `ConfigError` naming `where`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ConfigError(f"{where}: no time zone of this name; use one such as Europe/Berlin or UTC") from None


def days_of(name: PeriodName, today: date) -> Days:
    """Return the days that a period's name means on `today`; a week begins on Monday."""
    tomorrow = today + timedelta(days=1)
    monday = today - timedelta(days=today.weekday())
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    return {
        PeriodName.TODAY: Days(today, tomorrow),
        PeriodName.YESTERDAY: Days(today - timedelta(days=1), today),
        PeriodName.THIS_WEEK: Days(monday, monday + timedelta(days=7)),
        PeriodName.LAST_WEEK: Days(monday - timedelta(days=7), monday),
        PeriodName.THIS_MONTH: Days(month, _months_later(month, 1)),
        PeriodName.LAST_MONTH: Days(_months_later(month, -1), month),
        PeriodName.THIS_YEAR: Days(year, year.replace(year=year.year + 1)),
        PeriodName.LAST_YEAR: Days(year.replace(year=year.year - 1), year),
    }[name]


def requested_days(request: ReportRequest, today: date) -> Days:
    """Return the days that a request means. Raises `ConfigError` for days that make no period."""
    if request.first is not None and request.last is not None:
        return chosen_days(request.first, request.last)
    if request.first is not None or request.last is not None:
        raise ConfigError("since and until: give both days, or a period by name")
    return days_of(request.period, today)


def chosen_days(first: date, last: date) -> Days:
    """Return the days from `first` to `last`, both included. Raises `ConfigError`."""
    if last < first:
        raise ConfigError("until: must not be before since")
    if last - first > LONGEST:
        raise ConfigError(f"until: a report covers at most {LONGEST.days} days")
    if first < _EARLIEST or last >= _LATEST:
        raise ConfigError(f"since and until: give days from {_EARLIEST} on and before {_LATEST}")
    return Days(first, last + timedelta(days=1))


def instant(day: date, zone: ZoneInfo) -> datetime:
    """Return when a local day begins, in UTC; where the clock skips midnight, the first moment after the gap."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def stretch_of(days: Days, zone: ZoneInfo, now: datetime) -> Stretch:
    """Return the days as instants; what is still to come is left off, to the whole second."""
    since, until = instant(days.first, zone), instant(days.end, zone)
    present = now.astimezone(UTC).replace(microsecond=0)
    return Stretch(since, max(since, min(until, present)), days.label)


def buckets(days: Days, zone: ZoneInfo, whole: Stretch) -> Sequence[Stretch]:
    """Cut a period into local days, or weeks from Monday where it is long; each is named by its first day."""
    step = 1 if (days.end - days.first).days <= _DAYS_IN_DETAIL else 7
    found: list[Stretch] = []
    first = days.first
    while first < days.end:
        end = min(days.end, first + timedelta(days=step - (first.weekday() if step == 7 else 0)))
        since, until = instant(first, zone), min(instant(end, zone), whole.until)
        if since < until:
            found.append(Stretch(since, until, first.isoformat()))
        first = end
    return found


def _months_later(first: date, months: int) -> date:
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)
