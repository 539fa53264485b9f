"""The orthonormal two-dimensional discrete cosine transform, as products with its matrix.

A Fourier transform would take fewer operations, and measured slower at the sizes of surveillance pictures.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor


def dct2(maps: Tensor) -> Tensor:
    """Type II, orthonormal, over the last two axes of (..., H, W); the sum of squares is kept.

    C(u, v) = a(u) a(v) sum_xy f(x, y) cos(pi (2x+1) u / 2W) cos(pi (2y+1) v / 2H), a(0) = sqrt(1/N), else sqrt(2/N).
    """
    height, width = maps.shape[-2:]
    return _matrix(height).to(maps) @ maps @ _matrix(width).to(maps).T


@lru_cache(maxsize=8)
def _matrix(length: int) -> Tensor:
    """(length, length): row u holds the u-th cosine."""
    lines = torch.arange(length, dtype=torch.float64)
    cosines = torch.cos(math.pi / length * (lines.unsqueeze(1) * (lines + 0.5))) * math.sqrt(2 / length)
    cosines[0] /= math.sqrt(2)
    return cosines.float()
