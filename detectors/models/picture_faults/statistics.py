"""What can be measured of a picture without learning: how light, colour and detail are spread. Ours.

Places are a grid of 6 x 8 tiles, so that a wet, fogged or covered part shows beside a clear one. Detail is compared
between sizes: a lens out of focus takes the fine and leaves the coarse, fog takes both, a bare wall never had either.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, adaptive_max_pool2d

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
    luma = torch.matmul(rgb.new_tensor([_LUMA]), rgb.flatten(2)).reshape(len(rgb), 1, *rgb.shape[2:])
    small = _reduce(rgb)
    detail, (fine, finest) = _detail(luma)
    tiles = torch.stack([*detail, *_colour(small)], dim=1)
    ranks = _ranks(_ascending(tiles.flatten(2)), _TILES)
    bands = tiles.reshape(*tiles.shape[:2], _BANDS, -1).mean(dim=3)
    sized = torch.cat([ranks[:, :3], bands[:, :3]], dim=2).flatten(1)
    parts = [sized, ranks[:, 3], fine, bands[:, 3], ranks[:, 4], finest]
    return torch.cat([_light(small), *parts, ranks[:, 5:].flatten(1), bands[:, -2:].flatten(1)], dim=1)


def _light(small: Tensor) -> Tensor:
    red, green, blue = small.unbind(dim=1)
    luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    ordered = _ascending(luma.flatten(1))
    taken = _ranks(ordered, (*_QUANTILES, 0.998, 0.002))
    quantiles, brightest, darkest = taken[:, : len(_QUANTILES)], taken[:, -2:-1], taken[:, -1:]
    fixed = ordered.new_tensor([(0.9, 0.97, 0.03, 0.1)]).expand(len(ordered), -1)
    limits, count = torch.cat([fixed, brightest - _SAME, darkest + _SAME], dim=1), ordered.shape[1]
    above = 1 - torch.searchsorted(ordered, limits, right=True) / count
    below = torch.searchsorted(ordered, limits) / count
    parts = [quantiles, above[:, :2], below[:, 2:4], above[:, 4:5], below[:, 5:]]
    purple = (red + blue) / 2 - green
    from_luma = torch.stack([blue, red], dim=1) - luma[:, None]
    leans = torch.stack([from_luma[:, 0] / 1.772, from_luma[:, 1] / 1.402, purple], dim=1).flatten(2)
    mean = leans.mean(dim=2)
    deviation = (leans - mean[..., None]).square_().mean(dim=2).sqrt()
    parts.append(torch.stack([mean, deviation, leans.abs().mean(dim=2)], dim=2).flatten(1))
    magenta = (torch.minimum(red, blue) - green).flatten(1)
    parts.append(_share(magenta[:, None] > magenta.new_tensor(_MAGENTA)[:, None]))
    lowest = _least_of_three(_least_of_three(small.amin(dim=1)).mT)
    parts.append(_ranks(_ascending(lowest.flatten(1)), (0.1, 0.5, 0.9)))
    grid = adaptive_avg_pool2d(torch.stack([luma, luma.square()], dim=1), 3).flatten(2)
    parts += [grid[:, 0], (grid[:, 1] - grid[:, 0].square()).clamp_min(0).sqrt()]
    return torch.cat([*parts, *_leans(torch.cat([purple[:, None], from_luma], dim=1), luma)], dim=1)


def _leans(leans: Tensor, luma: Tensor) -> list[Tensor]:
    """How the places' own leans (N, 3, h, w) to purple, blue and red are spread, and how many places are purple.

    Each against its light (N, h, w): a road that turned purple between green verges leans nowhere on the whole.
    """
    leans = (leans / (luma + 0.1)[:, None]).flatten(2)
    purple, bluish, reddish = leans.unbind(dim=1)
    cold, levels = bluish > 0, (0.04, 0.1)
    purples = [_share((purple > level) & cold & (reddish > -level))[:, None] for level in levels]
    return [_ranks(_ascending(leans), _FIVE).flatten(1), *purples]


def _detail(luma: Tensor) -> tuple[list[Tensor], tuple[Tensor, Tensor]]:
    """Of luma (N, 1, H, W) by tile: gradients at three sizes, their ratios, edges, the darkest and the brightest.

    Returns what is ranked, and the means of the two ratios where the coarse picture has gradients.
    """
    sizes = [luma, half := _halve(luma), _halve(half)]
    gradients = [_gradient(one) for one in sizes]
    means = torch.cat([_tile_means(one) for one in (*gradients, _grain(luma))], dim=1)
    first, second, third, grain = (means + _FAINT).log().unbind(dim=1)
    fine, finest = first - third, grain - first
    extremes = [adaptive_max_pool2d(one, GRID) for one in (gradients[0], gradients[2], half, -half)]
    steepest, steepest_third = (torch.cat(extremes[:2], dim=1) + _FAINT).log().unbind(dim=1)
    brightest, darkest = extremes[2][:, 0], -extremes[3][:, 0]
    tiles = [first, second, third, fine, finest, steepest, steepest - steepest_third]
    weight, total = means[:, 2], means[:, 2].sum(dim=(1, 2))[:, None].clamp_min(_FAINT)
    ratios = [(ratio * weight).sum(dim=(1, 2))[:, None] / total for ratio in (fine, finest)]
    return [*tiles, brightest, darkest, brightest - darkest], (ratios[0], ratios[1])


def _colour(small: Tensor) -> list[Tensor]:
    """Saturation and purple lean by tile."""
    saturation = small.amax(dim=1, keepdim=True) - small.amin(dim=1, keepdim=True)
    red, green, blue, saturation = _tile_means(torch.cat([small, saturation], dim=1)).unbind(dim=1)
    return [saturation, ((red + blue) / 2 - green) / (_LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue + 0.1)]


def _reduce(rgb: Tensor) -> Tensor:
    """Means over 8 x 8, as `avg_pool2d`, in two thirds of its time."""
    count, colours, full_height, full_width = rgb.shape
    height, width = full_height // 8, full_width // 8
    rows = rgb[..., : 8 * height, :].reshape(count, colours, height, 8, full_width).sum(dim=3)
    return rows[..., : 8 * width].reshape(count, colours, height, width, 8).sum(dim=4) / 64


def _halve(luma: Tensor) -> Tensor:
    """Means over 2 x 2, as `avg_pool2d`, in a quarter of its time."""
    height, width = (side // 2 * 2 for side in luma.shape[-2:])
    rows = luma[..., 0:height:2, :] + luma[..., 1:height:2, :]
    return (rows[..., 0:width:2] + rows[..., 1:width:2]) * 0.25


def _gradient(luma: Tensor) -> Tensor:
    """|dx| + |dy| (N, 1, H-1, W-1). Differences run over the rows' ends too, which is faster; those are left out."""
    count, _, height, width = luma.shape
    flat = luma.reshape(count, height * width)
    across = (flat[:, 1 : (height - 1) * width + 1] - flat[:, : (height - 1) * width]).abs_()
    down = (flat[:, width:] - flat[:, :-width]).abs_()
    return across.add_(down).reshape(count, 1, height - 1, width)[..., :-1]


