"""How long a report takes from a history as large as a site's: built from the store and written in every format.

The history is made inside SQLite, so that its making costs little: spans, incidents and rollups of every camera, with
gaps and maintenance.
"""

import json
import os
import random
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, text

from domain.alerts import Incident, IncidentState
from domain.faults import Evidence, Fault
from domain.report_files import ReportFormat, ReportRequest
from domain.verdict_time import MaintenanceWindow
from lab.bench.promises import Promise, compare_promises
from reports.build import build_report
from reports.export.report_file import export
from reports.records import Report
from reports.usable_time.periods import Zones
from storage.sql.database.engine import open_engine, write_transaction
from storage.sql.database.migrate import upgrade_schema
from storage.sql.incident_rows import store_incidents
from storage.sql.report_store import SqlReportStore
from storage.sql.schema.column_types import microseconds
from storage.sql.schema.rows import incident_rows

_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_ZONES = Zones(by_site={"north": ZoneInfo("Europe/Berlin"), "south": ZoneInfo("America/Chicago")})
_SPANS_A_DAY = 24
_QUALITY = ("image_quality", "detectability")
_DECLINES = ("sharpness", "haze", "noise_floor", "contrast_rms")

_CAMERAS = """
WITH RECURSIVE n(number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM n WHERE number + 1 < {cameras})
INSERT INTO watch_changes (stream_id, at, watched, site, camera_group)
SELECT printf('camera %04d', number), {first}, 1, CASE number % 2 WHEN 0 THEN 'north' ELSE 'south' END,
       printf('switch %d', number % 20)
FROM n
"""
_SPANS = """
WITH RECURSIVE d(day) AS (SELECT 0 UNION ALL SELECT day + 1 FROM d WHERE day + 1 < {days}),
               s(slot) AS (SELECT 0 UNION ALL SELECT slot + 1 FROM s WHERE slot + 1 < {slots}),
               drawn AS MATERIALIZED (
                   SELECT stream_id, day, slot, abs(random() % 100) AS chance FROM watch_changes, d, s
               )
INSERT INTO verdict_time (stream_id, began_at, ended_at, state, cause, light)
SELECT stream_id, {first} + (day * {slots} + slot) * {width}, {first} + (day * {slots} + slot + 1) * {width},
       CASE WHEN chance < 90 THEN 'ok' WHEN chance < 96 THEN 'fault' ELSE 'not_assessable' END,
       CASE WHEN chance < 90 THEN '' WHEN chance < 93 THEN 'blur' WHEN chance < 95 THEN 'signal_loss'
            WHEN chance < 96 THEN 'freeze' ELSE 'settling' END,
       CASE WHEN slot * 24 / {slots} BETWEEN 6 AND 17 THEN 'day' ELSE 'night' END
FROM drawn WHERE chance < 99 ORDER BY stream_id, day, slot
"""
_ROLLUPS = """
WITH RECURSIVE p(place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM p WHERE place + 1 < {points})
INSERT INTO rollups (stream_id, metric, resolution, at, mean, low, high, frames)
SELECT stream_id, '{metric}', '{resolution}', {since} + place * {width},
       {middle} + abs(random() % 1000) * {spread} / 1000, 0, 100, 3600
FROM watch_changes, p
"""


def run(*, cameras: int = 200, days: int = 90) -> dict[str, Any]:
    """Return seconds of building the report and of writing each format, and what it was made from."""
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'reports.db'}")
        try:
            upgrade_schema(engine)
            began = perf_counter()
            made = make_history(engine, cameras, days)
            made_s = perf_counter() - began
            load = {"load_before": os.getloadavg()[0]}
            found = {**_measure_exports(SqlReportStore(engine), days), **made, "history_made_s": made_s, **load}
            return {**found, "promises": compare_promises(found, _promises(cameras, days))}
        finally:
            engine.dispose()


def _promises(cameras: int, days: int) -> list[Promise]:
    """Return what is promised of a history of this size: up to 200 cameras and 90 days, up to 1,000 and a year."""
    limit = 5.0 if cameras <= 200 and days <= 90 else 60.0
    exact = Promise("every row adds up to its period and to 100 %", "rows_that_do_not_add_up", 1)
    if cameras > 1000:
        return [exact]
    return [*(Promise(f"{form} in {limit:g} s", f"{form.value}_s", limit) for form in ReportFormat), exact]


