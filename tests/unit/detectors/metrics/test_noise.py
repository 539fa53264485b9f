"""Noise is Immerkær's formula, and finds the sigma that was added."""

import cv2
import numpy as np
import pytest
import torch

from tests.unit.detectors.metrics.measured import noise_floor, noise_sigma
from tests.unit.detectors.sample_pictures import luma, noisy, photograph

KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float64)


@pytest.mark.parametrize("name", ["camera", "brick", "moon"])
def test_is_the_formula_as_opencv_computes_it(name: str) -> None:
    picture = photograph(name)
    response = np.abs(cv2.filter2D(picture.astype(np.float64), -1, KERNEL))[1:-1, 1:-1]
    assert float(noise_sigma(luma(picture))) == pytest.approx(np.sqrt(np.pi / 2) / 6 * response.mean(), rel=1e-4)


@pytest.mark.parametrize("sigma", [2.0, 5.0, 12.0])
def test_finds_the_noise_added_to_a_flat_picture(sigma: float) -> None:
    picture = noisy(np.full((256, 256), 120, np.uint8), sigma)
    found = float(noise_sigma(luma(picture)))
    assert found == pytest.approx(sigma, rel=0.05)


def test_texture_counts_as_noise_but_not_on_the_floor() -> None:
    texture = np.random.default_rng(0).integers(60, 200, (128, 256)).astype(np.uint8)
    picture = noisy(np.concatenate([texture, np.full((128, 256), 120, np.uint8)]), 3.0)
    assert float(noise_sigma(luma(picture))) > 15
    assert float(noise_floor(luma(picture))) == pytest.approx(3.0, rel=0.15)


def test_masked_noise_does_not_count() -> None:
    picture = np.full((96, 128), 120, np.uint8)
    picture[:, :64] = noisy(picture[:, :64], 20)
    visible = torch.ones(1, 1, 96, 128, dtype=torch.bool)
    visible[..., :64] = False
    assert float(noise_sigma(luma(picture), visible)) == 0.0
    assert float(noise_floor(luma(picture), visible)) == 0.0


def street(sigma: float) -> np.ndarray:
    """(288, 352): texture but for patches of 20 pixels, as a sharpened picture of a street has it; and noise."""
    picture = np.random.default_rng(0).integers(90, 150, (288, 352)).astype(np.uint8)
    for top in range(0, 288 - 20, 24):
        for left in range(0, 352 - 20, 24):
            picture[top : top + 20, left : left + 20] = 120
    return noisy(picture, sigma) if sigma else picture


@pytest.mark.parametrize(("sigma", "floor"), [(0.0, 1.5), (6.0, 7.5)])
def test_a_small_picture_of_fine_texture_is_not_noisy_and_a_noisy_one_is(sigma: float, floor: float) -> None:
    found = float(noise_floor(luma(street(sigma))))
    assert 0.9 * sigma <= found < floor
    assert float(noise_sigma(luma(street(sigma)))) > 5
