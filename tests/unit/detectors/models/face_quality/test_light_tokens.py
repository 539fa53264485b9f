"""The numbers of light and colour are what their names say, on pictures worked by hand."""

import pytest
import torch

from detectors.models.face_quality.light_tokens import NUMBERS, SHARES, LightTokens, measure_light

MIDDLE = SHARES.index(0.5)
PLANES = {"luma": 0, "red": 1, "blue": 2, "colour": 3}
DEVIATIONS, CENTRE, EXTREMES = 28, 32, 36


def flat(red: float, green: float, blue: float) -> torch.Tensor:
    return torch.tensor([red, green, blue]).view(1, 3, 1, 1).expand(1, 3, 224, 224)


def median(numbers: torch.Tensor, plane: str) -> float:
    return float(numbers[0, PLANES[plane] * len(SHARES) + MIDDLE])


def test_a_flat_colour_has_its_luma_its_differences_and_no_spread() -> None:
    """Luma .299 x .8 + .587 x .5 + .114 x .2 = .5555; red less luma .2445 and blue -.3555, fourfold."""
    found = measure_light(flat(0.8, 0.5, 0.2))
    assert found.shape == (1, NUMBERS)
    assert median(found, "luma") == pytest.approx(0.5555, abs=1e-5)
    assert median(found, "red") == pytest.approx(4 * 0.2445, abs=1e-5)
    assert median(found, "blue") == pytest.approx(-4 * 0.3555, abs=1e-5)
    assert median(found, "colour") == pytest.approx(4 * (0.2445**2 + 0.3555**2) ** 0.5, abs=1e-5)
    assert found[0, DEVIATIONS:CENTRE].abs().max() < 1e-4
    assert found[0, CENTRE].item() == pytest.approx(0.5555, abs=1e-5)


def test_grey_has_no_colour_and_a_ramp_has_its_quantiles() -> None:
    ramp = torch.linspace(0, 1, 224).view(1, 1, 1, 224).expand(1, 3, 224, 224)
    found = measure_light(ramp)[0]
    assert found[: len(SHARES)].tolist() == pytest.approx(SHARES, abs=0.03)
    assert found[len(SHARES) : DEVIATIONS].abs().max() < 1e-4


def test_black_and_white_pixels_are_counted_and_what_varies_in_a_cell() -> None:
    """A quarter black, a quarter white, a half of stripes one pixel wide between .4 and .6: deviation .1 there."""
    picture = torch.full((1, 3, 224, 224), 0.4)
    picture[..., 1::2] = 0.6
    picture[:, :, :56] = 0.0
    picture[:, :, 56:112] = 1.0
    assert measure_light(picture)[0, EXTREMES:].tolist() == pytest.approx([0.25, 0.25, 4 * 0.05], abs=1e-3)


def test_tokens_are_one_for_each_task_and_depend_on_their_own_picture_alone() -> None:
    torch.manual_seed(0)
    light = LightTokens(6, 8, 2).eval()
    views = torch.rand(3, 2, 3, 32, 32)
    with torch.inference_mode():
        together, alone = light(views), light(views[1:2])
    assert together.shape == (3, 6, 8)
    assert torch.allclose(together[1:2], alone, atol=1e-6)
