"""Numbers that carry their meaning, and the three answers drawn from them: ok, fault, not assessable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from domain.frames import FrameRef


class Fault(StrEnum):
    """Everything Sightline can hold against a camera; the values are the keys in JSON, API and alerts."""

    BLACK = "black"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    GLARE = "glare"
    BLUR = "blur"
    NOISE = "noise"
    SNOW = "snow"
    STRIPES = "stripes"
    LOW_CONTRAST = "low_contrast"
    COLOUR_CAST = "colour_cast"
    IR_CUT = "ir_cut"
    BLOCKINESS = "blockiness"
    FREEZE = "freeze"
    COVERED = "covered"
    CAMERA_MOVED = "camera_moved"
    SHAKE = "shake"
    CORRUPT_PICTURE = "corrupt_picture"
    PLACEHOLDER = "placeholder"
    SIGNAL_LOSS = "signal_loss"
    NO_FRAMES = "no_frames"
    LOW_FPS = "low_fps"
    BITRATE_STARVED = "bitrate_starved"
    DECODE_ERRORS = "decode_errors"
    RESOLUTION_CHANGED = "resolution_changed"
    CODEC_CHANGED = "codec_changed"
    LOGIN_REFUSED = "login_refused"
    CODEC_UNSUPPORTED = "codec_unsupported"


FAULT_LABELS: Mapping[Fault, str] = {
    Fault.BLACK: "black picture",
    Fault.TOO_DARK: "too dark",
    Fault.TOO_BRIGHT: "too bright",
    Fault.GLARE: "blinded by a light",
    Fault.BLUR: "out of focus",
    Fault.NOISE: "noisy picture",
    Fault.SNOW: "snow in the picture",
    Fault.STRIPES: "stripes in the picture",
    Fault.LOW_CONTRAST: "washed out, fog or film on the lens",
    Fault.COLOUR_CAST: "wrong colours",
    Fault.IR_CUT: "magenta by day, infrared filter stuck",
    Fault.BLOCKINESS: "blocky picture",
    Fault.FREEZE: "frozen picture",
    Fault.COVERED: "lens covered or sprayed",
    Fault.CAMERA_MOVED: "camera moved",
    Fault.SHAKE: "camera shakes",
    Fault.CORRUPT_PICTURE: "corrupt picture",
    Fault.PLACEHOLDER: "signal lost: a slate, flat colour or colour bars",
    Fault.SIGNAL_LOSS: "no connection",
    Fault.NO_FRAMES: "connected, no video",
    Fault.LOW_FPS: "fewer frames than usual",
    Fault.BITRATE_STARVED: "bitrate starved",
    Fault.DECODE_ERRORS: "broken stream, decode errors",
    Fault.RESOLUTION_CHANGED: "resolution changed",
    Fault.CODEC_CHANGED: "codec changed",
    Fault.LOGIN_REFUSED: "login refused",
    Fault.CODEC_UNSUPPORTED: "codec not supported",
}


class LightMode(StrEnum):
    """The light regime a reference belongs to."""

    DAY = "day"
    NIGHT = "night"


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
class Measured:
    """A number and the time of the picture it was measured in."""

    value: float
    at: datetime


@dataclass(frozen=True, slots=True)
class FrameScores:
    """All numbers of one frame, stored as one row.

    `values` maps metric key to a finite value; a metric that could not be measured is absent from it and stands in
    `missing` with its reason. `structure` is the picture's block statistics (see `detectors/faults/structure.py`),
    compared with the camera's reference and never stored with the frame. `models` maps detector name to the
    fingerprint of what produced its numbers. `earlier` holds what is not measured in every picture of a stream, as it
    was in the last one that it was measured in; it is shown with its age and never stored with this frame.
    """

    ref: FrameRef
    values: Mapping[str, float]
    missing: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    structure: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    earlier: Mapping[str, Measured] = field(default_factory=dict, compare=False)
    width: int = 0
    height: int = 0
    key_frame: bool = False
    corrupt: bool = False
    qp: float | None = None


class VerdictState(StrEnum):
    OK = "ok"
    FAULT = "fault"
    NOT_ASSESSABLE = "not_assessable"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The number behind a verdict: its metric, value and normal range, the mode, since when, how many frames judged."""

    metric: str = ""
    unit: str = ""
    value: float | None = None
    normal_low: float | None = None
    normal_high: float | None = None
    mode: LightMode | None = None
    since: datetime | None = None
    frames_judged: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer about one fault of one stream; `reason` is always set unless the state is ok."""

    fault: Fault
    state: VerdictState
    reason: str = ""
    evidence: Evidence = Evidence()


@dataclass(frozen=True, slots=True)
class Statistic:
    """The normal range of one metric, learned: median, 5th and 95th percentile over `count` frames."""

    median: float
    low: float
    high: float
    count: int


class ReferenceState(StrEnum):
    LEARNING = "learning"
    REFUSED = "refused"
    """The first view already failed an absolute bound; `reason` says which. Learning starts again."""
    LEARNED = "learned"
    ACCEPTED = "accepted"
    """The operator declared this view normal; absolute bounds were not asked."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What is normal for one camera in one light mode: statistics, never a picture."""

    stream_id: str
    mode: LightMode
    state: ReferenceState
    started_at: datetime
    updated_at: datetime
    frames: int = 0
    statistics: Mapping[str, Statistic] = field(default_factory=dict)
    structure: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)
    reason: str = ""
    accepted_by: str = ""
