"""Which part of a baseline a number belongs to, and which parts a fault spoils as examples of what is normal."""

from collections.abc import Mapping

from domain.baselines import BaselinePart
from domain.faults import Fault

PARTS: tuple[BaselinePart, ...] = tuple(BaselinePart)

_METRICS: Mapping[BaselinePart, tuple[str, ...]] = {
    BaselinePart.LIGHT: (
        "luma_mean", "luma_p05", "luma_p95", "black_share", "clipped_share", "glare_share", "contrast_rms", "haze",
        "local_contrast",
    ),
    BaselinePart.COLOUR: (
        *("saturation", "cast", "cb_mean", "cr_mean", "lean_red", "lean_blue", "magenta", "purple_share"),
    ),
    BaselinePart.NOISE: (
        "noise_sigma", "noise_floor", "snow_share", "stripe_strength", "change_median", "change_share", "shift",
        "flicker",
    ),
    BaselinePart.CODING: ("blockiness", "block_step", "corrupt_share", "decoder_damage", "slate", "qp"),
    BaselinePart.STREAM: ("fps", "bitrate_bps", "decode_errors_per_min"),
    BaselinePart.DETECTION: ("detectability_recent", "detections_per_look", "face_quality_recent"),
}  # fmt: skip
_PART_OF: Mapping[str, BaselinePart] = {metric: part for part, metrics in _METRICS.items() for metric in metrics}

_ALL = frozenset(BaselinePart)
_PICTURE = _ALL - {BaselinePart.STREAM}
_FOUND = frozenset({BaselinePart.DETECTION})
"""What hides people and faces from a detector, or blurs them, teaches nothing of how many are usual."""
_SEEN = frozenset({BaselinePart.VIEW, BaselinePart.LIGHT, BaselinePart.COLOUR}) | _FOUND
SPOILS: Mapping[Fault, frozenset[BaselinePart]] = {
    Fault.BLACK: _ALL,
    Fault.PLACEHOLDER: _ALL,
    Fault.COVERED: _ALL,
    Fault.CAMERA_MOVED: _PICTURE,
    Fault.FREEZE: _ALL,
    Fault.TOO_DARK: _SEEN | {BaselinePart.NOISE},
    Fault.TOO_BRIGHT: _SEEN,
    Fault.GLARE: _SEEN,
    Fault.LOW_CONTRAST: _SEEN,
    Fault.BLUR: frozenset({BaselinePart.VIEW}) | _FOUND,
    Fault.SHAKE: frozenset({BaselinePart.VIEW, BaselinePart.NOISE}) | _FOUND,
    Fault.NOISE: frozenset({BaselinePart.NOISE, BaselinePart.STREAM}) | _FOUND,
    Fault.SNOW: frozenset({BaselinePart.VIEW, BaselinePart.NOISE, BaselinePart.STREAM}) | _FOUND,
    Fault.STRIPES: frozenset({BaselinePart.NOISE}) | _FOUND,
    Fault.COLOUR_CAST: frozenset({BaselinePart.COLOUR}),
    Fault.IR_CUT: frozenset({BaselinePart.COLOUR}),
    Fault.BLOCKINESS: frozenset({BaselinePart.CODING}) | _FOUND,
    Fault.CORRUPT_PICTURE: _PICTURE,
    Fault.BITRATE_STARVED: frozenset({BaselinePart.CODING, BaselinePart.STREAM}),
    Fault.LOW_FPS: frozenset({BaselinePart.STREAM}),
    Fault.DETECTION_IMPAIRED: _FOUND,
    Fault.POOR_FACES: _FOUND,
}
"""Parts to which a picture with this fault teaches nothing. Coarse coding and noise hide no view; a fault that is not
named spoils nothing."""


def part_of(metric: str) -> BaselinePart:
    """Return the part of a metric, `@` and the hour behind it or not; what is named nowhere is a matter of the view."""
    return _PART_OF.get(metric.partition("@")[0], BaselinePart.VIEW)
