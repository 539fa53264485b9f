"""Saliency that needs no weights: what a picture's spectrum has beyond the expected (Hou & Zhang 2007)."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, interpolate, pad

LONGER_SIDE = 64
SMOOTHING_SIGMA = 2.5
SMOOTHING_SIDE = 9
NEGLIGIBLE_AMPLITUDE = 1e-6


def spectral_residual(rgb: Tensor) -> Tensor:
    """Spectral residual (Hou & Zhang 2007): what a picture's log spectrum has beyond its own local mean.

    Returns (N, 1, h, w) float64 in [0, 1], the longer side 64. S = g * |F^-1(exp(R + iP))|^2 with R = L - h * L, L the
    log amplitude, P the phase, h a 3 x 3 mean. As in the authors' code: grey is the mean of the channels, g a small
    Gaussian (sigma 2.5), the map stretched to [0, 1]. Ours: amplitudes far below 1e-6 carry no phase, so that in a
    uniform picture rounding errors do not look salient; double precision, so that no batch size moves a window.
    """
    grey = rgb.mean(dim=1, keepdim=True)
    height, width = grey.shape[-2:]
    factor = LONGER_SIDE / max(height, width)
    size = (max(3, round(height * factor)), max(3, round(width * factor)))
    small = interpolate(grey, size=size, mode="area").double()
    spectrum = torch.fft.fft2(small)
    amplitude = spectrum.abs()
    log_amplitude = torch.log(amplitude + NEGLIGIBLE_AMPLITUDE)
    residual = log_amplitude - avg_pool2d(pad(log_amplitude, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    phase = spectrum / (amplitude + NEGLIGIBLE_AMPLITUDE)
    energy = torch.fft.ifft2(residual.exp() * phase).abs().square()
    return _stretch(_smooth(energy))


def _smooth(maps: Tensor) -> Tensor:
    """Gaussian of sigma 2.5 on (N, 1, h, w), zeros beyond the border as in the authors' code."""
    offsets = torch.arange(SMOOTHING_SIDE, dtype=maps.dtype, device=maps.device) - SMOOTHING_SIDE // 2
    bell = torch.exp(-offsets.square() / (2 * SMOOTHING_SIGMA**2))
    bell = bell / bell.sum()
    half = SMOOTHING_SIDE // 2
    down = conv2d(maps, bell.view(1, 1, -1, 1), padding=(half, 0))
    return conv2d(down, bell.view(1, 1, 1, -1), padding=(0, half))


def _stretch(maps: Tensor) -> Tensor:
    """Each map's minimum to 0 and maximum to 1; a flat map becomes zeros."""
    low, high = maps.amin(dim=(2, 3), keepdim=True), maps.amax(dim=(2, 3), keepdim=True)
    span = high - low
    return torch.where(span > 0, (maps - low) / span.clamp_min(torch.finfo(maps.dtype).tiny), 0.0)


CENTRE_PRIOR_SIGMA = 0.25
"""Of the prior, as a share of either side: ours. Narrower ones validate up to .0013 better, and look at little but the
centre (docs/training.md)."""


def centred_spectral_residual(rgb: Tensor) -> Tensor:
    """`spectral_residual` times a Gaussian about the centre (a centre prior as in Judd et al. 2009, its width ours).

    Returns (N, 1, h, w) float64 in [0, 1] for RGB (N, 3, H, W) in [0, 1], the longer side 64.
    """
    maps = spectral_residual(rgb)
    return maps * (_centre_prior(maps, maps.shape[-2]).unsqueeze(1) * _centre_prior(maps, maps.shape[-1]))


def _centre_prior(maps: Tensor, length: int) -> Tensor:
    """The prior along a side of `length` samples, 1 in the middle."""
    place = (torch.arange(length, dtype=maps.dtype, device=maps.device) + 0.5) / length - 0.5
    return torch.exp(-place.square() / (2 * CENTRE_PRIOR_SIGMA**2))
