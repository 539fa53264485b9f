"""Metrics and their meaning, and the scores of one frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from domain.frames import FrameRef


class Direction(StrEnum):
    HIGHER_IS_BETTER = "higher_is_better"
    LOWER_IS_BETTER = "lower_is_better"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """What a number means. `low` and `high` bound every value the metric can take (inf where unbounded)."""

    key: str
    label: str
    unit: str
    low: float
    high: float
    direction: Direction
    source: str


@dataclass(frozen=True, slots=True)
class TimedValue:
    """A number and the time of the picture it was measured in."""

    value: float
    at: datetime


@dataclass(frozen=True, slots=True)
class FrameScores:
    """All numbers of one frame, stored as one row.

    `values` maps metric key to a finite value; a metric that could not be measured is absent from it and is in
    `missing` with its reason. `structure` is the picture's block statistics (see
    `detectors/metrics/functional/edge_directions.py`), compared with the camera's reference and never stored with the
    frame. `models` maps detector name to the fingerprint of what produced its numbers. `earlier` holds the last values
    of metrics that are not measured in every picture of a stream; they are shown with their age and never stored with
    this frame.
    """

    ref: FrameRef
    values: Mapping[str, float]
    missing: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    structure: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    earlier: Mapping[str, TimedValue] = field(default_factory=dict, compare=False)
    width: int = 0
    height: int = 0
    key_frame: bool = False
    corrupt: bool = False
    qp: float | None = None
