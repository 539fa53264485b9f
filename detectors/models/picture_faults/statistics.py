"""What can be measured of a picture without learning: how light, colour and detail are spread. Ours.

Places are a grid of 6 x 8 tiles, so that a wet, fogged or covered part shows beside a clear one. Detail is compared
between sizes: a lens out of focus takes the fine and leaves the coarse, fog takes both, a bare wall never had either.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, adaptive_max_pool2d, avg_pool2d, max_pool2d

GRID = (6, 8)
_LUMA = (0.299, 0.587, 0.114)
_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_FIVE = (0.1, 0.25, 0.5, 0.75, 0.9)
_MAGENTA = (0.02, 0.05, 0.1, 0.2)
_TILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_BANDS = 3
_FAINT = 1e-3
"""A gradient of a quarter of a level: less is none."""
_SAME = 0.02
"""Five levels: what is so near the brightest or the darkest may be clipped there, wherever the encoder puts white."""

LIGHT_STATISTICS = 7 + 4 + 3 * 3 + 4 + 3 + 18 + 3 * 5 + 2 + 2
DETAIL_STATISTICS = 3 * (5 + _BANDS) + (5 + 1 + _BANDS) + (5 + 1) + 2 * 5 + 3 * 5 + (2 * 5 + 2 * _BANDS)
SURFACE_STATISTICS = LIGHT_STATISTICS + DETAIL_STATISTICS


def surface_statistics(rgb: Tensor) -> Tensor:
    """(N, SURFACE_STATISTICS) of RGB (N, 3, H, W) in [0, 1], both sides at least 32."""
    luma = torch.einsum("nchw,c->nhw", rgb, torch.tensor(_LUMA, device=rgb.device))[:, None]
    small = avg_pool2d(rgb, 8)
    return torch.cat([_light(small), _detail(luma), _colour(small)], dim=1)


def _light(small: Tensor) -> Tensor:
    red, green, blue = small[:, 0], small[:, 1], small[:, 2]
    luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    ordered = _ascending(luma.flatten(1))
    brightest, darkest = _ranks(ordered, (0.998,)), _ranks(ordered, (0.002,))
    fixed = [ordered.new_full(brightest.shape, level) for level in (0.9, 0.97, 0.03, 0.1)]
    limits = torch.cat([*fixed, brightest - _SAME, darkest + _SAME], dim=1)
    above = (ordered[:, None] > limits[..., None]).float().mean(dim=2)
    below = (ordered[:, None] < limits[..., None]).float().mean(dim=2)
    parts = [_ranks(ordered, _QUANTILES), above[:, :2], below[:, 2:4], above[:, 4:5], below[:, 5:]]
    leans = torch.stack([(blue - luma) / 1.772, (red - luma) / 1.402, (red + blue) / 2 - green], dim=1).flatten(2)
    deviation, mean = torch.std_mean(leans, dim=2, correction=0)
    parts.append(torch.stack([mean, deviation, leans.abs().mean(dim=2)], dim=2).flatten(1))
    magenta = (torch.minimum(red, blue) - green).flatten(1)
    parts.append((magenta[:, None] > magenta.new_tensor(_MAGENTA)[:, None]).float().mean(dim=2))
    lowest = -max_pool2d(-small.amin(dim=1, keepdim=True), 3, stride=1)
    parts.append(_ranks(_ascending(lowest.flatten(1)), (0.1, 0.5, 0.9)))
    grid = adaptive_avg_pool2d(torch.stack([luma, luma.square()], dim=1), 3).flatten(2)
    parts += [grid[:, 0], (grid[:, 1] - grid[:, 0].square()).clamp_min(0).sqrt()]
    return torch.cat([*parts, *_leans(small, luma)], dim=1)


def _leans(small: Tensor, luma: Tensor) -> list[Tensor]:
    """How the places' own leans are spread, against their light, and how many places are purple.

    A road that turned purple between green verges leans nowhere on the whole.
    """
    red, green, blue = small[:, 0], small[:, 1], small[:, 2]
    leans = torch.stack([(red + blue) / 2 - green, blue - luma, red - luma], dim=1)
    leans = (leans / (luma + 0.1)[:, None]).flatten(2)
    parts = [_ranks(_ascending(leans), _FIVE).flatten(1)]
    purple, bluish, reddish = leans.unbind(dim=1)
    for level in (0.04, 0.1):
        there = (purple > level) & (bluish > 0) & (reddish > -level)
        parts.append(there.float().mean(dim=1, keepdim=True))
    return parts


def _detail(luma: Tensor) -> Tensor:
    """Of luma (N, 1, H, W): gradients at three sizes, their ratios, edges, the darkest and brightest of each tile."""
    parts, tiles = [], []
    sizes = [luma, half := _halve(luma), _halve(half)]
    gradients = [_gradient(one) for one in sizes]
    for gradient in gradients:
        tile = (adaptive_avg_pool2d(gradient, GRID) + _FAINT).log()
        tiles.append(tile)
        parts += [_tile_ranks(tile), _bands(tile)]
    fine = tiles[0] - tiles[2]
    weight = adaptive_avg_pool2d(gradients[2], GRID)
    parts += [_tile_ranks(fine), _weighted_mean(fine, weight), _bands(fine)]
    grain = (2 * luma[..., 1:-1] - luma[..., :-2] - luma[..., 2:]).abs()
    finest = (adaptive_avg_pool2d(grain, GRID) + _FAINT).log() - tiles[0]
    parts += [_tile_ranks(finest), _weighted_mean(finest, weight)]
    steepest = [(adaptive_max_pool2d(one, GRID) + _FAINT).log() for one in (gradients[0], gradients[2])]
    parts += [_tile_ranks(steepest[0]), _tile_ranks(steepest[0] - steepest[1])]
    brightest, darkest = adaptive_max_pool2d(sizes[1], GRID), -adaptive_max_pool2d(-sizes[1], GRID)
    parts += [_tile_ranks(brightest), _tile_ranks(darkest), _tile_ranks(brightest - darkest)]
    return torch.cat(parts, dim=1)


def _colour(small: Tensor) -> Tensor:
    """Saturation and purple lean by tile and by band."""
    saturation = adaptive_avg_pool2d(small.amax(dim=1, keepdim=True) - small.amin(dim=1, keepdim=True), GRID)
    red, green, blue = torch.split(adaptive_avg_pool2d(small, GRID), 1, dim=1)
    lean = ((red + blue) / 2 - green) / (_LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue + 0.1)
    return torch.cat([_tile_ranks(saturation), _tile_ranks(lean), _bands(saturation), _bands(lean)], dim=1)


def _halve(luma: Tensor) -> Tensor:
    """Means over 2 x 2, as `avg_pool2d`, in a quarter of its time."""
    height, width = (side // 2 * 2 for side in luma.shape[-2:])
    rows = luma[..., 0:height:2, :] + luma[..., 1:height:2, :]
    return (rows[..., 0:width:2] + rows[..., 1:width:2]) * 0.25


def _gradient(luma: Tensor) -> Tensor:
    """|dx| + |dy| (N, 1, H-1, W-1). Differences run over the rows' ends too, which is quicker; those are left out."""
    count, _, height, width = luma.shape
    flat = luma.reshape(count, height * width)
    across = (flat[:, 1 : (height - 1) * width + 1] - flat[:, : (height - 1) * width]).abs_()
    down = (flat[:, width:] - flat[:, :-width]).abs_()
    return across.add_(down).reshape(count, 1, height - 1, width)[..., :-1]


def _ascending(values: Tensor) -> Tensor:
    """`values` in ascending order along the last axis: on a CPU NumPy's sort, five times as quick."""
    if values.device.type == "cpu":
        return torch.from_numpy(np.sort(values.numpy(), axis=-1))
    return values.sort(dim=-1).values


def _ranks(ordered: Tensor, levels: Sequence[float]) -> Tensor:
    """(..., levels): the values at these shares of (..., n) in ascending order."""
    last = ordered.shape[-1] - 1
    return torch.stack([ordered[..., round(level * last)] for level in levels], dim=-1)


def _tile_ranks(tiles: Tensor) -> Tensor:
    return _ranks(_ascending(tiles.flatten(1)), _TILES)


def _bands(tiles: Tensor) -> Tensor:
    """(N, 3): the mean of the upper, the middle and the lower tiles."""
    return adaptive_avg_pool2d(tiles, (_BANDS, 1)).flatten(1)


def _weighted_mean(tiles: Tensor, weight: Tensor) -> Tensor:
    total = weight.flatten(1).sum(dim=1, keepdim=True).clamp_min(_FAINT)
    return (tiles * weight).flatten(1).sum(dim=1, keepdim=True) / total
