"""Small frames and detectors whose answers are known by construction."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
import torch
from torch import Tensor

from detectors.models.pictures import Pictures
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

    def __init__(self) -> None:
        self.batch_sizes: list[int] = []

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        self.batch_sizes.append(len(pictures))
        mean = pictures.luma.mean(dim=(1, 2, 3))
        return {"luma_mean": torch.where(mean > 0, mean, torch.nan)}


class Change:
    """The difference of mean luma, in levels, from the picture before."""

    name = "change"
    metrics = (spec("change_median"),)
    fingerprint = "change-1"

    def remember(self, pictures: Pictures) -> Tensor:
        return pictures.luma.mean(dim=(2, 3))

    def score(self, now: Tensor, before: Tensor) -> Mapping[str, Tensor]:
        return {"change_median": (now - before).abs().mean(dim=1) * 255}


class OneBlock:
    """A structure of one block: the mean of luma, and no gradient in any direction."""

    name = "one_block"
    fingerprint = "block-1"

    def describe(self, pictures: Pictures) -> Tensor:
        described = torch.zeros(len(pictures), 1, 1, 10)
        described[..., 0] = pictures.luma.mean(dim=(1, 2, 3)).reshape(-1, 1, 1)
        return described


def detector_set() -> DetectorSet:
    return DetectorSet(detectors=(MeanLuma(),), temporal=(Change(),), structure=OneBlock())
