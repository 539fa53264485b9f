"""Which scheduled reports are due: those of the last whole week or month, once it is over in every zone. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.report_files import PeriodName, ReportFormat, ReportRequest
from reports.usable_time.periods import Days, Zones, days_of, instant

SETTLED_AFTER = timedelta(hours=1)
"""What was received before midnight is judged, stored and rolled up by then."""
PERIODS = {"week": PeriodName.LAST_WEEK, "month": PeriodName.LAST_MONTH}


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One entry of the schedule; `every` is `week` or `month`, `mail_to` a receiver or ""."""

    every: str
    formats: Sequence[ReportFormat]
    site: str = ""
    group: str = ""
    mail_to: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """One report to write, in these formats."""

    request: ReportRequest
    formats: Sequence[ReportFormat]
    mail_to: str = ""


def due_reports(schedule: Iterable[Scheduled], zones: Zones, now: datetime) -> Iterator[Due]:
    """Give the report of the last period of every entry that is over and settled."""
    for entry in schedule:
        asked = [zones.of(entry.site)] if entry.site else [zones.default, *zones.by_site.values()]
        # The days of the zone that is furthest behind: in it, too, the period is over.
        settled = now - SETTLED_AFTER
        days = min((days_of(PERIODS[entry.every], settled.astimezone(zone).date()) for zone in asked), key=_first)
        if all(instant(days.end, zone) <= settled for zone in asked):
            last = days.end - timedelta(days=1)
            request = ReportRequest(first=days.first, last=last, site=entry.site, group=entry.group)
            yield Due(request, entry.formats, entry.mail_to)


def _first(days: Days) -> date:
    return days.first
