"""What is normal for one camera in one light: statistics, never a picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class LightMode(StrEnum):
    """The light regime a reference belongs to."""

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


@dataclass(frozen=True, slots=True)
class CameraBaseline:
    """What is normal for one camera in one light mode: statistics, never a picture."""

    stream_id: str
    mode: LightMode
    state: BaselineState
    started_at: datetime
    updated_at: datetime
    frames: int = 0
    statistics: Mapping[str, Statistic] = field(default_factory=dict)
    structure: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    reason: str = ""
    accepted_by: str = ""
