"""Specks of a lost analogue signal: pixels that stand out from the lines above and below."""

import torch
from torch import Tensor

from tests.oracles.functional.masking import visible_inside, visible_mean

_STANDS_OUT = 0.15


def snow_share(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return the share of pixels brighter or darker than both vertical neighbours by 0.15, (N,) in [0, 1].

    An analogue tuner's specks are dashes of one line's height. Thin horizontal lines and strong sensor noise count
    too, which is why the fault is judged on analogue encoders only. Source: ours.
    """
    above = luma[..., 1:-1, :] - luma[..., :-2, :]
    below = luma[..., 1:-1, :] - luma[..., 2:, :]
    low, high = torch.minimum(above, below), torch.maximum(above, below)
    inside = visible_inside(visible, 1)
    return visible_mean(
        ((low > _STANDS_OUT) | (high < -_STANDS_OUT)).float(), None if inside is None else inside[..., 1:-1, :]
    )[:, 0]


_STRIPS = 8
_LEAST_PERIODS, _LEAST_PIXELS = 4, 4


def stripe_strength(luma: Tensor) -> Tensor:
    """Return the amplitude of the strongest straight bars, horizontal or vertical, in levels of 255, (N,) >= 0.

    The picture is cut into 8 strips along the bars; each strip's mean profile is windowed (Hann) and transformed. The
    score of a frequency is |mean of the strips' spectra| times its coherence squared, less what its neighbours have,
    so that only bars that cross every strip in phase count. Frequencies: 4 periods a picture to 4 pixels a period.
    Fences and blinds are stripes as well: judge against a baseline. Masks are not respected: bars cross them.
    Source: ours.
    """
    return torch.maximum(_bars(luma), _bars(luma.transpose(2, 3)))


def _bars(luma: Tensor) -> Tensor:
    length = luma.shape[-2]
    if luma.shape[-1] < _STRIPS or length < 8 * _LEAST_PIXELS:
        return luma.new_full((len(luma),), torch.nan)
    profiles = torch.nn.functional.adaptive_avg_pool2d(luma, (length, _STRIPS))[:, 0].transpose(1, 2) * 255
    window = torch.hann_window(length, periodic=False, device=luma.device)
    profiles = (profiles - profiles.mean(dim=2, keepdim=True)) * window
    spectra = torch.fft.rfft(profiles, dim=2) * (2 / window.sum())
    together = spectra.mean(dim=1).abs()
    coherence = together / spectra.abs().mean(dim=1).clamp_min(1e-6)
    amplitude = together * coherence.square()
    return _peak(amplitude[:, _LEAST_PERIODS : length // _LEAST_PIXELS])


def _peak(amplitude: Tensor) -> Tensor:
    """Return the greatest excess of a bin over the mean of the bins three to six places away."""
    around = torch.nn.functional.pad(amplitude[:, None], (6, 6), mode="replicate")
    wide = torch.nn.functional.avg_pool1d(around, 13, stride=1) * 13
    near = torch.nn.functional.avg_pool1d(around[..., 4:-4], 5, stride=1) * 5
    return (amplitude - ((wide - near) / 8)[:, 0]).clamp_min(0).amax(dim=1)
