"""What people do today beside Sightline, on the same frames: fixed bounds on three numbers, and FFmpeg's detectors.

The fixed bounds are those of tutorials and of camera firmware. FFmpeg's blackdetect and freezedetect decide by their
defaults; blurdetect only measures, so its bound is the greatest value on healthy frames of the tuning clips.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

from domain.cameras import Camera
from domain.errors import SourceUnavailable
from domain.faults import Fault
from domain.frames import Frame
from ingest.read.stream_source import Pace, open_source
from lab.bench.clocks import ManualClock

Luma = NDArray[np.uint8]

LAPLACIAN_BELOW = 100.0
"""Variance of the 3 x 3 Laplacian: the bound of nearly every tutorial (Pech-Pacheco et al. 2000 name the measure)."""
MEAN_BELOW, MEAN_ABOVE = 40.0, 215.0
"""Mean luma in levels of 255."""
DIFFERENCE_BELOW, DIFFERENCE_ABOVE = 0.5, 40.0
"""Mean absolute difference from the frame before, in levels: nothing moves; another picture."""
BLURDETECT_ABOVE = 8.1
FFMPEG_LASTS_S = 2.0
"""Duration after which blackdetect and freezedetect report, by default."""
LEAST_FRAMES = 3

FIXED_BOUNDS: Mapping[str, frozenset[Fault]] = {
    "laplacian variance": frozenset({Fault.BLUR}),
    "mean too low": frozenset({Fault.TOO_DARK, Fault.BLACK}),
    "mean too high": frozenset({Fault.TOO_BRIGHT}),
    "no frame difference": frozenset({Fault.FREEZE}),
    "great frame difference": frozenset({Fault.CAMERA_MOVED, Fault.COVERED, Fault.SHAKE}),
}
FFMPEG: Mapping[str, frozenset[Fault]] = {
    "blurdetect": frozenset({Fault.BLUR}),
    "blackdetect": frozenset({Fault.BLACK}),
    "freezedetect": frozenset({Fault.FREEZE}),
}
NAMED: Mapping[str, frozenset[Fault]] = {**FIXED_BOUNDS, **FFMPEG}
"""The faults that each alarm rightly names."""


@dataclass(slots=True)
class _Hold:
    """One alarm: it begins where its condition held over `hold_s` and three frames, and ends with the condition."""

    hold_s: float
    since: float | None = None
    frames: int = 0
    on: bool = False

    def step(self, at_s: float, *, bad: bool) -> bool:
        """Take one frame; return whether the alarm begins."""
        if not bad:
            self.since, self.frames, self.on = None, 0, False
            return False
        self.since = at_s if self.since is None else self.since
        self.frames += 1
        begins = not self.on and self.frames >= LEAST_FRAMES and at_s - self.since >= self.hold_s
        self.on = self.on or begins
        return begins


@dataclass(slots=True)
class PracticeWatch:
    """Both kinds of today's checks over one camera; `hold_s` is how long a condition must last before people hear."""

    hold_s: float = 0.0
    raised: dict[str, list[float]] = field(default_factory=dict)
    """Seconds at which each alarm began."""
    _holds: dict[str, _Hold] = field(default_factory=dict)
    _before: Luma | None = None
    _filters: "_FfmpegFilters | None" = None

    def add(self, at_s: float, luma: Luma) -> None:
        """Take the next frame: (H, W) luma in full range."""
        conditions = {**self._fixed_conditions(luma), **self._ffmpeg(at_s, luma)}
        for name, bad in conditions.items():
            hold = self._holds.setdefault(name, _Hold(max(self.hold_s, FFMPEG_LASTS_S * (name in FFMPEG))))
            if hold.step(at_s, bad=bad):
                self.raised.setdefault(name, []).append(at_s)

    def _fixed_conditions(self, luma: Luma) -> dict[str, bool]:
        mean = float(luma.mean())
        before, self._before = self._before, luma
        same = before is not None and before.shape == luma.shape
        change = float(cv2.absdiff(luma, before).mean()) if same and before is not None else None
        return {
            "laplacian variance": float(cv2.Laplacian(luma, cv2.CV_64F).var()) < LAPLACIAN_BELOW,
            "mean too low": mean < MEAN_BELOW,
            "mean too high": mean > MEAN_ABOVE,
            "no frame difference": change is not None and change < DIFFERENCE_BELOW,
            "great frame difference": change is not None and change > DIFFERENCE_ABOVE,
        }

    def _ffmpeg(self, at_s: float, luma: Luma) -> dict[str, bool]:
        if self._filters is None or self._filters.shape != luma.shape:
            self._filters = _FfmpegFilters((luma.shape[0], luma.shape[1]))
        return self._filters.step(at_s, luma)


class _FfmpegFilters:
    """FFmpeg's own filters by their defaults, frame by frame."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape
        self._push, self._pull = _filter_graph(shape)
        self._black = self._frozen = False

    def step(self, at_s: float, luma: Luma) -> dict[str, bool]:
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(luma), format="gray")
        frame.pts, frame.time_base = round(at_s * 1000), Fraction(1, 1000)
        self._push(frame)
        said = dict(self._pull().metadata)
        self._black = (self._black or "lavfi.black_start" in said) and "lavfi.black_end" not in said
        self._frozen = (self._frozen or "lavfi.freezedetect.freeze_start" in said) and (
            "lavfi.freezedetect.freeze_end" not in said
        )
        return {
            "blurdetect": float(said.get("lavfi.blur", 0)) > BLURDETECT_ABOVE,
            "blackdetect": self._black,
            "freezedetect": self._frozen,
        }


def _filter_graph(shape: tuple[int, int]) -> tuple[Callable[[av.VideoFrame], None], Callable[[], Any]]:
    graph = Graph()
    graph.threads = 1
    grey = av.VideoFormat("gray", shape[1], shape[0])
    source = graph.add_buffer(width=shape[1], height=shape[0], format=grey, time_base=Fraction(1, 1000))
    chain = [source, *(graph.add(name) for name in FFMPEG), graph.add("buffersink")]
    graph.link_nodes(*chain).configure()
    return graph.vpush, graph.vpull


def watch_clip(camera: Camera, *, hold_s: float = 0.0) -> PracticeWatch:
    """Return what today's checks raise over the frames that the camera's plan chooses of a file."""
    watch = PracticeWatch(hold_s)
    first: float | None = None
    for frame in _frames(camera):
        at_s = frame.ref.received_at.timestamp()
        first = at_s if first is None else first
        watch.add(at_s - first, full_range_luma(frame))
    return watch


def _frames(camera: Camera) -> Iterator[Frame]:
    with closing(open_source(camera, ManualClock(), pace=Pace.FULL_SPEED)) as source:
        recent: deque[Frame] = deque(maxlen=1)
        try:
            for frame in source.frames():
                recent.append(frame)
                yield frame
        except SourceUnavailable:
            if not recent:
                raise


def full_range_luma(frame: Frame) -> Luma:
    """Return (H, W) luma in levels of 255."""
    plane = frame.planes[0]
    if frame.format.pixel_format == "rgb24":
        return np.asarray(cv2.cvtColor(np.asarray(plane, np.uint8), cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    if plane.dtype != np.uint8:
        plane = (plane >> (2 if frame.format.pixel_format.endswith("10le") else 4)).astype(np.uint8)
    luma = np.asarray(plane, dtype=np.uint8)
    if frame.format.color_range == "full" or frame.format.pixel_format.startswith("yuvj"):
        return luma
    return np.asarray(cv2.convertScaleAbs(np.clip(luma, 16, 235), alpha=255 / 219, beta=-16 * 255 / 219), np.uint8)
