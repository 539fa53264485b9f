"""What is asked of a report, and what comes of it: one file."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class PeriodName(StrEnum):
    """Periods that can be asked for by name; a week begins on Monday."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    THIS_WEEK = "this-week"
    LAST_WEEK = "last-week"
    THIS_MONTH = "this-month"
    LAST_MONTH = "last-month"
    THIS_YEAR = "this-year"
    LAST_YEAR = "last-year"


class ReportFormat(StrEnum):
    HTML = "html"
    PDF = "pdf"
    CSV = "csv"
    JSON = "json"


MEDIA_TYPES = {
    ReportFormat.HTML: "text/html; charset=utf-8",
    ReportFormat.PDF: "application/pdf",
    ReportFormat.CSV: "text/csv; charset=utf-8",
    ReportFormat.JSON: "application/json",
}


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """A period by name, or the days from `first` to `last`, both included, and which cameras.

    Days are those of each site's own time zone. An empty `site`, `group` or `camera` means all.
    """

    period: PeriodName = PeriodName.LAST_WEEK
    first: date | None = None
    last: date | None = None
    site: str = ""
    group: str = ""
    camera: str = ""


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A finished report: `name` is a plain file name without a folder."""

    name: str
    format: ReportFormat
    content: bytes
