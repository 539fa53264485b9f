"""The orthonormal two-dimensional discrete cosine transform, by FFT."""

import math

import torch
from torch import Tensor


def dct2(maps: Tensor) -> Tensor:
    """Type II, orthonormal, over the last two axes of (..., H, W); the sum of squares is kept.

    C(u, v) = a(u) a(v) sum_xy f(x, y) cos(pi (2x+1) u / 2W) cos(pi (2y+1) v / 2H), a(0) = sqrt(1/N), else sqrt(2/N).
    """
    return _dct(_dct(maps).transpose(-1, -2)).transpose(-1, -2)


def _dct(signals: Tensor) -> Tensor:
    """Along the last axis: even samples, then odd ones backwards, make a Fourier transform of the same length
    (Makhoul 1980)."""
    length = signals.shape[-1]
    reordered = torch.cat([signals[..., ::2], signals[..., 1::2].flip(-1)], dim=-1)
    spectrum = torch.fft.fft(reordered)
    turn = torch.arange(length, device=signals.device, dtype=signals.dtype) * (-math.pi / (2 * length))
    coefficients = spectrum.real * turn.cos() - spectrum.imag * turn.sin()
    scale = coefficients.new_full((length,), math.sqrt(2 / length))
    scale[0] = math.sqrt(1 / length)
    return coefficients * scale
