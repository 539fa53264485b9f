"""What moves through a scene: cut out of photographs that scikit-image ships, never drawn."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import skimage
from numpy.typing import NDArray

_PHOTOGRAPHS = Path(skimage.__file__).parent / "data"


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """`colour` (h, w, 3) uint8 RGB and `alpha` (h, w, 1) float32 in [0, 1]."""

    colour: NDArray[np.uint8]
    alpha: NDArray[np.float32]

    def scale(self, height_px: int) -> "Sprite":
        """Return the sprite at this height."""
        factor = height_px / self.colour.shape[0]
        size = (max(2, round(self.colour.shape[1] * factor)), height_px)
        colour = cv2.resize(self.colour, size, interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(self.alpha, size, interpolation=cv2.INTER_AREA)
        return Sprite(np.asarray(colour, dtype=np.uint8), alpha[..., None].astype(np.float32))

    def mirror(self) -> "Sprite":
        """Return the sprite looking the other way."""
        return Sprite(np.ascontiguousarray(self.colour[:, ::-1]), np.ascontiguousarray(self.alpha[:, ::-1]))

    def paste(self, picture: NDArray[np.uint8], left: int, top: int) -> None:
        """Lay the sprite over the picture (H, W, 3), in place; what sticks out is cut off."""
        height, width = self.alpha.shape[:2]
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(picture.shape[1], left + width), min(picture.shape[0], top + height)
        if x0 >= x1 or y0 >= y1:
            return
        inside = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
        below = picture[y0:y1, x0:x1].astype(np.float32)
        picture[y0:y1, x0:x1] = (below + self.alpha[inside] * (self.colour[inside] - below)).astype(np.uint8)


def load_photograph(name: str) -> NDArray[np.uint8]:
    """Return one of the photographs in scikit-image's wheel as (H, W, 3) uint8 RGB; nothing is ever fetched."""
    picture = cv2.imread(str(_PHOTOGRAPHS / name), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise FileNotFoundError(f"scikit-image's wheel brought no {name}; install scikit-image>=0.25")
    return np.asarray(picture, dtype=np.uint8)


@cache
def walker() -> Sprite:
    """The cameraman in his coat, from the dark parts of his photograph and what they enclose."""
    picture = load_photograph("camera.png")
    dark = (picture[..., 0] < 100).astype(np.uint8)
    closed = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (19, 19)))
    box = slice(60, 500), slice(60, 246)
    sprite = _cut(picture[box], _keep_largest(np.asarray(closed, dtype=np.uint8)[box]))
    # His camera is left behind: where it was, he fades out.
    fade = np.clip((sprite.alpha.shape[1] - 1 - np.arange(sprite.alpha.shape[1])) / 24, 0, 1).astype(np.float32)
    return Sprite(sprite.colour, sprite.alpha * fade[None, :, None])


@cache
def motorcycle() -> Sprite:
    """The motorcycle, from what is nearer in its stereo photograph than the floor at the same height."""
    picture = load_photograph("motorcycle_left.png")
    with np.load(_PHOTOGRAPHS / "motorcycle_disp.npz") as stored:
        disparity = np.nan_to_num(stored[stored.files[0]], posinf=0.0)
    floor = np.median(disparity[:, 20:90], axis=1, keepdims=True)
    near = (disparity > np.maximum(38, floor + 2.5)).astype(np.uint8)
    near[:, :90] = near[:, 690:] = 0
    return _cut(picture, _keep_largest(cv2.morphologyEx(near, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))))


@cache
def coin() -> Sprite:
    """One of the coins of Pompeii."""
    picture = load_photograph("coins.png")[14:72, 303:361]
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, picture.shape[1::-1])
    return _cut(np.asarray(picture * np.array([0.95, 0.8, 0.55]), dtype=np.uint8), np.asarray(disc, dtype=np.uint8))


@cache
def horse() -> Sprite:
    """A horse's outline, clad in the fur of scikit-image's cat."""
    outline = (load_photograph("horse.png")[..., 0] < 128).astype(np.uint8)
    height, width = outline.shape
    fur = cv2.resize(load_photograph("chelsea.png")[10:120, 150:290], (width, height), interpolation=cv2.INTER_CUBIC)
    return _cut((np.asarray(fur) * 0.6).astype(np.uint8), outline)


def _keep_largest(mask: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return only the largest connected part of the mask."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(np.asarray(mask, dtype=np.uint8))
    biggest = 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA]))
    return np.asarray(labels == biggest, dtype=np.uint8)


def _cut(picture: NDArray[np.uint8], mask: NDArray[np.uint8]) -> Sprite:
    """Return the part of the picture under the mask, its rim softened, cropped to what there is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    alpha = cv2.GaussianBlur(mask[box].astype(np.float32), (0, 0), 0.8)
    return Sprite(np.ascontiguousarray(picture[box]), np.asarray(alpha, dtype=np.float32)[..., None])
