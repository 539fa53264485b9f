"""The prior for the centre moves attention to the middle and leaves what stands out there alone."""

import math

import torch

from detectors.saliency.centred import centred_spectral_residual
from detectors.saliency.choice import CENTRED, saliency
from detectors.saliency.spectral_residual import spectral_residual


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
    chosen = saliency(CENTRED)
    assert chosen.fingerprint == "centred_spectral_residual"
    pictures = torch.rand(3, 3, 72, 128, generator=torch.Generator().manual_seed(2))
    together = chosen.provider(pictures)
    alone = torch.cat([chosen.provider(picture.unsqueeze(0)) for picture in pictures])
    assert (together - alone).abs().max() < 1e-9