def _grain(luma: Tensor) -> Tensor:
    """How far each pixel lies from the mean of its left and right one, twice: (N, 1, H, W-2)."""
    across = luma[..., 1:] - luma[..., :-1]
    return (across[..., :-1] - across[..., 1:]).abs_()


def _ascending(values: Tensor) -> Tensor:
    """`values` in ascending order along the last axis: on a CPU NumPy's sort, five times as fast."""
    if values.device.type == "cpu":
        return torch.from_numpy(np.sort(values.numpy(), axis=-1))
    return values.sort(dim=-1).values


def _ranks(ordered: Tensor, levels: Sequence[float]) -> Tensor:
    """(..., levels): the values at these shares of (..., n) in ascending order."""
    last = ordered.shape[-1] - 1
    return ordered[..., [round(level * last) for level in levels]]


def _least_of_three(values: Tensor) -> Tensor:
    """(N, h, w-2): the least of each three neighbours of (N, h, w) in a row."""
    return torch.minimum(torch.minimum(values[..., :-2], values[..., 1:-1]), values[..., 2:])


def _share(there: Tensor) -> Tensor:
    """(...): of (..., n) that are true or not, the share that are."""
    return there.float().mean(dim=-1)


def _tile_means(values: Tensor) -> Tensor:
    """(N, C, 6, 8) means of (N, C, h, w), as `adaptive_avg_pool2d`: two products of matrices are faster."""
    down, across = (_averages(*of).to(values.device) for of in zip(GRID, values.shape[-2:], strict=True))
    return torch.matmul(torch.matmul(down, values), across.T)


@lru_cache(maxsize=64)
def _averages(parts: int, count: int) -> Tensor:
    """(parts, count): each row averages its part of `count` values; parts overlap where they do not fit."""
    edges = [(part * count // parts, -(-(part + 1) * count // parts)) for part in range(parts)]
    rows = torch.zeros(parts, count)
    for row, (first, end) in zip(rows, edges, strict=True):
        row[first:end] = 1 / (end - first)
    return rows
