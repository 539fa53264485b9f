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
    """What a number means."""

    key: str
    label: str
    """Its name for people."""
    unit: str
    """Such as `px` or `%`; "" for a pure number."""
    low: float
    """Least value it can take; -inf where unbounded."""
    high: float
    """Greatest value it can take; inf where unbounded."""
    direction: Direction
    """Which side is better."""
    source: str
    """Paper or standard, or "ours"."""


@dataclass(frozen=True, slots=True)
class TimedValue:
    """A number and the time of the picture it was measured in."""

    value: float
    at: datetime


@dataclass(frozen=True, slots=True)
class FrameScores:
    """All numbers of one frame, stored as one row."""

    ref: FrameRef
    values: Mapping[str, float]
    """By metric key; finite."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Metrics that could not be measured, with the reason."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Detector name to the fingerprint of what produced its numbers."""
    structure: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    """Block statistics for the comparison with the baseline (`edge_directions.py`); never stored with the frame."""
    earlier: Mapping[str, TimedValue] = field(default_factory=dict, compare=False)
    """Last values of metrics that are not measured in every picture; shown with their age, never stored."""
    width: int = 0
    """Pixels."""
    height: int = 0
    key_frame: bool = False
    corrupt: bool = False
    """The decoder found damage."""
    qp: float | None = None
    """Mean luma quantiser in the units of the codec."""
