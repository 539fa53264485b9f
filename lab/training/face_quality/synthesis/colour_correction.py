"""A photograph's own light and colour set right before it serves as a faultless start: ours.

Photographers play with light: a face lit in red, or in the dark, would be called faultless in the colours and
contrast it lacks, and no network could tell it from one that was made so. Levels and white balance are therefore
brought to the nearest ordinary ones, as a picture is developed, and what would need more than that is left out.
The band of skin's hues is wide, for hue hardly differs between light and dark skin; no lightness of skin is asked for
but that of a picture with shadows and highlights.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lab.training.augment.face_distortions import GAMMA, Picture

Numbers = NDArray[np.floating]
JUDGED_SIDE = 112
"""Pixels across the surroundings in which light and colour are judged."""
SKIN_HUE_DEGREES, SKIN_CHROMA = (30.0, 65.0), (10.0, 26.0)
"""In the a*b* plane of CIELAB."""
LARGEST_BLACK, SMALLEST_WHITE = 0.06, 0.85
"""The 1st and 99th percentile of luma in the surroundings, gamma-coded."""
LARGEST_GAIN = 1.6
"""Of a channel in linear light, and of the luma: what asks for more is not developed but left out."""
SMALLEST_SKIN_LIGHTNESS, SMALLEST_SKIN_CHROMA, LARGEST_COLOUR_SPREAD = 25.0, 6.0, 18.0
"""L* of the skin after developing; its chroma before, of a photograph in colour; root sum of the variances of a* and b*
in the face after: paint and coloured lamps."""
ABOVE_EYES, SKIN_REACH = 0.2, 0.5
"""Skin is looked for between the eyes and the forehead, where no mask is: the middle of the eyes, moved away from the
mouth by a share of their distance to it, and a radius in distances between the eyes."""
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class ColourCorrection:
    """Luma `black` becomes `darkest`, stretched by `stretch`; `gains` of the channels in linear light.

    `ordinary` is whether light and colour are ordinary then.
    """

    black: float
    darkest: float
    stretch: float
    gains: NDArray[np.float32]
    ordinary: bool

    def apply(self, picture: Picture) -> Picture:
        """The picture (H, W, 3) in [0, 1], developed."""
        return _balance(_level(picture, self.black, self.darkest, self.stretch), self.gains)


def estimate_correction(picture: Picture, box: Numbers, points: Numbers) -> ColourCorrection:
    """What the surroundings of a face (S, S, 3) in [0, 1] with box (4,) and points (5, 2) need."""
    factor = JUDGED_SIDE / len(picture)
    small = cv2.resize(picture, (JUDGED_SIDE, JUDGED_SIDE), interpolation=cv2.INTER_AREA)
    box, points = box * factor, points * factor
    black, white = np.percentile(small @ LUMA, [1, 99])
    darkest, brightest = min(black, LARGEST_BLACK), max(white, SMALLEST_WHITE)
    stretch = float((brightest - darkest) / max(white - black, 1e-3))
    levelled = _level(np.asarray(small, np.float32), black, darkest, stretch)
    skin = np.median(_forehead(levelled, points), axis=0)
    gains = _gains(skin)
    mild = max(stretch, float(gains.max()), float(1 / gains.min())) <= LARGEST_GAIN
    coloured = float(np.hypot(*_lab(skin[None, None])[0, 0, 1:])) >= SMALLEST_SKIN_CHROMA
    ordinary = mild and coloured and _looks_ordinary(_balance(levelled, gains), box, points)
    return ColourCorrection(float(black), float(darkest), stretch, gains, ordinary)


def _looks_ordinary(picture: Picture, box: Numbers, points: Numbers) -> bool:
    left, top, right, bottom = (max(0, round(float(edge))) for edge in box)
    lab = _lab(picture[top:bottom, left:right])
    spread = float(np.hypot(lab[..., 1].std(), lab[..., 2].std()))
    lightness = float(np.median(_lab(_forehead(picture, points)[None])[..., 0]))
    return spread <= LARGEST_COLOUR_SPREAD and lightness >= SMALLEST_SKIN_LIGHTNESS


def _level(picture: Picture, black: float, darkest: float, stretch: float) -> Picture:
    return np.asarray(((picture - black) * stretch + darkest).clip(0, 1), np.float32)


def _balance(picture: Picture, gains: NDArray[np.float32]) -> Picture:
    return np.asarray((picture**GAMMA * gains).clip(0, 1) ** (1 / GAMMA), np.float32)


def _gains(skin: Numbers) -> NDArray[np.float32]:
    """Gains of red, green and blue in linear light that bring this colour to the nearest ordinary hue and chroma."""
    lightness, a, b = _lab(skin[None, None])[0, 0].tolist()
    hue = np.radians(np.clip(np.degrees(np.arctan2(b, a)), *SKIN_HUE_DEGREES))
    chroma = np.clip(np.hypot(a, b), *SKIN_CHROMA)
    aim = np.array([[[lightness, chroma * np.cos(hue), chroma * np.sin(hue)]]], np.float32)
    wanted = cv2.cvtColor(aim, cv2.COLOR_LAB2RGB)[0, 0].clip(1e-3, 1)
    return np.asarray((wanted / skin.clip(1e-3, 1)) ** GAMMA, np.float32)


def _forehead(picture: Picture, points: Numbers) -> Picture:
    """The pixels (P, 3) between the eyes and above; the whole picture where they are outside it."""
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    column, row = eyes + ABOVE_EYES * (eyes - mouth)
    reach = max(1.5, SKIN_REACH * float(np.linalg.norm(points[1] - points[0])))
    rows, columns = np.ogrid[: picture.shape[0], : picture.shape[1]]
    near = (columns - column) ** 2 + (rows - row) ** 2 <= reach**2
    found: Picture = picture[near] if near.any() else picture.reshape(-1, 3)
    return found


def _lab(picture: NDArray[np.floating]) -> Picture:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture, np.float32), cv2.COLOR_RGB2LAB), np.float32)
