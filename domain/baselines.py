"""What is normal for one camera in one light: statistics, never a picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class LightMode(StrEnum):
    """The light regime a baseline belongs to."""

    DAY = "day"
    NIGHT = "night"


@dataclass(frozen=True, slots=True)
class Statistic:
    """The normal range of one metric, learned: median, 5th and 95th percentile over `count` frames."""

    median: float
    low: float
    high: float
    count: int


class BaselineState(StrEnum):
    LEARNING = "learning"
    REFUSED = "refused"
    """The first view already failed an absolute bound; `reason` says which. Learning starts again."""
    LEARNED = "learned"
    ACCEPTED = "accepted"
    """The operator declared this view normal; absolute bounds were not asked."""


class BaselinePart(StrEnum):
    """What a number of a picture or of its stream is about; each part is learned, refused and accepted on its own."""

    VIEW = "view"
    """Where the camera looks and how sharply: block structure, focus."""
    LIGHT = "light"
    COLOUR = "colour"
    NOISE = "noise"
    """Noise, stripes, and how much the picture changes by itself."""
    CODING = "coding"
    STREAM = "stream"
    """Frame rate and bitrate."""
    DETECTION = "detection"
    """What detectors find, and how well, at each hour of the day."""


@dataclass(frozen=True, slots=True)
class PartBaseline:
    """How far one part has come. While it is being learned its numbers are provisional: those of the first minutes.

    `frames` were good for this part, between `started_at` and `updated_at`; `reason` says why it was refused.
    """

    state: BaselineState
    started_at: datetime
    updated_at: datetime
    frames: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CameraBaseline:
    """What is normal for one camera in one light mode: statistics, never a picture."""

    stream_id: str
    mode: LightMode
    state: BaselineState
    """How far the view's own part has come."""
    started_at: datetime
    """When learning began."""
    updated_at: datetime
    frames: int = 0
    """Frames it was learned from."""
    statistics: Mapping[str, Statistic] = field(default_factory=dict)
    """Of each metric, by its key."""
    structure: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    """Block statistics of the view (`detectors/metrics/functional/edge_directions.py`); None for PTZ cameras."""
    reason: str = ""
    """Why the view was refused; "" where it was not."""
    accepted_by: str = ""
    """Who declared the view normal; "" where it was learned."""
    parts: Mapping[BaselinePart, PartBaseline] = field(default_factory=dict)
    """How far each part has come. One not named is still to be seen; without any, each is as `state` says."""

    def state_of(self, part: BaselinePart) -> BaselineState:
        if not self.parts:
            return self.state
        return self.parts[part].state if part in self.parts else BaselineState.LEARNING
