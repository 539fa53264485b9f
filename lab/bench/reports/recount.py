"""Every second of every camera of a report, against a recount that looks at each second on its own.

The recount knows no SQL, no intervals and no sums: it paints the seconds of a period one camera at a time and counts.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from zoneinfo import ZoneInfo

from domain.report_files import ReportFormat, ReportRequest
from lab.bench.reports.planted_history import History, paint, plant
from lab.bench.reports.stored_history import store_history
from reports.build import build_report
from reports.export.report_file import export
from reports.records import CameraReport, Report
from reports.usable_time.periods import Zones

_SECOND_US = 1_000_000
_SITES = (
    ("north", ZoneInfo("Europe/Berlin")), ("south", ZoneInfo("America/Chicago")), ("west", ZoneInfo("UTC")),
)  # fmt: skip
_SEASONS = {"spring": datetime(2026, 2, 1, tzinfo=UTC), "autumn": datetime(2026, 9, 1, tzinfo=UTC)}
"""Ninety days from each hold the change of clocks in Europe and in America."""
_MARGIN_DAYS = 2
"""History before and after the period, so that its ends cut spans in two."""


@dataclass
class Recount:
    """What was compared, and each difference in a sentence."""

    cameras: int = 0
    seconds: int = 0
    differences: list[str] = field(default_factory=list)


def exact_seconds(camera: CameraReport) -> Counter[tuple[str, str]]:
    """Return what the report says of a camera, in seconds by (state, cause). Raises `ValueError` for a part second."""
    parts = camera.summary.parts
    found: Counter[tuple[str, str]] = Counter(
        {
            ("ok", ""): parts.ok - parts.learning,
            ("ok", "learning"): parts.learning,
            ("maintenance", ""): parts.maintenance,
            ("unwatched", ""): parts.unwatched,
        }
    )
    for state, by_cause in (
        ("fault", parts.faults), ("not_assessable", parts.not_assessable), ("unknown", parts.unknown),
    ):  # fmt: skip
        found.update({(state, cause): amount for cause, amount in by_cause.items()})
    if any(amount % _SECOND_US for amount in found.values()):
        raise ValueError(f"{camera.name}: parts of seconds, where every transition was on a second")
    return +Counter({key: amount // _SECOND_US for key, amount in found.items()})


def recount(report: Report, history: History) -> Recount:
    """Compare every camera of a report with the recount of its period, and its rows with 100 %."""
    done = Recount()
    for site in report.sites:
        for camera in site.cameras:
            expected = paint(history, camera.name, site.whole.since, site.whole.until)
            said = exact_seconds(camera)
            done.cameras += 1
            done.seconds += sum(expected.values())
            wrong = {key: said[key] - expected[key] for key in {*said, *expected} if said[key] != expected[key]}
            if wrong:
                done.differences.append(f"{camera.name}: {wrong}")
            shares = camera.summary.parts.percentages()
            if shares and round(sum(shares.values()), 3) != 100:
                done.differences.append(f"{camera.name}: its parts add up to {sum(shares.values())} %")
    return done


def run(*, cameras: int = 200, days: int = 90, a_day: float = 24.0) -> Mapping[str, Any]:
    """Return, for a spring and an autumn: what was compared, how many cameras differ, and seconds for each format."""
    return {season: _season(first, cameras=cameras, days=days, a_day=a_day) for season, first in _SEASONS.items()}


def _season(first: datetime, *, cameras: int, days: int, a_day: float) -> Mapping[str, Any]:
    begin = first - timedelta(days=_MARGIN_DAYS)
    history = plant(cameras, days + 2 * _MARGIN_DAYS, begin, seed=first.month, sites=_SITES, a_day=a_day)
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as folder:
        engine, store = store_history(history, Path(folder))
        try:
            request = ReportRequest(first=first.date(), last=first.date() + timedelta(days=days - 1))
            began, worked = perf_counter(), process_time()
            report = build_report(store, request, Zones(by_site=dict(_SITES)), history.until, version="bench")
            built_s, built_cpu_s = perf_counter() - began, process_time() - worked
            done = recount(report, history)
            written = {}
            for form in ReportFormat:
                began, worked = perf_counter(), process_time()
                export(report, form)
                written[f"{form.value}_s"] = built_s + perf_counter() - began
                written[f"{form.value}_cpu_s"] = built_cpu_s + process_time() - worked
        finally:
            engine.dispose()
    return {
        "cameras": done.cameras,
        "seconds_compared": done.seconds,
        "transitions": sum(map(len, history.transitions.values())),
        "monitor_downtimes": len(history.down),
        "maintenance_windows": len(history.windows),
        "hours_of_period": {site.name: site.whole.duration / timedelta(hours=1) for site in report.sites},
        "cameras_that_differ": len(done.differences),
        "differences": done.differences[:5],
        "load": os.getloadavg()[0],
        **written,
    }
