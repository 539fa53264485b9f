"""By how much the whole picture has shifted since the one before: phase correlation."""

import torch
from torch import Tensor

from detectors.base import reduced

_LONGER_SIDE = 320
_LEAST_PEAK = 0.25
_LEAST_CONTRAST = 2.0 / 255


def shift(now: Tensor, before: Tensor) -> Tensor:
    """Return the length of the global translation as a share of the picture's width, (N,) in [0, 0.71].

    `now` and `before` are luma (N, 1, h, w). Kuglin and Hines, "The phase correlation image alignment method" (1975):
    the peak of F⁻¹(F₁ F₂* / |F₁ F₂*|) of Hann-windowed pictures, refined by its centroid over 5x5 as OpenCV does.
    NaN where no peak stands out (under a quarter of what a pure shift would have there) or a picture is flat: another
    view, a dark or a noisy one is no translation. Moving objects do not move the peak while the background is larger.
    """
    first, second = (reduced(part, longer_side=_LONGER_SIDE)[:, 0] for part in (now, before))
    height, width = first.shape[-2:]
    if min(height, width) < 16:
        return now.new_full((len(now),), torch.nan)
    window = torch.outer(
        torch.hann_window(height, periodic=False, device=now.device),
        torch.hann_window(width, periodic=False, device=now.device),
    )
    spectra = [torch.fft.rfft2((part - part.mean(dim=(1, 2), keepdim=True)) * window) for part in (first, second)]
    cross = spectra[0] * spectra[1].conj()
    surface = torch.fft.irfft2(cross / cross.abs().clamp_min(1e-9), s=(height, width))
    offsets, peak = _centroid(surface)
    contrast = torch.minimum(first.std(dim=(1, 2)), second.std(dim=(1, 2)))
    sure = (peak >= _LEAST_PEAK) & (contrast >= _LEAST_CONTRAST)
    return torch.where(sure, offsets.square().sum(dim=1).sqrt() / width, torch.nan)


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
