"""A report as plain values: what the JSON export holds, and what the content's fingerprint is taken over."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.alerts import AlarmAnswer
from domain.baselines import LightMode
from evaluation.alerting.alarm_precision import FaultPrecision
from reports.measures.decline import SURE, Decline
from reports.measures.quality import BucketSpread, Spread
from reports.measures.reliability import Reliability
from reports.records import CameraReport, Report, SiteReport, Summary
from reports.usable_time.time_parts import SHARE_DIGITS

SCHEMA = 1
_DIGITS = 6


def content_of(report: Report) -> dict[str, Any]:
    """Return the report as JSON values: seconds and percent add up, times are ISO 8601 with the site's offset."""
    return {
        "report": "usable time",
        "schema": SCHEMA,
        "period": report.label,
        "scope": asdict(report.scope),
        "generated_at": report.generated_at.isoformat(),
        "sightline": report.version,
        "summary": _summary(report.summary),
        "sites": [_site(site) for site in report.sites],
        "worst": [camera.name for camera in report.worst],
        "flapping": [camera.name for camera in report.flapping],
        "declines": [_decline(each) for each in report.declines],
        "declines_false_discovery_rate": SURE,
        "alarm_precision": [_precision(each) for each in report.precision],
        "incidents_unanswered": report.unanswered,
        "models": {name: list(found) for name, found in report.models.items()},
        "notes": list(report.notes),
    }


def canonical(content: Mapping[str, Any]) -> bytes:
    """Return JSON that is the same for the same values, whoever wrote them: sorted keys, no blanks, UTF-8."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def fingerprint(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the content, in hexadecimal digits."""
    return hashlib.sha256(canonical(content)).hexdigest()


def _site(site: SiteReport) -> dict[str, Any]:
    return {
        "name": site.name,
        "time_zone": site.zone,
        "since": _local(site.whole.since, site.zone),
        "until": _local(site.whole.until, site.zone),
        "summary": _summary(site.summary),
        "groups": [{"name": group.name, "summary": _summary(group.summary)} for group in site.groups],
        "cameras": [_camera(camera) for camera in site.cameras],
        "buckets": [
            {
                "label": bucket.stretch.label,
                "since": _local(bucket.stretch.since, site.zone),
                "until": _local(bucket.stretch.until, site.zone),
                "seconds": dict(bucket.parts.seconds()),
            }
            for bucket in site.buckets
        ],
        "quality_by_bucket": {metric: [_bucket(each) for each in found] for metric, found in site.courses.items()},
    }


def _camera(camera: CameraReport) -> dict[str, Any]:
    summary = _summary(camera.summary)
    return {"name": camera.name, "group": camera.group, "retired": camera.retired, "summary": summary}


def _summary(summary: Summary) -> dict[str, Any]:
    parts, percentages = summary.parts, summary.parts.percentages()
    return {
        "cameras": summary.cameras,
        "usable_percent": percentages.get("usable"),
        "usable_percent_before": None if summary.before is None else summary.before.percentages().get("usable"),
        "trend_points": _round(summary.trend),
        "percent": dict(percentages),
        "seconds": dict(parts.seconds()),
        "learning_seconds": parts.learning // 1_000_000,
        "by_light": {mode.value: _light(summary, mode) for mode in LightMode},
        "reliability": _reliability(summary.reliability),
        "quality": {each.metric: _spread_row(each) for each in summary.spreads},
    }


def _light(summary: Summary, mode: LightMode) -> dict[str, Any]:
    usable, judged = summary.by_light.get(mode, (0, 0))
    share = round(100 * usable / judged, SHARE_DIGITS) if judged else None
    return {"usable_percent_of_judged": share, "judged_seconds": judged // 1_000_000}


def _reliability(found: Reliability) -> dict[str, Any]:
    return {
        "incidents": found.incidents,
        "by_fault": dict(found.by_fault),
        "open_at_end": found.open_at_end,
        "flaps": found.flaps,
        "notices": found.notices,
        "in_maintenance": found.in_maintenance,
        "mean_time_to_detect_s": _round(found.to_detect.mean_s),
        "median_time_to_detect_s": _round(found.to_detect.median_s),
        "mean_time_to_repair_s": _round(found.to_end.mean_s),
        "median_time_to_repair_s": _round(found.to_end.median_s),
        "repaired": found.to_end.count,
        "alarms_answered": {answer.value: found.answers.get(answer, 0) for answer in AlarmAnswer},
    }


def _spread_row(spread: Spread) -> dict[str, Any]:
    values = {name: _round(value) for name, value in asdict(spread).items() if isinstance(value, float)}
    return {"count": spread.count, **values}


def _bucket(spread: BucketSpread) -> dict[str, Any]:
    values = {"p05": _round(spread.p05), "p50": _round(spread.p50), "p95": _round(spread.p95)}
    return {"label": spread.label, "count": spread.count, **values}


def _decline(decline: Decline) -> dict[str, Any]:
    found = {name: _round(value) if isinstance(value, float) else value for name, value in asdict(decline).items()}
    names = {"slope": "slope_per_30_days", "slope_low": "slope_low_95", "slope_high": "slope_high_95"}
    return {names.get(name, name): value for name, value in found.items()}


def _precision(found: FaultPrecision) -> dict[str, Any]:
    values = asdict(found)
    return {
        **{name: values[name] for name in ("fault", "right", "wrong", "new_normal")},
        "precision": _round(found.precision),
        "low_95": _round(found.low),
        "high_95": _round(found.high),
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _local(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).isoformat()
