"""The tables of a report as rows of text, the same in HTML and PDF. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.baselines import LightMode
from domain.faults import FAULT_LABELS
from reports.export import words
from reports.measures.decline import Decline
from reports.records import CameraReport, Report, SiteReport, Summary
from reports.usable_time.time_parts import TimeParts


@dataclass(frozen=True, slots=True)
class Column:
    """`number` columns are set to the right; `width` is a share of the page's width."""

    title: str
    width: float
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    note: str = ""


_TIME = (
    Column("usable", 0.09, number=True),
    Column("lost to faults", 0.09, number=True),
    Column("not assessable", 0.10, number=True),
    Column("unknown", 0.09, number=True),
)
_SUMMARY = (
    Column("cameras", 0.10, number=True),
    *_TIME,
    Column("trend", 0.12, number=True),
    Column("incidents", 0.09, number=True),
    Column("maintenance", 0.13, number=True),
)


def key_figures(summary: Summary) -> Sequence[tuple[str, str, str]]:
    """Return (name, figure, explanation) of what is read first."""
    found = summary.reliability
    day, night = (_light(summary, mode) for mode in (LightMode.DAY, LightMode.NIGHT))
    return (
        ("Usable", words.percent(summary.parts.usable), f"against the period before: {words.points(summary.trend)}"),
        ("By day, by night", f"{day}, {night}", "of the time that could be judged"),
        (
            "Lost to faults",
            words.duration(summary.parts.fault_time / 1e6),
            f"most: {words.largest_fault(summary.parts)}",
        ),
        ("Incidents", str(found.incidents), f"{found.open_at_end} open at the end, {found.flaps} came back"),
        ("Time to detect", words.duration(found.to_detect.mean_s), "mean, from the first bad picture to the incident"),
        ("Time to repair", words.duration(found.to_end.mean_s), "mean, from the incident to its end"),
    )


def _light(summary: Summary, mode: LightMode) -> str:
    usable, judged = summary.by_light.get(mode, (0, 0))
    return words.percent(usable / judged) if judged else words.NOTHING


def worst_table(report: Report) -> Table:
    columns = (
        Column("camera", 0.24),
        Column("site", 0.16),
        Column("usable", 0.09, number=True),
        Column("lost", 0.11, number=True),
        Column("most of it by", 0.30),
        Column("incidents", 0.10, number=True),
    )
    rows = [
        (
            camera.name,
            camera.site or words.NOTHING,
            words.percent(camera.summary.parts.usable),
            words.duration(camera.summary.parts.fault_time / 1e6),
            words.largest_fault(camera.summary.parts),
            str(camera.summary.reliability.incidents),
        )
        for camera in report.worst
    ]
    return Table("The ten cameras that lost most of their time to faults", columns, rows)


def flapping_table(report: Report) -> Table:
    columns = (Column("camera", 0.4), Column("site", 0.3), Column("came back within an hour", 0.3, number=True))
    rows = [
        (each.name, each.site or words.NOTHING, words.count(each.summary.reliability.flaps, "time"))
        for each in report.flapping
    ]
    return Table("Faults that keep coming back", columns, rows)


def precision_table(report: Report) -> Table:
    """Return what people answered to the alarms of the period."""
    columns = (
        Column("fault", 0.34),
        Column("right", 0.08, number=True),
        Column("wrong", 0.08, number=True),
        Column("new normal", 0.12, number=True),
        Column("precision", 0.14, number=True),
        Column("95 % interval", 0.24, number=True),
    )
    rows = [
        (
            FAULT_LABELS[each.fault],
            str(each.right),
            str(each.wrong),
            str(each.new_normal),
            words.percent(each.precision),
            f"{100 * each.low:.0f} to {100 * each.high:.0f} %" if each.precision is not None else words.NOTHING,
        )
        for each in report.precision
    ]
    note = (
        f"People called these alarms right or wrong; {report.unanswered} incidents of the period are not answered. "
        "Precision is right / (right + wrong), its interval Clopper and Pearson's."
    )
    return Table("How often alarms were right", columns, rows, note)


