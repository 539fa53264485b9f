"""Small frames and detectors whose answers are known by construction."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
from torch import Tensor

from detectors.metrics.measure import MetricSet
from detectors.metrics.picture.decoded_picture import DecodedPicture
from detectors.models.pictures import Detector, Pictures
from detectors.registry import DetectorSet
from domain.cameras import ConnectionState, StreamStatus
from domain.frames import ColorRange, Frame, FrameFormat, FrameRef
from domain.metrics import Direction, MetricSpec
from tests.fakes.ports import START


def frame(
    stream_id: str = "gate",
    sequence: int = 0,
    *,
    level: int = 128,
    session_id: str = "s1",
    width: int = 8,
    height: int = 6,
    at: datetime | None = None,
) -> Frame:
    """Return a grey picture of one level, full range, received `sequence` seconds after START."""
    received_at = at or START + timedelta(seconds=sequence)
    return Frame(
        FrameRef(stream_id, session_id, sequence, float(sequence), received_at),
        FrameFormat(width, height, "gray", ColorRange.FULL),
        (np.full((height, width), level, dtype=np.uint8),),
    )


def broken(stream_id: str = "gate", sequence: int = 0) -> Frame:
    """Return a frame whose plane is smaller than its format says."""
    whole = frame(stream_id, sequence)
    return Frame(whole.ref, whole.format, (np.zeros((2, 2), dtype=np.uint8),))


def status(stream_id: str = "gate", sequence: int = -1, *, after_s: float = 0.0) -> StreamStatus:
    return StreamStatus(stream_id, "s1", sequence, START + timedelta(seconds=after_s), ConnectionState.LIVE)


def spec(key: str) -> MetricSpec:
    return MetricSpec(key, key, "1", 0.0, 1.0, Direction.NEITHER, "ours")


class MeanLuma:
    """The mean of luma; NaN for a picture that is wholly black."""

    name = "mean_luma"
    metrics = (spec("luma_mean"),)
    fingerprint = "mean-1"

    def measure(self, picture: DecodedPicture) -> Mapping[str, float]:
        mean = float(picture.luma.mean()) / picture.codes.span
        return {"luma_mean": mean if mean > 0 else math.nan}


FEW_METRICS = MetricSet((MeanLuma(),))
"""The mean of luma, and how it changed since the picture before."""


class BrightModel:
    """A model that says of every picture how bright it is; remembers how many pictures it saw at once."""

    name = "bright"
    metrics = (spec("brightness"),)
    fingerprint = "bright-1"

    def __init__(self) -> None:
        self.batch_sizes: list[int] = []

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        self.batch_sizes.append(len(pictures))
        return {"brightness": pictures.luma.mean(dim=(1, 2, 3))}


def detector_set(*models: Detector) -> DetectorSet:
    return DetectorSet(FEW_METRICS, models)
