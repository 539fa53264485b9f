"""What the models do on a GPU: scores against the CPU's, frames a second by batch, and many cameras paced.

Planes of pictures are in memory; every figure includes their upload, their conversion, and reading the scores back. All
of it ends within four minutes: what no time was left for says so. `device` cpu runs the same steps, to prove them.
"""

import math
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from detectors.models.catalogue import MODELS
from detectors.models.model_choice import ModelChoice, wanted_models
from detectors.models.model_status import ModelState, ModelStatus, check_models
from detectors.models.pictures import Detector
from domain.frames import Frame, FrameRef
from lab.bench.moving_pictures import MovingPictures, yuv420p
from workers.frame_scoring.device import resolve_device
from workers.frame_scoring.preprocessing import upload_pictures

NO_TIME = "not measured: no time was left"
_DISTINCT = 16
_REPEATS = 5


@dataclass(frozen=True, slots=True)
class GpuLoad:
    """How much is measured."""

    size: tuple[int, int] = (1920, 1080)
    batches: tuple[int, ...] = (1, 4, 16, 64, 256)
    pictures: int = 8
    """How many pictures each model judges on both devices."""
    cameras: int = 2000
    every_s: float = 10.0
    paced_s: float = 30.0
    largest_paced_batch: int = 64
    product_side: int = 8192
    """Rows and columns of the matrices whose product shows the device's peak."""
    limit_s: float = 225.0
    """No step begins later; the quick form has no hurry, since a busy machine too must end it."""


FULL = GpuLoad()
QUICK = GpuLoad((320, 240), (1, 2), 2, 20, 10.0, 2.0, 2, 256, 1800.0)


@dataclass(frozen=True, slots=True)
class _Station:
    """The device, what is asked of it, and until when; a step that began ends."""

    device: torch.device
    load: GpuLoad
    end_s: float

    def left_s(self) -> float:
        return self.end_s - time.monotonic()


def run(*, device: str = "cuda", quick: bool = False, models: Sequence[str] | None = None) -> dict[str, Any]:
    """Return one document of figures. Raises `ConfigError` where the device is absent.

    `models` names some, None is every one that has weights here; those that run by default are measured together as
    well, under `default_set`.
    """
    load, began_s = (QUICK if quick else FULL), time.monotonic()
    station = _Station(resolve_device(device), load, began_s + load.limit_s)
    place = station.device
    found = [status for status in _with_weights() if models is None or status.model.name in models]
    detectors = {status.model.name: status.detector for status in found if status.detector is not None}
    frames = _frames(load.size)
    enabled = wanted_models(MODELS.values(), {}, gpu=place.type == "cuda")
    default = [detector for name, detector in detectors.items() if name in enabled]
    with torch.inference_mode():
        agreement = {name: _compare(detector, frames, station) for name, detector in detectors.items()}
        peak = _peak_flops(place, load.product_side)
        contestants = {"default_set": default, **{name: [detector] for name, detector in detectors.items()}}
        speed = {name: _measure(each, frames, peak, station) for name, each in contestants.items()}
        paced = _pace(default, frames, station)
    return {
        "device": torch.cuda.get_device_name(place) if place.type == "cuda" else "cpu",
        "torch": torch.__version__,
        "frame": f"{load.size[0]}x{load.size[1]} yuv420p",
        "quick": quick,
        "default_models": [each.name for each in default],
        "agreement_with_cpu": agreement,
        "measured_peak_tflops": round(peak / 1e12, 3),
        "peak_is": f"a product of two {load.product_side}-row matrices of bfloat16",
        "frames_per_s": speed,
        "paced": paced,
        "seconds": round(time.monotonic() - began_s, 1),
    }


def _with_weights() -> list[ModelStatus]:
    everything = check_models({}, None, load=False)
    named = [status.model.name for status in everything if status.state is ModelState.ON and status.model.detector]
    choices = {name: ModelChoice(enabled=True) for name in named}
    return [status for status in check_models(choices, None, names=named) if status.detector is not None]


def _frames(size: tuple[int, int]) -> list[Frame]:
    source, form, at = MovingPictures(*size), yuv420p(*size), datetime(2026, 1, 1, tzinfo=UTC)
    return [Frame(FrameRef("bench", "s", number, None, at), form, source.planes()) for number in range(_DISTINCT)]


def _score(detectors: Sequence[Detector], frames: Sequence[Frame], device: torch.device) -> dict[str, Tensor]:
    """Return every number of every frame on the CPU: reading them back waits for the device."""
    pictures = upload_pictures(frames, device)
    found: dict[str, Tensor] = {}
    for detector in detectors:
        found |= detector.score(pictures)
    return {key: value.float().cpu() for key, value in found.items()}


