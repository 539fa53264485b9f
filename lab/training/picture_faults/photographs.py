"""Which photographs stand for scenes: those that people like, and of the ones with much out of focus only a fifth.

A camera's lens shows everything sharp; a portrait before a soft background would teach that softness is healthy.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from lab.training.pictures import decode_picture
from lab.training.samples import Sample

LIKED = 0.6
LIKED_SKY = 0.55
"""Opinion from 0 to 1; what is disturbed already makes no healthy scene."""
DETAILED = 0.72
"""Share of a photograph's 256 blocks that hold detail."""
LEAST_DETAIL = 1.2
"""Mean distance in levels of a block's pixels from their surroundings, at half the size."""
SEED = 3


def choose_photographs(samples: Sequence[Sample], split: str, *, others: float = 0.2) -> list[Path]:
    """Return the liked photographs of a split: all that are detailed, and the share `others` of the rest."""
    rng = random.Random(SEED)
    liked = [sample.path for sample in samples if sample.split == split and sample.scores["mos"] >= LIKED]
    return [path for path in liked if others >= 1 or detailed_share(path) >= DETAILED or rng.random() < others]


def choose_skies(samples: Sequence[Sample], split: str) -> list[Path]:
    """Return the photographs of a split whose upper part is brighter and smoother than the lower: most are outdoors."""
    return [s.path for s in samples if s.split == split and s.scores["mos"] >= LIKED_SKY and has_sky(s.path)]


def has_sky(path: Path) -> bool:
    """Whether the upper quarter is bright and bare and the lower half darker and detailed, at an eighth of the size."""
    grey = cv2.cvtColor(decode_picture(path), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA).astype(np.float32)
    detail = np.abs(small - cv2.GaussianBlur(small, (0, 0), 1.0))
    quarter, half = len(small) // 4, len(small) // 2
    above, bare = float(small[:quarter].mean()), float(np.median(detail[:quarter]))
    below, detailed = float(small[half:].mean()), float(np.median(detail[half:]))
    even = float(np.median(small[:quarter].std(axis=1)))
    return above > 130 and bare < 2 and above > below + 10 and detailed > 1.5 * bare + 1 and even < 45


def detailed_share(path: Path) -> float:
    """Share of the photograph's blocks that hold detail, 0 to 1."""
    grey = cv2.cvtColor(decode_picture(path), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.float32)
    detail = np.abs(small - cv2.GaussianBlur(small, (0, 0), 1.0))
    blocks = cv2.resize(detail, (16, 16), interpolation=cv2.INTER_AREA)
    return float((blocks > LEAST_DETAIL).mean())
