"""What can be measured of a picture without learning: how light, colour and detail are spread. Ours.

Places are a grid of 6 x 8 tiles, so that a wet, fogged or covered part shows beside a clear one. Detail is compared
between sizes: a lens out of focus takes the fine and leaves the coarse, fog takes both, a bare wall never had either.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, adaptive_max_pool2d, avg_pool2d, max_pool2d

GRID = (6, 8)
_LUMA = (0.299, 0.587, 0.114)
_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_FIVE = (0.1, 0.25, 0.5, 0.75, 0.9)
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
    ordered = luma.flatten(1).sort(dim=1).values
    parts = [_ranks(ordered, _QUANTILES)]
    parts += [(ordered > level).float().mean(dim=1, keepdim=True) for level in (0.9, 0.97)]
    parts += [(ordered < level).float().mean(dim=1, keepdim=True) for level in (0.03, 0.1)]
    brightest, darkest = _ranks(ordered, (0.998,)), _ranks(ordered, (0.002,))
    parts.append((ordered > brightest - _SAME).float().mean(dim=1, keepdim=True))
    parts.append((ordered < darkest + _SAME).float().mean(dim=1, keepdim=True))
    for lean in ((blue - luma) / 1.772, (red - luma) / 1.402, (red + blue) / 2 - green):
        deviation, mean = torch.std_mean(lean.flatten(1), dim=1, correction=0)
        parts.append(torch.stack([mean, deviation, lean.flatten(1).abs().mean(dim=1)], dim=1))
    magenta = torch.minimum(red, blue) - green
    parts += [(magenta.flatten(1) > level).float().mean(dim=1, keepdim=True) for level in (0.02, 0.05, 0.1, 0.2)]
    lowest = -max_pool2d(-small.amin(dim=1, keepdim=True), 3, stride=1)
    parts.append(_ranks(lowest.flatten(1).sort(dim=1).values, (0.1, 0.5, 0.9)))
    grid = adaptive_avg_pool2d(luma[:, None], 3).flatten(1)
    squares = adaptive_avg_pool2d(luma[:, None].square(), 3).flatten(1)
    parts += [grid, (squares - grid.square()).clamp_min(0).sqrt()]
    return torch.cat([*parts, *_leans(small)], dim=1)


def _leans(small: Tensor) -> list[Tensor]:
    """How the places' own leans are spread, against their light, and how many places are purple.

    A road that turned purple between green verges leans nowhere on the whole.
    """
    red, green, blue = small.flatten(2).unbind(dim=1)
    luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    purple, bluish, reddish = (part / (luma + 0.1) for part in ((red + blue) / 2 - green, blue - luma, red - luma))
    parts = [_ranks(lean.sort(dim=1).values, _FIVE) for lean in (purple, bluish, reddish)]
    for level in (0.04, 0.1):
        there = (purple > level) & (bluish > 0) & (reddish > -level)
        parts.append(there.float().mean(dim=1, keepdim=True))
    return parts


def _detail(luma: Tensor) -> Tensor:
    """Of luma (N, 1, H, W): gradients at three sizes, their ratios, edges, the darkest and brightest of each tile."""
    parts, tiles = [], []
    sizes = [luma, avg_pool2d(luma, 2), avg_pool2d(luma, 4)]
    gradients = [_gradient(one) for one in sizes]
    for gradient in gradients:
        tile = (adaptive_avg_pool2d(gradient, GRID) + _FAINT).log()
        tiles.append(tile)
        parts += [_tile_ranks(tile), _bands(tile)]
    fine = tiles[0] - tiles[2]
    weight = adaptive_avg_pool2d(gradients[2], GRID)
    parts += [_tile_ranks(fine), _weighted(fine, weight), _bands(fine)]
    grain = (2 * luma[..., 1:-1] - luma[..., :-2] - luma[..., 2:]).abs()
    finest = (adaptive_avg_pool2d(grain, GRID) + _FAINT).log() - tiles[0]
    parts += [_tile_ranks(finest), _weighted(finest, weight)]
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


def _gradient(luma: Tensor) -> Tensor:
    across = (luma[:, :, :-1, 1:] - luma[:, :, :-1, :-1]).abs()
    return across + (luma[:, :, 1:, :-1] - luma[:, :, :-1, :-1]).abs()


def _ranks(ordered: Tensor, levels: Sequence[float]) -> Tensor:
    """(N, levels): the values at these shares of (N, n) in ascending order."""
    last = ordered.shape[1] - 1
    return ordered[:, [round(level * last) for level in levels]]


def _tile_ranks(tiles: Tensor) -> Tensor:
    return _ranks(tiles.flatten(1).sort(dim=1).values, _TILES)


def _bands(tiles: Tensor) -> Tensor:
    """(N, 3): the mean of the upper, the middle and the lower tiles."""
    return adaptive_avg_pool2d(tiles, (_BANDS, 1)).flatten(1)


def _weighted(tiles: Tensor, weight: Tensor) -> Tensor:
    total = weight.flatten(1).sum(dim=1, keepdim=True).clamp_min(_FAINT)
    return (tiles * weight).flatten(1).sum(dim=1, keepdim=True) / total
