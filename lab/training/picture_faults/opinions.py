"""Real pictures and what people think of them: photographs with their own faults, and frames of healthy cameras.

Degradations that a recipe makes are only like real ones. A photograph that thirty people find poor has something
wrong with it, whatever it is; one that they like has nothing, and neither has a frame of a working camera.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.models.picture_faults.kinds import KINDS
from lab.training.picture_faults.camera import look_at
from lab.training.picture_faults.faults import UNSURE
from lab.training.picture_faults.light import Pixels
from lab.training.picture_faults.material import SEEN, SHAPES, Shard, resize_for_network
from lab.training.pictures import decode_picture
from lab.training.samples import Sample

LIKED, LIKED_WELL, POOR = 0.62, 0.75, 0.28
"""Opinion from 0 to 1."""
BURNT, BURNT_OPINION = 0.3, 0.38
"""Share of nearly white places, and the opinion below which that is a burnt out picture and no white background."""
DARK, DARK_OPINION = 0.22, 0.32
"""95th percentile of light, and the opinion below which that is too dark and no night."""
_BLOCK = 8
_NEARLY_WHITE = 0.9
MATTERS_OF_TASTE = ("noise", "colour_cast", "defocus", "covered_part")
"""What a photograph may show and still be liked fairly well."""


def draw_opinions(
    photographs: Sequence[Sample], frames: Sequence[Path], number: int, seed: int, count: int = 128
) -> Shard:
    """Shard `number` of `seed`: each picture a photograph as a camera shows it, or one in five times a camera's frame.

    Its targets are (N, kinds + 1): the last says whether there is any fault at all.
    """
    shape = SHAPES[number % len(SHAPES)]
    rng = np.random.default_rng((seed, number))
    pictures, targets, looks = [], [], []
    for _ in range(count):
        if frames and rng.random() < 0.2:
            picture, row = decode_picture(frames[int(rng.integers(len(frames)))]), np.zeros(len(KINDS) + 1, np.float32)
        else:
            sample = photographs[int(rng.integers(len(photographs)))]
            picture = decode_picture(sample.path)
            row = opinion_targets(picture, sample.scores["mos"])
        shown = look_at(picture, shape, rng) if rng.random() < 0.7 else cut(picture, shape, rng)
        pictures.append(resize_for_network(shown, shape))
        targets.append(row)
        looks.append("real")
    return Shard(np.stack(pictures), np.stack(targets), looks, [[] for _ in looks])


def opinion_targets(picture: Pixels, opinion: float) -> NDArray[np.float32]:
    """(kinds + 1,): 1 there, 0 not there, -1 unsure, of a photograph and what people think of it (0 to 1)."""
    kinds = dict.fromkeys(KINDS, 0.0 if opinion >= LIKED else UNSURE)
    anything = 0.0 if opinion >= LIKED else 1.0 if opinion < POOR else UNSURE
    if LIKED <= opinion < LIKED_WELL:
        kinds.update(dict.fromkeys(MATTERS_OF_TASTE, UNSURE))
    small = cv2.resize(picture, None, fx=1 / _BLOCK, fy=1 / _BLOCK, interpolation=cv2.INTER_AREA)
    light = cv2.cvtColor(np.asarray(small, np.uint8), cv2.COLOR_RGB2GRAY) / 255
    if opinion < BURNT_OPINION and float((light > _NEARLY_WHITE).mean()) > BURNT:
        kinds["burnt_out"] = anything = 1.0
    if opinion < DARK_OPINION and float(np.quantile(light, 0.95)) < DARK:
        kinds["too_dark"] = anything = 1.0
    return np.array([*(kinds[kind] for kind in KINDS), anything], np.float32)


def cut(picture: Pixels, shape: str, rng: np.random.Generator) -> Pixels:
    """The largest part of `picture` that has this shape, at a place drawn by `rng`."""
    width, height = SEEN[shape]
    fit = min(picture.shape[1] / width, picture.shape[0] / height)
    wide, tall = int(width * fit), int(height * fit)
    left = int(rng.integers(0, picture.shape[1] - wide + 1))
    top = int(rng.integers(0, picture.shape[0] - tall + 1))
    return np.ascontiguousarray(picture[top : top + tall, left : left + wide])