def decline_table(declines: Sequence[Decline]) -> Table:
    columns = (
        Column("camera", 0.24),
        Column("what", 0.18),
        Column("from", 0.09, number=True),
        Column("to", 0.09, number=True),
        Column("per 30 days (95 % interval)", 0.24, number=True),
        Column("days", 0.06, number=True),
        Column("how sure", 0.10, number=True),
    )
    rows = [
        (
            each.camera,
            f"{each.kind} ({each.metric})",
            f"{each.began:.3g}",
            f"{each.ended:.3g}",
            f"{each.slope:+.2g} ({each.slope_low:+.2g} to {each.slope_high:+.2g})",
            str(each.days),
            f"q = {each.q:.1g}",
        )
        for each in declines
    ]
    note = (
        "Trends of daily values around local noon while the picture is still usable (Theil-Sen slope, Mann-Kendall "
        "test corrected for autocorrelation). q is the expected share of wrong ones among all trends at least as sure. "
        "When a camera will fail is not predicted."
    )
    return Table("Slow decline: clean, refocus or check these before they fail", columns, rows, note)


def site_table(report: Report) -> Table:
    columns = (Column("site", 0.20), *_SUMMARY)
    rows = [(site.name or words.NOTHING, *_figures(site.summary)) for site in report.sites]
    if len(rows) > 1:
        rows.append(("all", *_figures(report.summary)))
    return Table("All sites", columns, rows)


def group_table(site: SiteReport) -> Table:
    columns = (Column("group", 0.20), *_SUMMARY)
    rows = [(group.name or words.NOTHING, *_figures(group.summary)) for group in site.groups]
    return Table("Groups", columns, rows)


def _figures(summary: Summary) -> Sequence[str]:
    return (
        str(summary.cameras),
        *_shares(summary.parts),
        words.points(summary.trend),
        str(summary.reliability.incidents),
        words.duration(summary.parts.maintenance / 1e6),
    )


def _shares(parts: TimeParts) -> Sequence[str]:
    """Return usable, lost, not assessable and unknown in percent; they add up to 100.000."""
    percentages = parts.percentages()
    if not percentages:
        return (words.NOTHING,) * 4
    by_kind = words.by_kind(percentages)
    return tuple(f"{by_kind[kind]:.3f} %" for kind in ("usable", "fault", "not_assessable", "unknown"))


def camera_table(site: SiteReport) -> Table:
    columns = (
        Column("camera", 0.19),
        Column("group", 0.11),
        *_TIME,
        Column("most lost to", 0.18),
        Column("quality", 0.07, number=True),
        Column("incidents", 0.08, number=True),
    )
    rows = [
        (
            camera.name + (" (retired)" if camera.retired else ""),
            camera.group or words.NOTHING,
            *_shares(camera.summary.parts),
            words.largest_fault(camera.summary.parts),
            _quality(camera),
            str(camera.summary.reliability.incidents),
        )
        for camera in site.cameras
    ]
    note = "Percent of the counted time: maintenance and time not watched are left out. Quality: median, 0 to 100."
    return Table("Cameras", columns, rows, note)


def _quality(camera: CameraReport) -> str:
    found = next((each for each in camera.summary.spreads if each.metric == "image_quality"), None)
    return words.NOTHING if found is None else f"{found.p50:.1f}"


def quality_table(report: Report) -> Table:
    columns = (
        Column("site", 0.28),
        Column("what", 0.22),
        *(Column(title, 0.09, number=True) for title in ("5 %", "25 %", "median", "75 %", "95 %")),
    )
    rows = [
        (
            site.name or words.NOTHING,
            each.metric.replace("_", " "),
            *(f"{value:.1f}" for value in (each.p05, each.p25, each.p50, each.p75, each.p95)),
        )
        for site in report.sites
        for each in site.summary.spreads
    ]
    return Table("Image quality and detectability: percentiles of hourly means, 0 to 100", columns, rows)


def cause_table(parts: TimeParts) -> Table:
    """Return every part of the time with its exact seconds; they add up to the period."""
    columns = (
        Column("time", 0.22),
        Column("cause", 0.34),
        Column("duration", 0.16, number=True),
        Column("seconds", 0.14, number=True),
        Column("% of counted", 0.14, number=True),
    )
    percentages = parts.percentages()
    rows = [
        (
            words.PART_LABELS[part.partition(":")[0]],
            words.cause(part) if ":" in part else words.NOTHING,
            words.duration(amount),
            f"{amount:,}".replace(",", " "),
            f"{percentages[part]:.3f} %" if part in percentages else "left out",
        )
        for part, amount in parts.seconds().items()
        if amount
    ]
    total = sum(parts.seconds().values())
    rows.append(("all", "", words.duration(total), f"{total:,}".replace(",", " "), "100.000 %" if percentages else ""))
    note = ""
    if parts.learning:
        note = (
            f"Of the usable time, {words.duration(parts.learning / 1e6)} while some checks still lacked their baseline."
        )
    return Table("All time of all cameras, to the second", columns, rows, note)
