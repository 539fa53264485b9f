from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from scipy.fft import dctn

from detectors.models.detection_quality import dct_metric
from detectors.models.detection_quality.dct_metric import READINGS, dct2, dct_loss
from detectors.models.detection_quality.first_convolution import FirstConvolution, from_weights, load_first_convolution
from detectors.models.weights import WeightsFile, WeightsOrigin, WeightsUnavailable


def picture(side: int = 64) -> torch.Tensor:
    return torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(3))


def blur(rgb: torch.Tensor, radius: int) -> torch.Tensor:
    return torch.nn.functional.avg_pool2d(rgb, 2 * radius + 1, stride=1, padding=radius, count_include_pad=False)


def coefficients(*values: float) -> torch.Tensor:
    """One map of two rows whose constant coefficient is 100."""
    return torch.tensor([100.0, *values]).view(1, 1, 2, -1)


def test_ratio_of_sums_by_hand() -> None:
    original, compressed = coefficients(4.0, -2.0, 6.0), coefficients(2.0, 0.0, -4.0)
    assert dct_metric.ratio_of_sums(original, compressed).item() == pytest.approx(12 / 6)


def test_floored_readings_by_hand() -> None:
    original, compressed = coefficients(4.0, -2.0, 6.0), coefficients(2.0, 0.0, -4.0)
    floor = 0.05 * 4  # a twentieth of the mean of 4, 2 and 6
    ratios = torch.tensor([4 + floor, 2 + floor, 6 + floor]) / torch.tensor([2 + floor, floor, 4 + floor])
    assert dct_metric.floored_mean(original, compressed).item() == pytest.approx(ratios.mean().item(), rel=1e-5)
    assert dct_metric.mean_log_ratio(original, compressed).item() == pytest.approx(
        ratios.prod().item() ** (1 / 3), rel=1e-5
    )


def test_median_ratio_by_hand() -> None:
    original, compressed = coefficients(4.0, -2.0, 6.0), coefficients(2.0, 0.0, -4.0)
    assert dct_metric.median_ratio(original, compressed).item() == pytest.approx(2.0)  # of 2, huge and 1.5


@pytest.mark.parametrize("reading", READINGS)
def test_nothing_lost_is_one(reading: str) -> None:
    assert dct_loss(picture(), picture(), load_first_convolution(), reading).item() == pytest.approx(1.0)


@pytest.mark.parametrize("reading", READINGS)
def test_the_more_detail_is_gone_the_larger(reading: str) -> None:
    losses = [
        dct_loss(picture(), blur(picture(), radius), load_first_convolution(), reading).item() for radius in (1, 2, 4)
    ]
    assert 1 < losses[0] < losses[1] < losses[2]


@pytest.mark.parametrize("reading", READINGS)
def test_a_flat_picture_is_finite(reading: str) -> None:
    flat = torch.full((1, 3, 64, 64), 0.5)
    assert dct_loss(picture(), flat, load_first_convolution(), reading).isfinite().all()
    assert dct_loss(flat, flat, load_first_convolution(), reading).isfinite().all()


def test_alone_as_in_a_batch() -> None:
    pictures = torch.rand(3, 3, 40, 56, generator=torch.Generator().manual_seed(1))
    after = blur(pictures, 1)
    together = dct_loss(pictures, after, load_first_convolution())
    alone = torch.cat([dct_loss(pictures[i : i + 1], after[i : i + 1], load_first_convolution()) for i in range(3)])
    torch.testing.assert_close(together, alone)


def test_a_picture_under_32_pixels_is_not_assessable() -> None:
    assert dct_loss(picture(31), picture(31), load_first_convolution()).isnan().all()
    assert dct_loss(picture(32), blur(picture(32), 1), load_first_convolution()).isfinite().all()


def test_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="differ"):
        dct_loss(picture(64), picture(48), load_first_convolution())


def test_a_gain_of_a_filter_changes_nothing() -> None:
    convolution = load_first_convolution()
    louder = FirstConvolution(convolution.filters * 7, "louder")
    after = blur(picture(), 2)
    torch.testing.assert_close(dct_loss(picture(), after, convolution), dct_loss(picture(), after, louder))


def test_filters_of_a_faster_rcnn_by_path(tmp_path: Path) -> None:
    filters = torch.randn(64, 3, 7, 7, generator=torch.Generator().manual_seed(2))
    path = tmp_path / "detector.pth"
    torch.save({"backbone.body.conv1.weight": filters, "roi_heads.weight": torch.zeros(1)}, path)
    convolution = load_first_convolution(explicit=path)
    assert torch.equal(convolution.filters, filters)
    assert convolution.fingerprint != load_first_convolution().fingerprint
    assert convolution(picture(64)).shape == (1, 64, 32, 32)


def test_a_file_without_a_first_convolution_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"classifier.weight": torch.zeros(2, 2)}, path)
    with pytest.raises(WeightsUnavailable, match="no first convolution"):
        from_weights(WeightsFile("dct_metric", path, "0" * 64, WeightsOrigin.EXPLICIT, (path,)))


def test_code_in_a_pickle_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "evil.pth"
    torch.save({"conv1.weight": print}, path)
    with pytest.raises(WeightsUnavailable, match="safely"):
        load_first_convolution(explicit=path)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (5, 9), (1, 6), (270, 480)])
def test_equals_scipy(height: int, width: int) -> None:
    maps = torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    expected = torch.from_numpy(dctn(maps.double().numpy(), axes=(2, 3), norm="ortho"))
    torch.testing.assert_close(dct2(maps).double(), expected, atol=1e-4, rtol=1e-4)


def test_a_constant_map_has_only_its_first_coefficient() -> None:
    coefficients = dct2(torch.full((1, 1, 4, 9), 2.0))
    assert coefficients[0, 0, 0, 0].item() == pytest.approx(2.0 * 6)  # mean times sqrt(4 * 9)
    assert coefficients.flatten()[1:].abs().max().item() < 1e-5