def make_history(engine: Engine, cameras: int, days: int) -> Mapping[str, int]:
    """Fill a database with the history of `cameras` over `days` and as many before; return its rows by table."""
    whole = 2 * days
    with write_transaction(engine) as connection:
        first = microseconds(_FIRST)
        connection.execute(text(_CAMERAS.format(cameras=cameras, first=first)))
        width = 86_400_000_000 // _SPANS_A_DAY
        connection.execute(text(_SPANS.format(days=whole, slots=_SPANS_A_DAY, first=first, width=width)))
        _add_rollups(connection, whole)
        incidents = _incidents(cameras, whole)
        store_incidents(connection, incident_rows(incidents), [])
        counted = {
            table: int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
            for table in ("verdict_time", "rollups", "incidents")
        }
    store = SqlReportStore(engine)
    for week in range(0, whole, 7):
        began = _FIRST + timedelta(days=week, hours=9)
        window = MaintenanceWindow(f"week {week}", began, began + timedelta(hours=2), site="north", reason="cleaning")
        store.announce_maintenance(window, at=began)
    return counted


def _add_rollups(connection: Connection, days: int) -> None:
    """Add what reports read: quality by hour, or by day over a long time, and the hours of the last weeks."""
    hours = min(days, 95) * 24
    since = _FIRST + timedelta(days=days) - timedelta(hours=hours)
    kinds: list[tuple[str, str, datetime, int]] = [(metric, "hour", since, hours) for metric in (*_DECLINES, *_QUALITY)]
    kinds += [(metric, "day", _FIRST, days) for metric in _QUALITY]
    for metric, resolution, at, points in kinds:
        middle, spread = (50, 20) if metric in _QUALITY else (0.3, 0.02)
        width = 3_600_000_000 if resolution == "hour" else 86_400_000_000
        values = {
            "metric": metric, "resolution": resolution, "since": microseconds(at), "width": width, "points": points,
            "middle": middle, "spread": spread,
        }  # fmt: skip
        connection.execute(text(_ROLLUPS.format(**values)))


def _incidents(cameras: int, days: int) -> list[Incident]:
    chance = random.Random(1)
    found = []
    for number in range(cameras * days // 10):
        camera = chance.randrange(cameras)
        opened = _FIRST + timedelta(seconds=chance.randrange(days * 86_400))
        ended = opened + timedelta(seconds=chance.randrange(60, 40_000))
        found.append(
            Incident(
                incident_id=f"incident {number}",
                stream_id=f"camera {camera:04d}",
                headline=chance.choice((Fault.BLUR, Fault.SIGNAL_LOSS, Fault.FREEZE)),
                state=IncidentState.RESOLVED,
                opened_at=opened,
                updated_at=ended,
                resolved_at=ended,
                evidence=Evidence(since=opened - timedelta(seconds=300)),
            )
        )
    return found


def _measure_exports(store: SqlReportStore, days: int) -> dict[str, Any]:
    first = (_FIRST + timedelta(days=days)).date()
    request = ReportRequest(first=first, last=first + timedelta(days=days - 1))
    now = _FIRST + timedelta(days=2 * days, hours=12)
    began, worked = perf_counter(), process_time()
    report = build_report(store, request, _ZONES, now, version="bench")
    built_s, built_cpu_s = perf_counter() - began, process_time() - worked
    found: dict[str, Any] = {
        "cameras": len(report.cameras),
        "days": days,
        "build_s": built_s,
        "build_cpu_s": built_cpu_s,
    }
    for form in ReportFormat:
        began, worked = perf_counter(), process_time()
        made = export(report, form)
        written_s, written_cpu_s = perf_counter() - began, process_time() - worked
        found |= {
            f"{form.value}_s": built_s + written_s,
            f"{form.value}_cpu_s": built_cpu_s + written_cpu_s,
            f"{form.value}_kb": len(made.content) / 1000,
        }
        if form is ReportFormat.JSON:
            json.loads(made.content)
    return {**found, "rows_that_do_not_add_up": _wrong_rows(report)}


def _wrong_rows(report: Report) -> int:
    """Return how many cameras' seconds do not make up the period, or whose percentages are not a hundred."""
    wrong = 0
    for site in report.sites:
        for camera in site.cameras:
            parts = camera.summary.parts
            whole = sum(parts.seconds().values()) == site.whole.duration.total_seconds()
            wrong += not (whole and round(sum(parts.percentages().values()), 3) == 100)
    return wrong
