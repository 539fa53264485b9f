"""What can be wrong with a camera, and the three answers about it: ok, fault, not assessable."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.baselines import LightMode


class Fault(StrEnum):
    """Every fault that Sightline finds; the values are the keys in JSON, API and alerts."""

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
    DETECTION_IMPAIRED = "detection_impaired"
    POOR_FACES = "poor_faces"


_KEYS = frozenset(Fault)


def known_fault(key: str) -> Fault | None:
    """Return the fault of a stored key; None for one that only a newer version knows.

    While a cluster is upgraded, older processes read what newer ones write: they pass over such a record and leave it
    to the newer ones. What people send and settings name is read strictly instead.
    """
    return Fault(key) if key in _KEYS else None


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
    Fault.DETECTION_IMPAIRED: "detection no longer works here",
    Fault.POOR_FACES: "faces too poor to recognise",
}


class VerdictState(StrEnum):
    OK = "ok"
    FAULT = "fault"
    NOT_ASSESSABLE = "not_assessable"


class NotAssessable(StrEnum):
    """Why a fault is not assessable, where something depends on it; the verdict's `reason` says it in words."""

    NEEDS_BASELINE = "needs_baseline"
    """What is usual for this camera is not learned yet."""
    UNSCORED = "unscored"
    """Frames were dropped unscored because scoring is too far behind."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The number behind a verdict: its metric, value and normal range, the mode, since when, how many frames judged."""

    metric: str = ""
    unit: str = ""
    """The metric's own unit, as in its `MetricSpec`."""
    value: float | None = None
    """In `unit`; None where the fault has no number, such as a lost signal."""
    normal_low: float | None = None
    """The lowest value that is no fault; None where low values are none."""
    normal_high: float | None = None
    """The highest value that is no fault; None where high values are none."""
    mode: LightMode | None = None
    """The light it was compared in."""
    since: datetime | None = None
    """When the fault began."""
    frames_judged: int = 0
    """Frames that the verdict rests on."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer about one fault of one stream; `reason` is always set unless the state is ok."""

    fault: Fault
    state: VerdictState
    reason: str = ""
    evidence: Evidence = Evidence()
    cause: NotAssessable | None = None
    """The kind of `reason` where the state is not assessable and the kind matters."""
