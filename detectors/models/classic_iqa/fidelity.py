"""PSNR and SSIM: how faithfully a picture repeats another."""

import torch
from torch import Tensor
from torch.nn.functional import conv2d

SSIM_SIDE, SSIM_SIGMA = 11, 1.5
SSIM_CONSTANTS = (0.01**2, 0.03**2)


def psnr(luma: Tensor, reference: Tensor) -> Tensor:
    """Peak signal to noise ratio in dB, (N,): 10 log10(1 / mean (x - y)^2) of luma (N, 1, H, W) in [0, 1].

    Infinite for equal pictures. Raises ValueError where the sizes differ.
    """
    _check_same_size(luma, reference)
    error = (luma.double() - reference.double()).square().mean(dim=(1, 2, 3))
    return (-10 * torch.log10(error)).float()


def ssim(luma: Tensor, reference: Tensor) -> Tensor:
    """Structural similarity, (N,) in [-1, 1]; 1 for equal pictures; NaN under 11 pixels.

    Wang, Bovik, Sheikh, Simoncelli (TIP 2004), Eq. 13: 11 x 11 Gaussian 1.5 wide, K1 .01, K2 .03, population
    statistics, native size, windows that lie wholly in the picture. Raises ValueError where the sizes differ.
    """
    _check_same_size(luma, reference)
    if min(luma.shape[-2:]) < SSIM_SIDE:
        return luma.new_full((len(luma),), torch.nan)
    return torch.stack(
        [_ssim(x[None].double(), y[None].double()) for x, y in zip(luma, reference, strict=True)]
    ).float()


def _ssim(x: Tensor, y: Tensor) -> Tensor:
    """Mean SSIM of one pair (1, 1, H, W)."""
    mean_x, mean_y = _window_means(x), _window_means(y)
    variance_x, variance_y = _window_means(x * x) - mean_x**2, _window_means(y * y) - mean_y**2
    covariance = _window_means(x * y) - mean_x * mean_y
    flat, steady = SSIM_CONSTANTS
    luminance = (2 * mean_x * mean_y + flat) / (mean_x**2 + mean_y**2 + flat)
    return (luminance * (2 * covariance + steady) / (variance_x + variance_y + steady)).mean()


def _window_means(values: Tensor) -> Tensor:
    offsets = torch.arange(SSIM_SIDE, dtype=values.dtype, device=values.device) - SSIM_SIDE // 2
    bell = torch.exp(-offsets.square() / (2 * SSIM_SIGMA**2))
    bell = bell / bell.sum()
    return conv2d(conv2d(values, bell.view(1, 1, -1, 1)), bell.view(1, 1, 1, -1))


def _check_same_size(luma: Tensor, reference: Tensor) -> None:
    if luma.shape != reference.shape:
        raise ValueError(f"a picture of {tuple(luma.shape)} cannot be compared with one of {tuple(reference.shape)}")