def _compare(detector: Detector, frames: Sequence[Frame], station: _Station) -> Mapping[str, Any] | str:
    """Return by how much each number differs from the CPU's, at most, and how far apart the CPU's own are."""
    if station.left_s() <= 0:
        return NO_TIME
    shown = frames[: station.load.pictures]
    on_cpu = _score([detector], shown, torch.device("cpu"))
    on_device = _score([detector], shown, station.device)
    found = {}
    for key, expected in on_cpu.items():
        mine = on_device[key]
        both = torch.isfinite(expected) & torch.isfinite(mine)
        apart = (mine - expected)[both].abs()
        found[key] = {
            "largest_difference": round(float(apart.max()), 6) if len(apart) else None,
            "cpu_range": [round(float(each), 4) for each in (expected[both].min(), expected[both].max())]
            if len(apart)
            else None,
            "measurable_on_one_alone": int((torch.isfinite(expected) != torch.isfinite(mine)).sum()),
        }
    return found


def _measure(detectors: Sequence[Detector], frames: Sequence[Frame], peak: float, station: _Station) -> dict[str, Any]:
    """Return frames a second at each batch size, medians, and the best one's share of the device's peak."""
    if not detectors:
        return {"batches": {}}
    by_batch: dict[str, float | str] = {}
    best = 0.0
    for batch in station.load.batches:
        rate = _frames_per_s(detectors, list(islice(cycle(frames), batch)), station)
        by_batch[str(batch)] = rate
        best = max(best, rate) if isinstance(rate, float) else best
    flops = _flops_a_frame(detectors, frames[:1], station.device)
    return {
        "batches": by_batch,
        "gflop_a_frame": None if flops is None else round(flops / 1e9, 3),
        "share_of_peak": None if flops is None or not best else round(flops * best / peak, 5),
    }


def _frames_per_s(detectors: Sequence[Detector], frames: Sequence[Frame], station: _Station) -> float | str:
    spent: list[float] = []
    try:
        for turn in range(_REPEATS + 1):
            if station.left_s() <= 0:
                break
            began_s = time.perf_counter()
            _score(detectors, frames, station.device)
            if turn:
                spent.append(time.perf_counter() - began_s)
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        return "not measured: the device's memory is too small"
    return round(len(frames) / statistics.median(spent), 2) if spent else NO_TIME


def _flops_a_frame(detectors: Sequence[Detector], frames: Sequence[Frame], device: torch.device) -> float | None:
    """Return the operations that PyTorch counts; None where another runtime computes (OpenVINO on a CPU)."""
    with FlopCounterMode(display=False) as counter:
        _score(detectors, frames, device)
    counted = float(counter.get_total_flops())
    return counted if device.type == "cuda" and counted else None


def _peak_flops(device: torch.device, side: int) -> float:
    """Return multiplications and additions a second of a large product in bfloat16."""
    left = torch.ones(side, side, dtype=torch.bfloat16, device=device)
    times = []
    for _ in range(_REPEATS + 1):
        with _measure_seconds(device) as spent:
            left @ left
        times.append(spent[0])
    return 2 * side**3 / statistics.median(times[1:])


@contextmanager
def _measure_seconds(device: torch.device) -> Iterator[list[float]]:
    """Give a list that gets the seconds of the block, until the device is done."""
    spent: list[float] = []
    began_s = time.perf_counter()
    yield spent
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    spent.append(time.perf_counter() - began_s)


def _pace(detectors: Sequence[Detector], frames: Sequence[Frame], station: _Station) -> Mapping[str, Any] | str:
    """Have each camera's picture come every `every_s`, evenly spread, judge what waits, and say how late scores are."""
    load, device = station.load, station.device
    if station.left_s() <= load.paced_s or not detectors:
        return NO_TIME
    for size in range(1, load.largest_paced_batch + 1):
        if size & (size - 1) == 0:
            _score(detectors, list(islice(cycle(frames), size)), device)
    apart_s = load.every_s / load.cameras
    due_s = np.arange(0, load.paced_s, apart_s)
    late_s: list[float] = []
    sizes: list[int] = []
    pictures = cycle(frames)
    began_s = time.perf_counter()
    while len(late_s) < len(due_s) and station.left_s() > 0:
        now_s = time.perf_counter() - began_s
        waiting = min(int(np.searchsorted(due_s, now_s, side="right")) - len(late_s), load.largest_paced_batch)
        if waiting <= 0:
            time.sleep(max(0.0, due_s[len(late_s)] - now_s))
            continue
        _score(detectors, list(islice(pictures, waiting)), device)
        done_s = time.perf_counter() - began_s
        late_s += (done_s - due_s[len(late_s) : len(late_s) + waiting]).tolist()
        sizes.append(waiting)
    return {
        "cameras": load.cameras,
        "every_s": load.every_s,
        "frames_due": len(due_s),
        "frames_judged": len(late_s),
        "lag_p50_s": round(float(np.percentile(late_s, 50)), 4) if late_s else math.nan,
        "lag_p95_s": round(float(np.percentile(late_s, 95)), 4) if late_s else math.nan,
        "mean_batch": round(statistics.mean(sizes), 2) if sizes else 0,
    }
