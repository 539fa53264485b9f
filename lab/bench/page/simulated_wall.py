"""A served wall of cameras that are all live: every second each camera's snapshot is written anew, as a worker does.

Served as `sightline run` serves it: the API and the writer share a process, cameras and history lie in SQLite.
"""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, text

from api.app import create_app
from detectors.metric_table import read_every_metric
from domain.alerts import Incident, IncidentState
from domain.baselines import LightMode
from domain.cameras import Camera, ConnectionState, StreamCounters, StreamStatus
from domain.faults import Evidence, Fault, Verdict, VerdictState
from domain.frames import ColorRange, Frame, FrameFormat, FrameRef
from domain.messages import BatchResult, StreamSnapshot
from domain.verdict_time import TimeState, VerdictSpan
from evaluation.rules.fault_rules import RULES
from sightline.runtime.clock import SystemClock
from sightline.runtime.system import exclude_start_from_gc
from sightline.web_server.http_server import ApiServer
from storage.live.memory_live_state import MemoryLiveState
from storage.sql.alert_store import SqlAlertStore
from storage.sql.database.engine import open_engine, write_transaction
from storage.sql.database.migrate import upgrade_schema
from storage.sql.schema.column_types import microseconds
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore

SITES = 40
YEAR = timedelta(days=365)
CHARTED = ("luma_mean", "image_quality", "detectability", "edge_width")
_FAULT_EVERY = 25
"""One camera in so many has a fault, and one in as many is off, unknown or learning."""
_INCIDENTS = 200
_YEAR_OF_HOURS = """
WITH RECURSIVE p(place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM p WHERE place + 1 < {points})
INSERT INTO rollups (stream_id, metric, resolution, at, mean, low, high, frames)
SELECT '{camera}', '{metric}', '{resolution}', {since} + place * {width},
       0.4 + abs(random() % 1000) / 5000.0, 0.3, 0.7, 3600
FROM p
"""


def camera_name(number: int) -> str:
    return f"cam-{number:04}"


@dataclass
class WallWriter:
    """Writes each camera's snapshot every second; `fail` gives one a fault with its next snapshot."""

    live: MemoryLiveState
    cameras: Sequence[Camera]
    clock: SystemClock
    took_s: list[float] = field(default_factory=list)
    _failing: set[str] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)
    _chance: random.Random = field(default_factory=lambda: random.Random(14))

    def run(self) -> None:
        """Write until stopped, spread over each second as cameras' frames are."""
        names = [camera.name for camera in self.cameras]
        healthy = {camera.name: _verdicts(camera) for camera in self.cameras}
        due_s = time.monotonic()
        while not self._stop.is_set():
            began_s = time.monotonic()
            for place, name in enumerate(names):
                self.live.put(self.snapshot(name, healthy[name]))
                if place % 50 == 0:
                    time.sleep(0)
            self.took_s.append(time.monotonic() - began_s)
            due_s = max(due_s + 1.0, time.monotonic())
            self._stop.wait(max(0.0, due_s - time.monotonic()))

    def snapshot(self, name: str, verdicts: tuple[Verdict, ...]) -> StreamSnapshot:
        now = self.clock.now()
        failing = name in self._failing or int(name[-4:]) % _FAULT_EVERY == 0
        counters = StreamCounters(
            packets=90_000, frames_decoded=3_600, frames_offered=3_600, fps=24.5 + self._chance.random(),
            bitrate_bps=3.5e6 + 5e5 * self._chance.random(), gop_s=1.0, width=1920, height=1080, codec="h264",
        )  # fmt: skip
        status = StreamStatus(name, "s1", 3_599, now, ConnectionState.LIVE, "", now, counters)
        if failing:
            verdicts = tuple(_blur_verdict(now) if each.fault is Fault.BLUR else each for each in verdicts)
        values = {"luma_mean": 0.3 + 0.2 * self._chance.random(), "edge_width": 7.0 if failing else 2.0}
        incident = _incident(name, now, "critical" if name in self._failing else "warning") if failing else None
        return StreamSnapshot(name, now, status, LightMode.DAY, verdicts=verdicts, values=values, incident=incident)

    def fail(self, name: str) -> datetime:
        """Write a snapshot with a fault for this camera now, and from now on; return its time."""
        self._failing.add(name)
        camera = next(each for each in self.cameras if each.name == name)
        snapshot = self.snapshot(name, _verdicts(camera))
        self.live.put(snapshot)
        return snapshot.at

    def mend(self, name: str) -> None:
        self._failing.discard(name)

    def stop(self) -> None:
        self._stop.set()


@dataclass(frozen=True)
class SimulatedWall:
    """A served wall: its address, who writes it, and the camera with a year of history."""

    address: str
    writer: WallWriter
    with_history: str
    incident_id: str


