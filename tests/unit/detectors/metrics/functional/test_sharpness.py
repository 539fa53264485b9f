"""Sharpness is one less scikit-image's blur effect."""

import pytest
import torch
from skimage.measure import blur_effect

from tests.unit.detectors.metrics.measured import sharpness
from tests.unit.detectors.sample_pictures import blurred, luma, noisy, photograph


@pytest.mark.parametrize("name", ["camera", "coins", "moon", "text"])
@pytest.mark.parametrize("sigma", [0, 1, 3])
def test_agrees_with_scikit_image_to_two_thousandths(name: str, sigma: float) -> None:
    picture = blurred(photograph(name), sigma)
    theirs = blur_effect(picture / 255, h_size=11)  # type: ignore[no-untyped-call]
    assert float(sharpness(luma(picture))) == pytest.approx(1 - theirs, abs=2e-3)


def test_fog_leaves_it_alone_and_noise_does_not_hide_blur() -> None:
    picture = photograph()
    fog = (picture // 4 + 120).astype("uint8")
    scores = sharpness(luma(picture, fog, noisy(blurred(picture, 5), 2)))
    assert scores[1] == pytest.approx(float(scores[0]), abs=0.05)
    assert scores[2] < 0.7 * scores[0]


def test_a_flat_picture_has_no_sharpness() -> None:
    assert torch.isnan(sharpness(torch.full((1, 1, 64, 64), 0.5))).all()
