"""The full-reference DCT metric: how much of the first convolution's spectrum compression took away (Eq. 21).

Offline only, for it needs the original. Eq. 21 divides the transforms of the original's and the compressed picture's
feature maps; divided coefficient by coefficient this blows up wherever the denominator vanishes. The stable readings
are below; `lab/training/detection_quality` chose among them on training clips.
"""

import math
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from types import MappingProxyType

import torch
from torch import Tensor

from detectors.models.detection_quality.first_convolution import FirstConvolution

SMALLEST_SIDE = 32
FLOOR = 0.05
"""Of a map's mean magnitude in the original: what lies below is noise of the eighth bit, not picture."""


def ratio_of_sums(original: Tensor, compressed: Tensor) -> Tensor:
    """sum|DCT o| / sum|DCT c| for each map: (N, O, H, W) twice to (N, O), the constant coefficient left out."""
    return _magnitudes(original).sum(-1) / _magnitudes(compressed).sum(-1).clamp_min(1e-12)


def mean_log_ratio(original: Tensor, compressed: Tensor) -> Tensor:
    """exp of the mean of log((|DCT o| + f) / (|DCT c| + f)), f the floor: (N, O, H, W) twice to (N, O)."""
    above, below, floor = _add_floor(original, compressed)
    return ((above + floor).log() - (below + floor).log()).mean(-1).exp()


def floored_mean(original: Tensor, compressed: Tensor) -> Tensor:
    """Mean of (|DCT o| + f) / (|DCT c| + f), f the floor: (N, O, H, W) twice to (N, O)."""
    above, below, floor = _add_floor(original, compressed)
    return ((above + floor) / (below + floor)).mean(-1)


def median_ratio(original: Tensor, compressed: Tensor) -> Tensor:
    """Median of |DCT o| / |DCT c|, the plain ratio made robust: (N, O, H, W) twice to (N, O)."""
    return (_magnitudes(original) / _magnitudes(compressed).clamp_min(1e-12)).median(-1).values


READINGS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = MappingProxyType(
    {
        "ratio_of_sums": ratio_of_sums,
        "mean_log_ratio": mean_log_ratio,
        "floored_mean": floored_mean,
        "median_ratio": median_ratio,
    }
)
READING = "floored_mean"
"""On 146 photographs of the training half at five CRFs it follows best what YOLOX-nano loses (docs/models)."""


def dct_loss(original: Tensor, compressed: Tensor, convolution: FirstConvolution, reading: str = READING) -> Tensor:
    """(N,) of RGB (N, 3, H, W) twice, in [0, 1], native size: the mean over the filters; 1 where nothing was lost,
    larger is worse. NaN where a side is under 32 pixels.

    Raises ValueError where the two differ in shape.
    """
    return dct_losses(original, compressed, convolution, (reading,))[reading]


def dct_losses(
    original: Tensor, compressed: Tensor, convolution: FirstConvolution, readings: Collection[str] = tuple(READINGS)
) -> dict[str, Tensor]:
    """Return `dct_loss` (N,) for each of several readings, which share the transforms."""
    if original.shape != compressed.shape:
        raise ValueError(f"original {tuple(original.shape)} and compressed {tuple(compressed.shape)} differ")
    if min(original.shape[-2:]) < SMALLEST_SIDE:
        return {reading: original.new_full((len(original),), float("nan")) for reading in readings}
    before, after = dct2(convolution(original)), dct2(convolution(compressed))
    return {reading: READINGS[reading](before, after).mean(-1) for reading in readings}


def _magnitudes(coefficients: Tensor) -> Tensor:
    """(N, O, H, W) to (N, O, H*W - 1): magnitudes but for the constant coefficient, which holds only brightness."""
    return coefficients.abs().flatten(2)[..., 1:]


def _add_floor(original: Tensor, compressed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    above, below = _magnitudes(original), _magnitudes(compressed)
    floor = (FLOOR * above.mean(-1, keepdim=True)).clamp_min(torch.finfo(above.dtype).tiny)
    return above, below, floor


def dct2(maps: Tensor) -> Tensor:
    """Type II, orthonormal, over the last two axes of (..., H, W); the sum of squares is kept.

    C(u, v) = a(u) a(v) sum_xy f(x, y) cos(pi (2x+1) u / 2W) cos(pi (2y+1) v / 2H), a(0) = sqrt(1/N), else sqrt(2/N).
    """
    height, width = maps.shape[-2:]
    return _dct_matrix(height).to(maps) @ maps @ _dct_matrix(width).to(maps).T


@lru_cache(maxsize=8)
def _dct_matrix(length: int) -> Tensor:
    """(length, length): row u holds the u-th cosine."""
    lines = torch.arange(length, dtype=torch.float64)
    cosines = torch.cos(math.pi / length * (lines.unsqueeze(1) * (lines + 0.5))) * math.sqrt(2 / length)
    cosines[0] /= math.sqrt(2)
    return cosines.float()