@contextmanager
def serve_wall(folder: Path, count: int) -> Iterator[SimulatedWall]:
    """Serve `count` live cameras; the database lies in `folder`."""
    clock = SystemClock()
    engine = open_engine(f"sqlite:///{folder / 'wall.db'}")
    upgrade_schema(engine)
    cameras = [Camera(camera_name(i), "rtsp://192.0.2.1/1", site=f"site {i % SITES:02}") for i in range(count)]
    streams, alerts = SqlStreamStore(engine), SqlAlertStore(engine)
    scores = SqlScoreStore(engine, clock=clock)
    for camera in cameras:
        streams.put_camera(camera, by="bench", at=clock.now())
    incident_id = _add_history(engine, scores, cameras, clock.now())
    live = MemoryLiveState()
    writer = WallWriter(live, [each for each in cameras if int(each.name[-4:]) % _FAULT_EVERY != 1], clock)
    app = create_app(streams, scores, alerts, live, metrics=read_every_metric(), clock=clock)
    server = ApiServer(app, "127.0.0.1", 0)
    threads = [
        threading.Thread(target=writer.run, name="writer", daemon=True),
        threading.Thread(target=_film, args=(live, camera_name(0), writer), name="picture", daemon=True),
    ]
    for thread in threads:
        thread.start()
    server.start()
    try:
        with exclude_start_from_gc():
            yield SimulatedWall(server.address.rstrip("/"), writer, camera_name(0), incident_id)
    finally:
        server.stop(10)
        writer.stop()
        for thread in threads:
            thread.join(10)
        engine.dispose()


def _film(live: MemoryLiveState, name: str, writer: WallWriter) -> None:
    """Give one camera a picture of now every second."""
    noise = np.random.default_rng(14)
    number = 0
    while not writer._stop.wait(1.0):
        number += 1
        rgb = noise.integers(0, 255, (360, 640, 3), np.uint8)
        ref = FrameRef(name, "s1", number, None, writer.clock.now())
        live.put_picture(Frame(ref, FrameFormat(640, 360, "rgb24", ColorRange.FULL), (rgb,)))


def _verdicts(camera: Camera) -> tuple[Verdict, ...]:
    return tuple(
        Verdict(fault, VerdictState.NOT_ASSESSABLE, "judged on analogue encoders only")
        if RULES[fault].analogue_only
        else Verdict(fault, VerdictState.OK)
        for fault in Fault
    )


def _blur_verdict(now: datetime) -> Verdict:
    evidence = Evidence("edge_width", "px", 7.0, None, 4.0, LightMode.DAY, now - timedelta(seconds=40), 12)
    return Verdict(
        Fault.BLUR, VerdictState.FAULT, "the picture has no sharp edges: edge_width 7, normal below 4", evidence
    )


def _incident(name: str, now: datetime, severity: str) -> Incident:
    opened = now - timedelta(seconds=30)
    return Incident(
        f"{name}/blur/now", name, Fault.BLUR, IncidentState.OPEN, opened, now, severity=severity,
        evidence=Evidence("edge_width", "px", 7.0, None, 4.0),
    )  # fmt: skip


def _add_history(engine: Engine, scores: SqlScoreStore, cameras: Sequence[Camera], now: datetime) -> str:
    """Give the first camera a year of rollups and states, and the others incidents; return one incident's id."""
    name = cameras[0].name
    hour = now.replace(minute=0, second=0, microsecond=0)
    with write_transaction(engine) as connection:
        for resolution, width, points in (("hour", 3_600_000_000, 365 * 24), ("day", 86_400_000_000, 365)):
            for metric in CHARTED:
                values = {
                    "camera": name, "metric": metric, "resolution": resolution, "width": width, "points": points,
                    "since": microseconds(hour - YEAR),
                }  # fmt: skip
                connection.execute(text(_YEAR_OF_HOURS.format(**values)))
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    spans = [
        VerdictSpan(name, day + timedelta(hours=h), day + timedelta(hours=h + 6), state, cause, light)
        for day in (midnight - timedelta(days=back) for back in range(365, 0, -1))
        for h, state, cause, light in (
            (0, TimeState.OK, "", LightMode.NIGHT), (6, TimeState.OK, "", LightMode.DAY),
            (12, TimeState.FAULT, "blur", LightMode.DAY), (18, TimeState.OK, "", LightMode.NIGHT),
        )
    ]  # fmt: skip
    chance = random.Random(14)
    incidents = []
    for number in range(_INCIDENTS):
        opened = now - timedelta(hours=number)
        camera = cameras[0] if number % 10 == 0 else chance.choice(cameras)
        incident = Incident(
            f"{camera.name}/blur/{number}", camera.name, Fault.BLUR, IncidentState.OPEN, opened, opened,
            site=camera.site, severity="warning", evidence=Evidence("edge_width", "px", 7.0, None, 4.0),
        )  # fmt: skip
        if number > _INCIDENTS // 5:
            ended = opened + timedelta(minutes=40)
            incident = replace(incident, state=IncidentState.RESOLVED, updated_at=ended, resolved_at=ended)
        incidents.append(incident)
    scores.add(BatchResult(incidents=tuple(incidents), spans=tuple(spans)))
    return incidents[0].incident_id
