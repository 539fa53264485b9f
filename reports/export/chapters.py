"""What a report says, in which order: the same chapters in HTML and PDF. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reports.charts import report_charts as charts
from reports.charts.drawing import Drawing
from reports.export import tables, words
from reports.export.tables import Table
from reports.records import Report, SiteReport

HOW = (
    "Usable: Sightline judged the picture and saw no fault. Lost: a fault was seen; of several at once the cause "
    "counts, never its symptoms.",
    "Not assessable: the camera was heard, but its picture could not be judged, such as a scene without light. "
    "Unknown: Sightline did not run, or could not see. Neither is ever called usable.",
    "Maintenance that was announced, and time in which a camera was not watched, are shown, not counted.",
    "Days are those of each site's own time zone, 23 or 25 hours long where clocks change. Parts add up to the period, "
    "to the second, and percentages to 100.000.",
    "A camera that is visited by patrol keeps the state of its last visit until the next.",
    "Time to detect runs from the first bad picture to the incident, time to repair from the incident to its end.",
)


@dataclass(frozen=True, slots=True)
class Heading:
    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Figures:
    """Key figures as (name, figure, explanation)."""

    figures: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Lines:
    """Sentences of one list."""

    lines: Sequence[str]


Part: TypeAlias = Heading | Figures | Lines | Table | Drawing


def chapters(report: Report, fingerprint: str) -> Iterator[Part]:
    """Give everything under the title, what a reader needs first at the start."""
    yield Figures(tables.key_figures(report.summary))
    if report.notes:
        yield Lines(report.notes)
    yield charts.time_bar(report.summary.parts)
    yield Heading("What to do first")
    yield tables.worst_table(report)
    if report.flapping:
        yield tables.flapping_table(report)
    yield tables.decline_table(report.declines)
    yield charts.lost_time_by_fault(report.summary.parts)
    yield Heading("Alarms")
    yield tables.precision_table(report)
    yield Heading("Sites")
    yield tables.site_table(report)
    if any(site.summary.spreads for site in report.sites):
        yield tables.quality_table(report)
    for site in report.sites:
        yield from _site(site)
    yield Heading("All time")
    yield tables.cause_table(report.summary.parts)
    yield Heading("How this was computed")
    yield Lines(HOW)
    yield Heading("Origin")
    yield Lines(list(_origin(report, fingerprint)))


def title(report: Report) -> str:
    return f"Usable time of cameras, {report.label}"


def subtitle(report: Report) -> str:
    cameras = words.count(report.summary.cameras, "camera")
    return f"{report.scope.label}; {cameras}; written {words.moment(report.generated_at, 'UTC')}"


def _site(site: SiteReport) -> Iterator[Part]:
    yield Heading(f"Site {site.name}" if site.name else "Cameras without a site")
    since, until = (words.moment(at, site.zone) for at in (site.whole.since, site.whole.until))
    yield Lines([f"{since} to {until} ({site.zone}), {words.duration(site.whole.duration.total_seconds())}"])
    yield Figures(tables.key_figures(site.summary))
    if site.buckets:
        lengths = [bucket.stretch.duration.total_seconds() for bucket in site.buckets]
        yield charts.unusable_by_bucket(site.buckets, daily=max(lengths) < 2 * 86_400)
    labels = [bucket.stretch.label for bucket in site.buckets]
    for metric, course in site.courses.items():
        yield charts.quality_course(metric, course, labels)
    if len(site.groups) > 1:
        yield tables.group_table(site)
    yield tables.camera_table(site)


def _origin(report: Report, fingerprint: str) -> Iterator[str]:
    yield f"Sightline {report.version}; times are stored in UTC."
    yield f"SHA-256 of the content, the same in every format: {fingerprint}"
    yield (
        "The last line of this file is its integrity hash: `sightline report verify FILE` tells whether anything was "
        "changed. A hash is no signature: whoever changes a file can write a new one. Keep the hash elsewhere, or set "
        "reports.signing_key."
    )
    for name, found in report.models.items():
        yield f"Scored by {name}: {', '.join(found)}"
    if not report.models:
        yield "Which models scored in this period was not kept."
