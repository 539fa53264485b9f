"""By how much the whole picture has shifted since the one before: phase correlation."""

import torch
from torch import Tensor

from detectors.base import reduced

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
    height, width = reduced(now, longer_side=_LONGER_SIDE).shape[-2:]
    if min(height, width) < 32:
        return now.new_full((len(now),), torch.nan)
    offsets, peaks = _aligned(_quarters(now), _quarters(before))
    lengths = offsets.square().sum(dim=1).sqrt() / width
    lengths = torch.where(peaks >= _LEAST_PEAK, lengths, torch.nan).view(len(now), 4)
    enough = (~lengths.isnan()).sum(dim=1) >= _LEAST_QUARTERS
    return torch.where(enough, lengths.nanmedian(dim=1).values, torch.nan)


def _quarters(luma: Tensor) -> Tensor:
    """Return (4N, h/2, w/2): each picture's quarters, reduced and windowed; zero where one is flat."""
    small = reduced(luma, longer_side=_LONGER_SIDE)[:, 0]
    height, width = small.shape[-2] // 2, small.shape[-1] // 2
    parts = [small[:, y : y + height, x : x + width] for y in (0, height) for x in (0, width)]
    tiles = torch.stack(parts, dim=1).flatten(0, 1)
    window = torch.outer(
        torch.hann_window(height, periodic=False, device=luma.device),
        torch.hann_window(width, periodic=False, device=luma.device),
    )
    lively = tiles.std(dim=(1, 2), keepdim=True) >= _LEAST_CONTRAST
    return (tiles - tiles.mean(dim=(1, 2), keepdim=True)) * window * lively


def _aligned(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
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
    down = (around.sum(dim=2) * _centred(rows, height)).sum(dim=1) / total
    across = (around.sum(dim=1) * _centred(columns, width)).sum(dim=1) / total
    return torch.stack([down, across], dim=1), total


def _centred(places: Tensor, length: int) -> Tensor:
    """Return places as signed offsets, contiguous around the middle one."""
    middle = places[:, 2:3] % length
    signed = torch.where(middle > length // 2, middle - length, middle)
    return (signed + places - places[:, 2:3]).float()
