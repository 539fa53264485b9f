"""What the pipeline costs beside its detectors: frames a second from publisher to SQLite, against the bare detectors.

Both run on the same frames in the same batches, in turns, in one process; each turn gives one ratio and the median is
reported, so that a machine busy with other things disturbs both alike.
"""

import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from skimage import data
from torch import Tensor

from alerts.policy import Policy
from detectors.registry import DetectorSet, build
from domain.frames import ColorRange, Frame, FrameFormat, FrameRef
from domain.streams import Camera
from domain.units import JudgedUnit
from storage.alerts import SqlAlertStore
from storage.engine import open_engine
from storage.live import MemoryLiveState
from storage.migrate import upgrade
from storage.scores import SqlScoreStore
from storage.streams import SqlStreamStore
from transport.embedded import EmbeddedQueue
from workers.batching import BatchBounds
from workers.device import use_threads
from workers.preprocessing import pictures
from workers.scoring import PollBounds, ScoringWorker

CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class _Plan:
    streams: int
    batch: int
    batches: int
    turns: int
    width: int
    height: int


def run(
    *,
    streams: int = 8,
    batch: int = 8,
    batches: int = 4,
    turns: int = 7,
    width: int = 1280,
    height: int = 720,
    threads: int | None = None,
) -> dict[str, object]:
    """Return `embedded_over_bare_loop` and what it was made of; rates in frames a second of wall time.

    `streams` cameras of `width` x `height` give `batches` units of `batch` frames a turn; `turns` turns of each kind;
    torch computes with `threads`, half the cores for None.
    """
    plan = _Plan(streams, batch, batches, turns, width, height)
    use_threads(threads)
    detectors = build()
    units = _Film(plan)
    with tempfile.TemporaryDirectory() as folder:
        pipeline = _Pipeline(plan, detectors, Path(folder) / "bench.db")
        bare = _BareLoop(detectors)
        bare.seconds(units.turn())
        pipeline.seconds(units.turn())
        pipeline.store.seconds = 0.0
        measured = [_turn(bare, pipeline, units, number) for number in range(turns)]
        stored = pipeline.stored()
        store_s = pipeline.store.seconds
        pipeline.close()
    frames = batch * batches
    ratios = [bare_s / pipeline_s for bare_s, pipeline_s in measured]
    bare_s, pipeline_s = (statistics.median(column) for column in zip(*measured, strict=True))
    return {
        "embedded_over_bare_loop": round(statistics.median(ratios), 4),
        "ratios": [round(ratio, 4) for ratio in sorted(ratios)],
        "pipeline_frames_per_s": round(frames / pipeline_s, 2),
        "bare_frames_per_s": round(frames / bare_s, 2),
        "ms_per_frame": {
            "detectors": round(1000 * bare_s / frames, 3),
            "store": round(1000 * store_s / (frames * turns), 3),
            "queue_judge_and_rest": round(1000 * (pipeline_s - bare_s - store_s / turns) / frames, 3),
        },
        "frames_stored": stored,
        "frames_published": frames * (turns + 1),
        "threads": torch.get_num_threads(),
        "turns": turns,
        "batch": batch,
        "streams": streams,
        "size": f"{width}x{height} yuv420p",
        "limited_by": "the detectors" if pipeline_s < 2 * bare_s else "queue, judge and store",
    }


def _turn(bare: "_BareLoop", pipeline: "_Pipeline", units: "_Film", number: int) -> tuple[float, float]:
    """Run both on the same frames, in alternating order, and return their seconds."""
    turn = units.turn()
    if number % 2:
        pipeline_s = pipeline.seconds(turn)
        return bare.seconds(turn), pipeline_s
    bare_s = bare.seconds(turn)
    return bare_s, pipeline.seconds(turn)


