import pytest
import torch
from scipy.fft import dctn

from detectors.detection_quality.dct import dct2


@pytest.mark.parametrize(("height", "width"), [(8, 8), (5, 9), (1, 6), (270, 480)])
def test_equals_scipy(height: int, width: int) -> None:
    maps = torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    expected = torch.from_numpy(dctn(maps.double().numpy(), axes=(2, 3), norm="ortho"))
    torch.testing.assert_close(dct2(maps).double(), expected, atol=1e-4, rtol=1e-4)


def test_a_constant_map_has_only_its_first_coefficient() -> None:
    coefficients = dct2(torch.full((1, 1, 4, 9), 2.0))
    assert coefficients[0, 0, 0, 0].item() == pytest.approx(2.0 * 6)  # mean times sqrt(4 * 9)
    assert coefficients.flatten()[1:].abs().max().item() < 1e-5
