"""Plants behind the camera: an encoder that quantises, a recorder that freezes, tears, or shows its own slate."""

from datetime import UTC, datetime, timedelta

import cv2
import numpy as np

from domain.faults import Fault
from simulation.fault_injection.injector import (
    FaultInjector,
    FaultMoment,
    Picture,
    SignalStage,
    Strength,
    describe_strengths,
)
from simulation.films.clock_overlay import burn_clock

_JPEG_QUALITY = {Strength.MILD: 14, Strength.MEDIUM: 7, Strength.SEVERE: 3}
_TORN_SHARE = {Strength.MILD: 0.12, Strength.MEDIUM: 0.35, Strength.SEVERE: 0.7}
_BLOCK = 16
_EPOCH = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


def blockiness(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Quantise 8 by 8 cosine blocks until their borders show, as an encoder without a deblocking filter does."""
    _, coded = cv2.imencode(
        ".jpg", np.ascontiguousarray(picture[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY[moment.strength]]
    )
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR_RGB), dtype=np.uint8)


def freeze(_picture: Picture, onset: Picture, moment: FaultMoment) -> Picture:
    """Stand still; only the severest stops the clock too, and the mildest trembles by one level as re-coding does."""
    if moment.strength is Strength.SEVERE:
        return onset.copy()
    still = onset
    if moment.strength is Strength.MILD:
        tremble = moment.momentary_random().integers(-1, 2, onset.shape[:2], dtype=np.int16)[..., None]
        still = np.clip(onset + tremble, 0, 255).astype(np.uint8)
    return burn_clock(still, _EPOCH + timedelta(seconds=moment.t_s))


def corrupt_picture(picture: Picture, onset: Picture, moment: FaultMoment) -> Picture:
    """Lose slices: from a torn row on, blocks repeat what stood above or hold what an older picture showed there.

    A new tear every second, as with each key frame.
    """
    rng = np.random.default_rng((moment.seed, int(moment.t_s)))
    height, width = picture.shape[:2]
    rows = max(_BLOCK, int(_TORN_SHARE[moment.strength] * height) // _BLOCK * _BLOCK)
    top = int(rng.integers(1, max(2, (height - rows) // _BLOCK + 1))) * _BLOCK
    bottom = min(height, top + rows)
    torn = picture.copy()
    torn[top:bottom] = torn[top - 1 : top]
    for y in range(top, bottom, _BLOCK):
        for x in range(0, width - 2 * _BLOCK, _BLOCK):
            if rng.random() < 0.35:
                _stale_block(torn, onset, y, x, rng)
    return torn


def _stale_block(torn: Picture, onset: Picture, y: int, x: int, rng: np.random.Generator) -> None:
    """Fill one block from a wrong place of the older picture, as a lost motion vector does."""
    height, width = onset.shape[:2]
    end = min(y + _BLOCK, height)
    from_y = int(np.clip(y + rng.integers(-24, 25), 0, height - (end - y)))
    from_x = int(np.clip(x + rng.integers(-24, 25), 0, width - _BLOCK))
    torn[y:end, x : x + _BLOCK] = onset[from_y : from_y + (end - y), from_x : from_x + _BLOCK]


def placeholder(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Show the recorder's own slate: one flat colour and a short text; the mildest keeps the clock running."""
    height, width = picture.shape[:2]
    colour, text = _SLATES[moment.strength]
    slate = np.full((height, width, 3), colour, dtype=np.uint8)
    scale = width / 640
    (text_width, text_height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, max(1, round(2 * scale)))
    at = ((width - text_width) // 2, (height + text_height) // 2)
    cv2.putText(
        slate, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (235, 235, 235), max(1, round(2 * scale)), cv2.LINE_AA
    )
    if moment.strength is Strength.MILD:
        return burn_clock(slate, _EPOCH + timedelta(seconds=moment.t_s))
    return slate


_SLATES = {
    Strength.MILD: ((16, 32, 140), "NO VIDEO"),
    Strength.MEDIUM: ((16, 32, 140), "NO VIDEO"),
    Strength.SEVERE: ((8, 8, 8), "VIDEO LOSS"),
}

FAULT_INJECTORS = (
    FaultInjector(
        Fault.BLOCKINESS,
        SignalStage.RECORDER,
        describe_strengths("8x8 blocks at JPEG quality 14", "at quality 7", "at quality 3: blocks are the picture"),
        blockiness,
    ),
    FaultInjector(
        Fault.FREEZE,
        SignalStage.RECORDER,
        describe_strengths(
            "the picture stands under a running clock and trembles by one level",
            "the picture stands under a running clock",
            "everything stands, the clock too",
        ),
        freeze,
    ),
    FaultInjector(
        Fault.CORRUPT_PICTURE,
        SignalStage.RECORDER,
        describe_strengths("12 % of the rows lost", "35 % lost", "70 % lost"),
        corrupt_picture,
    ),
    FaultInjector(
        Fault.PLACEHOLDER,
        SignalStage.RECORDER,
        describe_strengths("blue slate, clock running", "blue slate", "black slate"),
        placeholder,
    ),
)
