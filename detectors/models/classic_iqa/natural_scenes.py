"""Statistics that undistorted photographs share: luma normalised by its surroundings, and how its values spread.

Shared by BRISQUE (Mittal, Moorthy, Bovik 2012) and NIQE (Mittal, Soundararajan, Bovik 2013). Everything is computed in
double precision and per picture, so that no batch changes a feature.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

Beyond = Literal["replicate", "constant"]
REACH = 3
SIGMA = 7 / 6
SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Neighbour to the right, below, and along both diagonals: (down, across)."""
NEGLIGIBLE = 1e-6
_SHAPES = (0.2, 10.0, 0.001)


@dataclass(frozen=True, slots=True)
class AsymmetricGaussian:
    """An asymmetric generalised Gaussian per row: shape; root mean squares left and right of 0; all (R,) float64."""

    shape: Tensor
    left: Tensor
    right: Tensor

    @property
    def scale(self) -> Tensor:
        """What turns a root mean square into the distribution's own scale: sqrt(G(1/a) / G(3/a)), shaped as `shape`."""
        return ((torch.lgamma(1 / self.shape) - torch.lgamma(3 / self.shape)) / 2).exp()

    @property
    def mean(self) -> Tensor:
        """(right - left) scale G(2/a) / G(1/a), shaped as `shape`."""
        ratio = (torch.lgamma(2 / self.shape) - torch.lgamma(1 / self.shape)).exp()
        return (self.right - self.left) * self.scale * ratio


def normalise_luma(luma: Tensor, *, beyond: Beyond) -> tuple[Tensor, Tensor]:
    """Mean subtracted, contrast normalised luma (I - mu) / (sigma + 1), and sigma, each (H, W) float64, of (H, W).

    `luma` in levels of 255. mu and sigma are Gaussian, 7 x 7, 7/6 wide; `beyond` the border the picture continues as
    it ends, or is black. What only rounding makes differ from 0 is 0, so that even areas belong to neither side.
    """
    levels = luma.double()
    mean = _smooth(levels, beyond)
    deviation = (_smooth(levels.square(), beyond) - mean.square()).clamp_min(0).sqrt()
    normal = (levels - mean) / (deviation + 1)
    return torch.where(normal.abs() > NEGLIGIBLE, normal, 0.0), deviation


def fit_asymmetric_gaussian(values: Tensor, *, zero_is_right: bool) -> AsymmetricGaussian:
    """Fit each row of (R, K) by moments (Lasmar, Stitou, Berthoumieu 2009), the shape to 0.001 between 0.2 and 10.

    Where a side has no value its root mean square is 0. Rows that are zero throughout get the shape 10 (ours).
    """
    squares = values.square()
    left_side = values < 0
    right_side = values >= 0 if zero_is_right else values > 0
    left = _root_mean(squares, left_side)
    right = _root_mean(squares, right_side)
    ratio = left / right
    bent = (ratio**3 + 1) * (ratio + 1) / (ratio.square() + 1).square()
    peak = values.abs().mean(dim=1).square() / squares.mean(dim=1) * torch.where(right > 0, bent, 1.0)
    shapes, table = _shape_table()
    return AsymmetricGaussian(shapes[_nearest(table, peak.nan_to_num(nan=1.0))].to(values.device), left, right)


def _root_mean(squares: Tensor, chosen: Tensor) -> Tensor:
    """Root mean of the chosen values of each row; 0 of none."""
    return ((squares * chosen).sum(dim=1) / chosen.sum(dim=1).clamp_min(1)).sqrt()


def _smooth(levels: Tensor, beyond: Beyond) -> Tensor:
    offsets = torch.arange(-REACH, REACH + 1, dtype=levels.dtype, device=levels.device)
    bell = torch.exp(-offsets.square() / (2 * SIGMA**2))
    bell = bell / bell.sum()
    widened = pad(levels[None, None], (REACH,) * 4, mode=beyond)
    return conv2d(conv2d(widened, bell.view(1, 1, -1, 1)), bell.view(1, 1, 1, -1))[0, 0]


@lru_cache(maxsize=1)
def _shape_table() -> tuple[Tensor, Tensor]:
    """Shapes and their G(2/a)^2 / (G(1/a) G(3/a)), which rises with the shape."""
    low, high, step = _SHAPES
    shapes = low + step * torch.arange(round((high - low) / step), dtype=torch.float64)
    table = (2 * torch.lgamma(2 / shapes) - torch.lgamma(1 / shapes) - torch.lgamma(3 / shapes)).exp()
    return shapes, table


def _nearest(table: Tensor, wanted: Tensor) -> Tensor:
    """Index of the entry of a rising table that is nearest to each value."""
    wanted = wanted.cpu().contiguous()
    above = torch.searchsorted(table, wanted).clamp(1, len(table) - 1)
    below = above - 1
    return torch.where((table[above] - wanted).abs() < (table[below] - wanted).abs(), above, below)
