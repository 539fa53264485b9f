"""Spectral residual finds what stands out, and no batch or flat picture confuses it."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import correlate

from detectors.models.saliency.providers import CENTRED, choose_saliency
from detectors.models.saliency.spectral_residual import centred_spectral_residual, spectral_residual


def reference(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hou & Zhang 2007 on a picture already small, in numpy and scipy."""
    spectrum = np.fft.fft2(grey)
    log_amplitude = np.log(np.abs(spectrum))
    residual = log_amplitude - correlate(log_amplitude, np.full((3, 3), 1 / 9), mode="nearest")
    energy = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    offsets = np.arange(9) - 4
    bell = np.exp(-(offsets**2) / (2 * 2.5**2))
    kernel = np.outer(bell, bell) / bell.sum() ** 2
    smooth = correlate(energy, kernel, mode="constant")
    stretched: NDArray[np.float64] = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    return stretched


def test_equals_the_published_formula() -> None:
    grey = np.random.default_rng(0).random((48, 64))
    rgb = torch.from_numpy(grey).expand(1, 3, 48, 64)
    assert np.abs(spectral_residual(rgb)[0, 0].numpy() - reference(grey)).max() < 1e-5


def test_a_lone_object_is_the_most_salient_place() -> None:
    texture = torch.rand(1, 1, 256, 256, generator=torch.Generator().manual_seed(1)) * 0.05 + 0.4
    texture[..., 176:208, 48:80] = 1.0
    saliency = spectral_residual(texture.expand(1, 3, 256, 256))[0, 0]
    row, column = divmod(int(saliency.argmax()), saliency.shape[1])
    assert 176 / 4 - 2 <= row <= 208 / 4 + 2
    assert 48 / 4 - 2 <= column <= 80 / 4 + 2


def test_maps_keep_the_aspect_and_stay_within_bounds() -> None:
    saliency = spectral_residual(torch.rand(2, 3, 90, 160))
    assert saliency.shape == (2, 1, 36, 64)
    assert saliency.amin(dim=(1, 2, 3)).tolist() == [0.0, 0.0]
    assert saliency.amax(dim=(1, 2, 3)).tolist() == [1.0, 1.0]


def test_the_same_map_alone_and_in_a_batch() -> None:
    pictures = torch.rand(5, 3, 72, 128, generator=torch.Generator().manual_seed(2))
    together = spectral_residual(pictures)
    alone = torch.cat([spectral_residual(picture.unsqueeze(0)) for picture in pictures])
    assert (together - alone).abs().max() < 1e-9


def test_flat_and_black_pictures_give_finite_maps() -> None:
    for level in (0.0, 0.5, 1.0):
        assert torch.isfinite(spectral_residual(torch.full((1, 3, 64, 64), level))).all()


def two_alike() -> torch.Tensor:
    """The same square in the middle and in a corner."""
    picture = torch.full((1, 3, 256, 256), 0.4)
    picture[..., 112:144, 112:144] = 1.0
    picture[..., 0:32, 0:32] = 1.0
    return picture


def test_of_two_alike_the_one_in_the_middle_wins() -> None:
    saliency_map = centred_spectral_residual(two_alike())[0, 0]
    row, column = divmod(int(saliency_map.argmax()), 64)
    assert 26 <= row <= 37
    assert 26 <= column <= 37


def test_the_prior_is_the_formula_worked_by_hand() -> None:
    picture = torch.rand(1, 3, 128, 256, generator=torch.Generator().manual_seed(0))
    ratio = (centred_spectral_residual(picture) / spectral_residual(picture))[0, 0]
    assert ratio.shape == (32, 64)
    row, column = 3, 50
    down, across = (row + 0.5) / 32 - 0.5, (column + 0.5) / 64 - 0.5
    assert math.isclose(ratio[row, column].item(), math.exp(-(down**2 + across**2) / (2 * 0.25**2)), rel_tol=1e-9)


def test_it_has_a_name_of_its_own_and_the_same_map_in_any_batch() -> None:
    chosen = choose_saliency(CENTRED)
    assert chosen.fingerprint == "centred_spectral_residual"
    pictures = torch.rand(3, 3, 72, 128, generator=torch.Generator().manual_seed(2))
    together = chosen.provider(pictures)
    alone = torch.cat([chosen.provider(picture.unsqueeze(0)) for picture in pictures])
    assert (together - alone).abs().max() < 1e-9
