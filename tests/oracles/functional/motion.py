"""What changed since the picture before, block by block, so that a running clock counts as the little it is."""

import torch
from torch import Tensor
from torch.nn import functional

from detectors.models.pictures import downscale
from tests.oracles.functional.masking import visible_blocks

_SCALE = 32_000
_HIDDEN = -1
_BLOCK = 16
_CHANGED = 1.0
"""Mean |ΔY| in levels of 255 from which a block counts as changed."""


def encode_luma(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return luma (N, 1, h, w) as (N, h, w) int16, a 32,000th of white a step, -1 where masked."""
    kept = luma.mul(_SCALE).round_().to(torch.int16)
    if visible is not None:
        kept = torch.where(visible, kept, _HIDDEN)
    return kept[:, 0]


def decode_luma(remembered: Tensor) -> tuple[Tensor, Tensor]:
    """Return luma (N, 1, h, w) float32 in [0, 1] (0 where masked), and (N, 1, h, w) bool where it was visible."""
    planes = remembered[:, None]
    return planes.clamp_min(0).float() / _SCALE, planes >= 0


def block_change(now: Tensor, before: Tensor) -> Tensor:
    """Return (N, blocks) mean |Y_now - Y_before| in levels of 255 over blocks of 16x16, NaN where masked.

    `now` and `before` as of `encode_luma`. Pictures under 32 pixels use one block for each quarter.
    """
    luma, seen = decode_luma(now)
    earlier, seen_before = decode_luma(before)
    grid = (max(2, luma.shape[-2] // _BLOCK), max(2, luma.shape[-1] // _BLOCK))
    change = functional.adaptive_avg_pool2d((luma - earlier).abs() * 255, grid)
    both = seen & seen_before
    if not bool(both.all()):
        kept = visible_blocks(both, grid)
        assert kept is not None
        change = torch.where(kept, change, torch.nan)
    return change.flatten(1)


def change_median(blocks: Tensor) -> Tensor:
    """Return the median block's change in levels of 255, (N,) >= 0; a clock or a passer-by does not move it."""
    return blocks.nanmedian(dim=1).values


def change_share(blocks: Tensor) -> Tensor:
    """Return the share of blocks that changed by a level or more on average, (N,) in [0, 1]."""
    seen = ~blocks.isnan()
    share = (blocks >= _CHANGED).float().sum(dim=1) / seen.sum(dim=1)
    return torch.where(seen.any(dim=1), share, torch.nan)


def flicker(now: Tensor, before: Tensor) -> Tensor:
    """Return |mean Y_now - mean Y_before| in levels of 255, (N,) >= 0, over what is visible in both."""
    luma, seen = decode_luma(now)
    earlier, seen_before = decode_luma(before)
    both = (seen & seen_before).float()
    return ((luma - earlier) * both).sum(dim=(1, 2, 3)).abs() * 255 / both.sum(dim=(1, 2, 3))


_LONGER_SIDE = 320
_LEAST_PEAK = 0.25
_LEAST_CONTRAST = 1.0 / 255
_LEAST_QUARTERS = 3


def shift(now: Tensor, before: Tensor) -> Tensor:
    """Return the length of the camera's translation as a share of the picture's width, (N,) in [0, 0.36].

    `now` and `before` are luma (N, 1, h, w). Kuglin and Hines, "The phase correlation image alignment method" (1975),
    in each quarter of the picture: the peak of the inverse transform of F1 F2* / |F1 F2*| of Hann-windowed pictures,
    refined by its centroid over 5x5 as OpenCV does. The lower median of the quarters counts (ours): a camera that
    shakes moves all of them, a lorry that passes only some. NaN where fewer than three quarters have a clear peak (a
    quarter of what a pure shift would have there): another view, a flat, a dark or a noisy one is no translation.
    """
    height, width = downscale(now, longer_side=_LONGER_SIDE).shape[-2:]
    if min(height, width) < 32:
        return now.new_full((len(now),), torch.nan)
    offsets, peaks = _align(_quarters(now), _quarters(before))
    lengths = offsets.square().sum(dim=1).sqrt() / width
    lengths = torch.where(peaks >= _LEAST_PEAK, lengths, torch.nan).view(len(now), 4)
    enough = (~lengths.isnan()).sum(dim=1) >= _LEAST_QUARTERS
    return torch.where(enough, lengths.nanmedian(dim=1).values, torch.nan)


def _quarters(luma: Tensor) -> Tensor:
    """Return (4N, h/2, w/2): each picture's quarters, reduced and windowed; zero where one is flat."""
    small = downscale(luma, longer_side=_LONGER_SIDE)[:, 0]
    height, width = small.shape[-2] // 2, small.shape[-1] // 2
    parts = [small[:, y : y + height, x : x + width] for y in (0, height) for x in (0, width)]
    tiles = torch.stack(parts, dim=1).flatten(0, 1)
    window = torch.outer(
        torch.hann_window(height, periodic=False, device=luma.device),
        torch.hann_window(width, periodic=False, device=luma.device),
    )
    lively = tiles.std(dim=(1, 2), keepdim=True) >= _LEAST_CONTRAST
    return (tiles - tiles.mean(dim=(1, 2), keepdim=True)) * window * lively


def _align(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return the offset of each tile as (M, 2) pixels (down, across), and how clear its peak is, 0 … about 1."""
    cross = torch.fft.rfft2(first) * torch.fft.rfft2(second).conj()
    surface = torch.fft.irfft2(cross / cross.abs().clamp_min(1e-9), s=first.shape[-2:])
    return _centroid(surface)


def _centroid(surface: Tensor) -> tuple[Tensor, Tensor]:
    """Return the peak's place relative to no shift as (N, 2) pixels (down, across), and the energy around it."""
    height, width = surface.shape[-2:]
    at = surface.flatten(1).argmax(dim=1)
    near = torch.arange(-2, 3, device=surface.device)
    rows = (at // width)[:, None] + near
    columns = (at % width)[:, None] + near
    index = torch.arange(len(surface), device=surface.device)[:, None, None]
    around = surface[index, (rows % height)[:, :, None], (columns % width)[:, None, :]].clamp_min(0)
    total = around.sum(dim=(1, 2)).clamp_min(1e-12)
    down = (around.sum(dim=2) * _to_signed_offsets(rows, height)).sum(dim=1) / total
    across = (around.sum(dim=1) * _to_signed_offsets(columns, width)).sum(dim=1) / total
    return torch.stack([down, across], dim=1), total


def _to_signed_offsets(places: Tensor, length: int) -> Tensor:
    """Return places as signed offsets, contiguous around the middle one."""
    middle = places[:, 2:3] % length
    signed = torch.where(middle > length // 2, middle - length, middle)
    return (signed + places - places[:, 2:3]).float()
