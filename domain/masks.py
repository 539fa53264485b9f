"""What masks cover, and whether they leave something to judge."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.cameras import Mask
from domain.errors import ConfigError

MAX_MASKS = 64
LEAST_FREE_SHARE = 0.01
"""How much of the picture masks must leave."""
_POINTS_A_SIDE = 100


def check_masks(masks: Sequence[Mask]) -> None:
    """Raise `ConfigError` for more than 64 masks, or masks that together leave less than a hundredth of the picture.

    The share is counted on a grid of 100 by 100 points, each the centre of its cell.
    """
    if len(masks) > MAX_MASKS:
        raise ConfigError(f"at most {MAX_MASKS} masks are possible; join those that touch")
    side = (np.arange(_POINTS_A_SIDE) + 0.5) / _POINTS_A_SIDE
    across, down = side[None, :], side[:, None]
    covered = np.zeros((_POINTS_A_SIDE, _POINTS_A_SIDE), bool)
    for mask in masks:
        covered |= points_inside(mask, across, down)
    if 1.0 - covered.mean() < LEAST_FREE_SHARE:
        raise ConfigError(
            "cover the whole picture, so that nothing would be judged; leave a part free, or switch the camera off"
        )


def points_inside(mask: Mask, across: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return (rows, columns) which points lie in a mask, of `across` (1, columns) and `down` (rows, 1) as fractions.

    In a polygon by the even-odd rule (a ray to the right).
    """
    if not mask.points:
        beside = (across >= mask.left) & (across < mask.left + mask.width)
        return np.asarray(beside & (down >= mask.top) & (down < mask.top + mask.height))
    inside = np.zeros((down.size, across.size), bool)
    for (x0, y0), (x1, y1) in zip(mask.points, (*mask.points[1:], mask.points[0]), strict=True):
        if y0 != y1:
            crossed = (y0 > down) != (y1 > down)
            inside ^= crossed & (across < x0 + (down - y0) * (x1 - x0) / (y1 - y0))
    return inside