class _Film:
    """Endless units of frames: a photograph that shifts, with fresh sensor noise in each frame."""

    def __init__(self, plan: _Plan) -> None:
        self._plan = plan
        self._format = FrameFormat(plan.width, plan.height, "yuv420p", ColorRange.LIMITED)
        self._started_at = datetime.now(UTC)
        self._sequence = 0
        photograph = data.camera()  # type: ignore[no-untyped-call]
        rows = np.arange(plan.height) % photograph.shape[0]
        columns = np.arange(plan.width + 64) % photograph.shape[1]
        self._scene = photograph[np.ix_(rows, columns)].astype(np.float32) * (219 / 255) + 16
        self._random = np.random.default_rng(7)
        noise = self._random.normal(0, 2, (plan.height, plan.width + 64)).astype(np.float32)
        self._noise = noise

    def turn(self) -> list[list[Frame]]:
        """Return the units of one turn; sequence and time go on from turn to turn."""
        return [[self._frame(index) for index in range(self._plan.batch)] for _ in range(self._plan.batches)]

    def _frame(self, index: int) -> Frame:
        plan = self._plan
        stream = f"camera-{index % plan.streams}"
        sequence = self._sequence
        self._sequence += 1
        shift = int(self._random.integers(0, 64))
        luma = self._scene[:, : plan.width] + self._noise[:, shift : shift + plan.width]
        chroma: NDArray[np.uint8] = np.full((plan.height // 2, plan.width // 2), 128, dtype=np.uint8)
        ref = FrameRef(stream, "bench", sequence, sequence / plan.batch, self._started_at + timedelta(seconds=sequence))
        return Frame(ref, self._format, (luma.clip(16, 235).astype(np.uint8), chroma, chroma), key_frame=True)


class _BareLoop:
    """Nothing but tensors: upload, every detector, every comparison, numbers back."""

    def __init__(self, detectors: DetectorSet) -> None:
        self._detectors = detectors
        self._before: dict[str, Tensor] = {}

    def seconds(self, units: Sequence[Sequence[Frame]]) -> float:
        started = time.perf_counter()
        with torch.inference_mode():
            for unit in units:
                self._score(unit)
        return time.perf_counter() - started

    def _score(self, frames: Sequence[Frame]) -> None:
        uploaded = pictures(frames, CPU)
        found: list[Mapping[str, Tensor]] = [part.score(uploaded) for part in self._detectors.detectors]
        self._detectors.structure.describe(uploaded).cpu()
        for part in self._detectors.temporal:
            now = part.remember(uploaded)
            found.append(part.score(now, self._before.get(part.name, now)))
            self._before[part.name] = now
        torch.stack([column.float() for columns in found for column in columns.values()]).cpu()


class _Pipeline:
    """Publisher, queue, worker, judge and SQLite, as `sightline run` wires them."""

    def __init__(self, plan: _Plan, detectors: DetectorSet, database: Path) -> None:
        self._engine = open_engine(f"sqlite:///{database}")
        upgrade(self._engine)
        clock = _Clock()
        streams = SqlStreamStore(self._engine)
        for index in range(plan.streams):
            streams.put_camera(Camera(f"camera-{index}", "rtsp://localhost/none"), by="bench", at=clock.now())
        self.store = _TimedStore(self._engine)
        self._queue = EmbeddedQueue(max_frames=plan.batch * plan.batches + 1, max_bytes=1 << 34)
        self._publisher = self._queue.publisher()
        self._worker = ScoringWorker(
            consumer=self._queue.consumer(),
            detectors=detectors,
            score_store=self.store,
            alert_store=SqlAlertStore(self._engine),
            stream_store=streams,
            live=MemoryLiveState(),
            policy=Policy(),
            clock=clock,
            device=CPU,
            bounds=BatchBounds(max_frames=plan.batch, max_pixels=1 << 40),
            poll=PollBounds(max_messages=plan.batch, timeout_s=0.0),
        )

    def seconds(self, units: Sequence[Sequence[Frame]]) -> float:
        started = time.perf_counter()
        for unit in units:
            for frame in unit:
                self._publisher.publish(frame)
            self._worker.run_once()
        return time.perf_counter() - started

    def stored(self) -> int:
        return self._worker.counters.frames_scored

    def close(self) -> None:
        self._engine.dispose()


class _TimedStore(SqlScoreStore):
    """The score store, with the seconds spent in its transactions."""

    seconds = 0.0

    def add(self, unit: JudgedUnit) -> None:
        started = time.perf_counter()
        super().add(unit)
        self.seconds += time.perf_counter() - started


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
