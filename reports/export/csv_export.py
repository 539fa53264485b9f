"""The report as CSV: one line a camera, numbers as numbers, text that no spreadsheet takes for a formula."""

import csv
import io
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from domain.alerts import AlarmAnswer
from domain.baselines import LightMode
from domain.faults import Fault
from domain.text.csv_cells import neutralise_formula
from domain.verdict_time import CameraNotAssessable, Unknown
from reports.export import words
from reports.measures.quality import QUALITY_METRICS
from reports.records import CameraReport, Report, SiteReport

Cell = str | int | float | None

_KINDS = ("usable", "fault", "not_assessable", "unknown")
COLUMNS: tuple[str, ...] = (
    "site", "group", "camera", "time_zone", "since", "until", "retired",
    *(f"{kind}_percent" for kind in ("usable", "lost", "not_assessable", "unknown")),
    "trend_points", "usable_by_day_percent", "usable_by_night_percent",
    "period_s", "usable_s", "usable_while_learning_s", "lost_s", "not_assessable_s", "unknown_s", "maintenance_s",
    "not_watched_s",
    *(f"lost_{fault.value}_s" for fault in Fault),
    *(f"not_assessable_{reason.value}_s" for reason in CameraNotAssessable),
    *(f"unknown_{reason.value}_s" for reason in Unknown),
    "incidents", "open_at_end", "flaps", "incidents_in_maintenance", "mean_time_to_detect_s", "mean_time_to_repair_s",
    *(f"{metric}_{name}" for metric in QUALITY_METRICS for name in ("p05", "p50", "p95")),
    "alarms_right", "alarms_wrong", "alarms_new_normal", "slow_decline", "content_sha256",
)  # fmt: skip


def write_csv(report: Report, fingerprint: str) -> bytes:
    """Return the lines of all cameras, UTF-8 with a byte order mark, which Excel needs to read it."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    declines: dict[str, list[str]] = {}
    for each in report.declines:
        declines.setdefault(each.camera, []).append(f"{each.kind}: {100 * each.change:+.0f} % in {each.days} days")
    for site in report.sites:
        for camera in site.cameras:
            row = [*_row(site, camera), "; ".join(declines.get(camera.name, [])), fingerprint]
            writer.writerow([neutralise_formula(cell) if isinstance(cell, str) else cell for cell in row])
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def _row(site: SiteReport, camera: CameraReport) -> Sequence[Cell]:
    zone = ZoneInfo(site.zone)
    summary, parts = camera.summary, camera.summary.parts
    seconds, percentages = parts.seconds(), parts.percentages()
    shares, amounts = words.by_kind(percentages), words.by_kind(seconds)
    found = summary.reliability
    by_metric = {each.metric: each for each in summary.spreads}
    quality = [
        round(value, 3) if value is not None else None
        for metric in QUALITY_METRICS
        for value in (getattr(by_metric.get(metric), name, None) for name in ("p05", "p50", "p95"))
    ]
    return [
        site.name, camera.group, camera.name, site.zone,
        site.whole.since.astimezone(zone).isoformat(), site.whole.until.astimezone(zone).isoformat(),
        "yes" if camera.retired else "no",
        *((shares[kind] for kind in _KINDS) if percentages else (None,) * len(_KINDS)),
        None if summary.trend is None else round(summary.trend, 3),
        _by_light(camera, LightMode.DAY), _by_light(camera, LightMode.NIGHT),
        sum(seconds.values()), seconds["usable"], parts.learning // 1_000_000,
        *(int(amounts[kind]) for kind in _KINDS[1:]), seconds["maintenance"], seconds["unwatched"],
        *(seconds.get(f"fault:{fault.value}", 0) for fault in Fault),
        *(seconds.get(f"not_assessable:{reason.value}", 0) for reason in CameraNotAssessable),
        *(seconds.get(f"unknown:{reason.value}", 0) for reason in Unknown),
        found.incidents, found.open_at_end, found.flaps, found.in_maintenance,
        _whole(found.to_detect.mean_s), _whole(found.to_end.mean_s), *quality,
        *(found.answers.get(answer, 0) for answer in AlarmAnswer),
    ]  # fmt: skip


def _by_light(camera: CameraReport, mode: LightMode) -> float | None:
    usable, judged = camera.summary.by_light.get(mode, (0, 0))
    return round(100 * usable / judged, 3) if judged else None


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)
