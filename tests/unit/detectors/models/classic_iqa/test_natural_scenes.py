"""The spread of normalised luma: known distributions give back their parameters."""

import math

import pytest
import scipy.stats
import torch

from detectors.models.classic_iqa.natural_scenes import fit_asymmetric_gaussian, normalise_luma


@pytest.mark.parametrize("shape", [0.6, 1.0, 2.0, 4.0])
def test_a_generalised_gaussian_gives_back_its_shape_and_deviation(shape: float) -> None:
    """Quantiles of scipy's gennorm; its scale is 1, its variance G(3/b) / G(1/b)."""
    values = torch.from_numpy(scipy.stats.gennorm.ppf((torch.arange(20_000) + 0.5).numpy() / 20_000, shape))
    found = fit_asymmetric_gaussian(values[None], zero_is_right=False)
    deviation = math.sqrt(math.gamma(3 / shape) / math.gamma(1 / shape))
    assert found.shape.item() == pytest.approx(shape, rel=0.02)
    assert found.left.item() == pytest.approx(deviation, rel=0.01)
    assert found.right.item() == pytest.approx(deviation, rel=0.01)
    assert (found.left * found.scale).item() == pytest.approx(1, rel=0.02)
    assert found.mean.item() == pytest.approx(0, abs=1e-4)


def test_sides_of_different_width_are_distinguished() -> None:
    """Half a normal of 1 to the left, half of 3 to the right, in proportion: its mean is (3 - 1) sqrt(2 / pi)."""
    half = torch.from_numpy(scipy.stats.halfnorm.ppf((torch.arange(20_000) + 0.5).numpy() / 20_000))
    found = fit_asymmetric_gaussian(
        torch.cat([-half[::2], 3 * half, half.new_zeros(0), 3 * half[1::2]])[None], zero_is_right=False
    )
    assert found.left.item() == pytest.approx(1, rel=0.01)
    assert found.right.item() == pytest.approx(3, rel=0.01)
    assert found.shape.item() == pytest.approx(2, rel=0.02)
    assert found.mean.item() == pytest.approx(2 * math.sqrt(2 / math.pi), rel=0.02)


def test_zeros_count_on_the_right_only_where_asked() -> None:
    values = torch.tensor([[-1.0, 0, 0, 1]], dtype=torch.float64)
    assert fit_asymmetric_gaussian(values, zero_is_right=False).right.item() == pytest.approx(1)
    assert fit_asymmetric_gaussian(values, zero_is_right=True).right.item() == pytest.approx(math.sqrt(1 / 3))


def test_what_is_zero_throughout_has_no_side_and_a_shape() -> None:
    found = fit_asymmetric_gaussian(torch.zeros(1, 8, dtype=torch.float64), zero_is_right=True)
    assert (found.left.item(), found.right.item()) == (0, 0)
    assert math.isfinite(found.shape.item())


def test_an_even_picture_is_exactly_zero_and_black_beyond_it_shows() -> None:
    picture = torch.full((20, 20), 77.7)
    assert normalise_luma(picture, beyond="replicate")[0].abs().max() == 0
    assert normalise_luma(picture, beyond="constant")[0][0, 0] > 0.5


def test_one_bright_pixel_by_hand() -> None:
    """The window's middle weight is w = (1 / sum exp(-k^2 / (2 (7/6)^2)))^2: mu = 100 w, sigma^2 = 100^2 w (1 - w)."""
    picture = torch.zeros(21, 21)
    picture[10, 10] = 100
    weight = (1 / sum(math.exp(-(k**2) / (2 * (7 / 6) ** 2)) for k in range(-3, 4))) ** 2
    sigma = 100 * math.sqrt(weight * (1 - weight))
    normal, deviation = normalise_luma(picture, beyond="replicate")
    assert deviation[10, 10].item() == pytest.approx(sigma)
    assert normal[10, 10].item() == pytest.approx((100 - 100 * weight) / (sigma + 1))
