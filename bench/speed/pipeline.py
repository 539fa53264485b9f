"""What the pipeline costs beside its detectors: frames a second from publisher to SQLite, against the bare detectors.

Both run on the same frames in the same batches, in turns, in one process; each turn gives one ratio and the median is
reported, so that a machine busy with other things disturbs both alike.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

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
from workers.batching import BatchBounds, batch_size, batches
from workers.device import use_threads
from workers.preprocessing import pictures
from workers.scoring import PollBounds, ScoringWorker

CPU = torch.device("cpu")
BOUNDS = BatchBounds.suited("cpu")


@dataclass(frozen=True, slots=True)
class _Plan:
    streams: int
    unit: int
    units: int
    turns: int
    width: int
    height: int


def run(
    *,
    streams: int = 8,
    unit: int = 8,
    units: int = 4,
    turns: int = 7,
    width: int = 1280,
    height: int = 720,
    threads: int | None = None,
) -> dict[str, object]:
    """Return `embedded_over_bare_loop` and what it was made of; rates in frames a second of wall time.

    `streams` cameras of `width` x `height` give `units` units of `unit` frames a turn, batched as `sightline run` does;
    there are `turns` turns of each kind, and torch computes with `threads`, half the cores for None.
    """
    plan = _Plan(streams, unit, units, turns, width, height)
    use_threads(threads)
    detectors = build()
    film = _Film(plan)
    with tempfile.TemporaryDirectory() as folder:
        pipeline = _Pipeline(plan, detectors, Path(folder) / "bench.db")
        bare = _BareLoop(detectors)
        bare.spent(film.turn())
        pipeline.spent(film.turn())
        pipeline.store.seconds = 0.0
        measured = [_turn(bare, pipeline, film, number) for number in range(turns)]
        found = _summary(plan, measured, pipeline.store.seconds)
        found["frames_stored"] = pipeline.stored()
        pipeline.close()
    return found


def _summary(plan: _Plan, measured: Sequence[tuple["_Spent", "_Spent"]], store_s: float) -> dict[str, object]:
    frames = plan.unit * plan.units
    ratios = sorted(bare.wall_s / pipeline.wall_s for bare, pipeline in measured)
    bare_s = statistics.median(bare.wall_s for bare, _ in measured)
    pipeline_s = statistics.median(pipeline.wall_s for _, pipeline in measured)
    return {
        "embedded_over_bare_loop": round(statistics.median(ratios), 4),
        "embedded_over_bare_loop_cpu": round(statistics.median(b.cpu_s / p.cpu_s for b, p in measured), 4),
        "ratios": [round(ratio, 4) for ratio in ratios],
        "pipeline_frames_per_s": round(frames / pipeline_s, 2),
        "bare_frames_per_s": round(frames / bare_s, 2),
        "bare_ms_per_frame": round(1000 * bare_s / frames, 3),
        "beside_detectors_cpu_ms_per_frame": round(
            1000 * statistics.median(p.cpu_s - b.cpu_s for b, p in measured) / frames, 3
        ),
        "store_ms_per_frame": round(1000 * store_s / (frames * plan.turns), 3),
        "frames_published": frames * (plan.turns + 1),
        "threads": torch.get_num_threads(),
        "turns": plan.turns,
        "frames_a_unit": plan.unit,
        "frames_a_batch": min(plan.unit, batch_size(FrameFormat(plan.width, plan.height, "yuv420p"), BOUNDS)),
        "streams": plan.streams,
        "size": f"{plan.width}x{plan.height} yuv420p",
        "limited_by": "the detectors" if pipeline_s < 2 * bare_s else "queue, judge and store",
    }


def _turn(bare: "_BareLoop", pipeline: "_Pipeline", film: "_Film", number: int) -> tuple["_Spent", "_Spent"]:
    """Run both on the same frames, in alternating order, and return what each spent."""
    turn = film.turn()
    if number % 2:
        pipeline_spent = pipeline.spent(turn)
        return bare.spent(turn), pipeline_spent
    bare_spent = bare.spent(turn)
    return bare_spent, pipeline.spent(turn)


class _Spent(NamedTuple):
    """Seconds of one turn: by the wall, and of this process's cores, which a busy machine disturbs less."""

    wall_s: float
    cpu_s: float


def _spent(work: Callable[[], None]) -> _Spent:
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    work()
    return _Spent(time.perf_counter() - wall_s, time.process_time() - cpu_s)


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
        return [[self._frame(index) for index in range(self._plan.unit)] for _ in range(self._plan.units)]

    def _frame(self, index: int) -> Frame:
        plan = self._plan
        stream = f"camera-{index % plan.streams}"
        sequence = self._sequence
        self._sequence += 1
        shift = int(self._random.integers(0, 64))
        luma = self._scene[:, : plan.width] + self._noise[:, shift : shift + plan.width]
        chroma: NDArray[np.uint8] = np.full((plan.height // 2, plan.width // 2), 128, dtype=np.uint8)
        ref = FrameRef(stream, "bench", sequence, sequence / plan.unit, self._started_at + timedelta(seconds=sequence))
        return Frame(ref, self._format, (luma.clip(16, 235).astype(np.uint8), chroma, chroma), key_frame=True)


class _BareLoop:
    """Nothing but tensors: upload, every detector, every comparison, numbers back."""

    def __init__(self, detectors: DetectorSet) -> None:
        self._detectors = detectors
        self._before: dict[str, Tensor] = {}

    def spent(self, units: Sequence[Sequence[Frame]]) -> _Spent:
        return _spent(lambda: self._all(units))

    @torch.inference_mode()
    def _all(self, units: Sequence[Sequence[Frame]]) -> None:
        for unit in units:
            for batch in batches(unit, BOUNDS):
                self._score([unit[index] for index in batch])

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
        self._queue = EmbeddedQueue(max_frames=plan.unit * plan.units + 1, max_bytes=1 << 34)
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
            bounds=BOUNDS,
            poll=PollBounds(max_messages=plan.unit, timeout_s=0.0),
        )

    def spent(self, units: Sequence[Sequence[Frame]]) -> _Spent:
        return _spent(lambda: self._all(units))

    def _all(self, units: Sequence[Sequence[Frame]]) -> None:
        for unit in units:
            for frame in unit:
                self._publisher.publish(frame)
            self._worker.run_once()

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
