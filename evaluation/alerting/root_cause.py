"""Which fault explains which: a message names the cause, and its consequences only as symptoms."""

from collections.abc import Collection, Mapping

from domain.faults import Fault

PRECEDENCE: tuple[Fault, ...] = (
    Fault.LOGIN_REFUSED,
    Fault.SIGNAL_LOSS,
    Fault.CODEC_UNSUPPORTED,
    Fault.NO_FRAMES,
    Fault.PLACEHOLDER,
    Fault.CAMERA_MOVED,
    Fault.COVERED,
    Fault.BLACK,
    Fault.FREEZE,
    Fault.DECODE_ERRORS,
    Fault.CORRUPT_PICTURE,
    Fault.BITRATE_STARVED,
    Fault.SNOW,
    Fault.IR_CUT,
    Fault.GLARE,
    Fault.TOO_BRIGHT,
    Fault.TOO_DARK,
    Fault.LOW_CONTRAST,
    Fault.BLUR,
    Fault.STRIPES,
    Fault.SHAKE,
    Fault.COLOUR_CAST,
    Fault.NOISE,
    Fault.BLOCKINESS,
    Fault.LOW_FPS,
    Fault.DETECTION_IMPAIRED,
    Fault.POOR_FACES,
    Fault.RESOLUTION_CHANGED,
    Fault.CODEC_CHANGED,
)
"""The headline of an incident is its first fault in this order."""

_RANK = {fault: rank for rank, fault in enumerate(PRECEDENCE)}

_PICTURE = frozenset(
    {
        Fault.BLACK, Fault.TOO_DARK, Fault.TOO_BRIGHT, Fault.GLARE, Fault.BLUR, Fault.NOISE, Fault.SNOW, Fault.STRIPES,
        Fault.LOW_CONTRAST, Fault.COLOUR_CAST, Fault.IR_CUT, Fault.BLOCKINESS, Fault.CAMERA_MOVED, Fault.SHAKE,
        Fault.CORRUPT_PICTURE,
    }
)  # fmt: skip
_STREAM = frozenset({Fault.LOW_FPS, Fault.BITRATE_STARVED, Fault.DECODE_ERRORS})
_VIEW = frozenset({Fault.FREEZE, Fault.COVERED})
_NO_DETAIL = frozenset({Fault.BLUR, Fault.LOW_CONTRAST})

_IMPLIES: Mapping[Fault, frozenset[Fault]] = {
    Fault.LOGIN_REFUSED: _PICTURE | _STREAM | _VIEW | {Fault.SIGNAL_LOSS, Fault.NO_FRAMES},
    Fault.SIGNAL_LOSS: _PICTURE | _STREAM | _VIEW | {Fault.NO_FRAMES},
    Fault.CODEC_UNSUPPORTED: _PICTURE | _STREAM | _VIEW | {Fault.NO_FRAMES, Fault.SIGNAL_LOSS},
    Fault.NO_FRAMES: _PICTURE | _STREAM | _VIEW,
    Fault.PLACEHOLDER: _PICTURE | _STREAM | _VIEW,
    Fault.CAMERA_MOVED: _NO_DETAIL
    | {Fault.COVERED, Fault.TOO_DARK, Fault.TOO_BRIGHT, Fault.GLARE, Fault.COLOUR_CAST, Fault.SHAKE},
    Fault.COVERED: _PICTURE - {Fault.CORRUPT_PICTURE, Fault.SNOW, Fault.CAMERA_MOVED}
    | {Fault.FREEZE, Fault.BITRATE_STARVED},
    Fault.BLACK: _NO_DETAIL
    | {Fault.TOO_DARK, Fault.FREEZE, Fault.COVERED, Fault.NOISE, Fault.COLOUR_CAST}
    | {Fault.BLOCKINESS, Fault.BITRATE_STARVED},
    Fault.FREEZE: frozenset({Fault.LOW_FPS, Fault.BITRATE_STARVED}),
    Fault.DECODE_ERRORS: frozenset(
        {Fault.CORRUPT_PICTURE, Fault.BLOCKINESS, Fault.LOW_FPS, Fault.FREEZE, Fault.BLUR, Fault.SHAKE}
    ),
    Fault.CORRUPT_PICTURE: frozenset(
        {Fault.BLOCKINESS, Fault.BLUR, Fault.CAMERA_MOVED, Fault.COLOUR_CAST, Fault.STRIPES, Fault.IR_CUT, Fault.NOISE}
    ),
    Fault.BITRATE_STARVED: frozenset({Fault.BLOCKINESS, Fault.BLUR, Fault.LOW_FPS, Fault.CORRUPT_PICTURE}),
    Fault.SNOW: _PICTURE - {Fault.SNOW},
    Fault.IR_CUT: frozenset({Fault.COLOUR_CAST, Fault.BLUR, Fault.LOW_CONTRAST}),
    Fault.GLARE: _NO_DETAIL | {Fault.TOO_BRIGHT, Fault.COLOUR_CAST},
    Fault.TOO_BRIGHT: _NO_DETAIL | {Fault.COLOUR_CAST},
    Fault.TOO_DARK: _NO_DETAIL | {Fault.NOISE, Fault.COLOUR_CAST, Fault.BLOCKINESS},
    Fault.LOW_CONTRAST: frozenset({Fault.BLUR, Fault.COLOUR_CAST}),
    Fault.STRIPES: _NO_DETAIL | {Fault.NOISE},
    Fault.SHAKE: frozenset({Fault.BLUR}),
}
_DETECTION = frozenset({Fault.DETECTION_IMPAIRED, Fault.POOR_FACES})
_HIDES = (_PICTURE | _VIEW | _STREAM | frozenset(_IMPLIES)) - {Fault.LOW_FPS}
"""What keeps a detector from finding people and faces; a low frame rate does not."""

IMPLIES: Mapping[Fault, frozenset[Fault]] = {
    **_IMPLIES,
    **{cause: _IMPLIES.get(cause, frozenset()) | _DETECTION for cause in Fault if cause in _HIDES},
    Fault.DETECTION_IMPAIRED: frozenset({Fault.POOR_FACES}),
}
"""`IMPLIES[cause]` are the faults that `cause` brings with it."""


def rank(fault: Fault) -> int:
    """Return the place of `fault` in `PRECEDENCE`, 0 first."""
    return _RANK[fault]


def explains(cause: Fault, fault: Fault) -> bool:
    """Return whether `cause` brings `fault` with it; of two that bring each other, the earlier in `PRECEDENCE` does."""
    if fault not in IMPLIES.get(cause, frozenset()):
        return False
    return cause not in IMPLIES.get(fault, frozenset()) or rank(cause) < rank(fault)


def root_causes(faults: Collection[Fault]) -> tuple[Fault, ...]:
    """Return the faults that no other of `faults` explains, headline first."""
    unexplained = [fault for fault in faults if not any(explains(other, fault) for other in faults)]
    return tuple(sorted(unexplained, key=rank))
