"""The six baselines by name, each worse for the fault it is for."""

import math

import pytest
import torch

from detectors.models.classic_iqa.comparison_measures import COMPARISON_MEASURES
from detectors.models.pictures import Pictures
from tests.unit.detectors.sample_pictures import blurred, jpeg, luma, noisy, photograph

ORIGINAL = photograph("camera")
FAULTY = {
    "psnr": noisy(ORIGINAL, 12),
    "ssim": blurred(ORIGINAL, 2),
    "noise": noisy(ORIGINAL, 12),
    "blur": blurred(ORIGINAL, 2),
    "blockiness": jpeg(ORIGINAL, 10),
    "contrast": (ORIGINAL // 4 + 96),
}


def test_they_stand_in_the_order_of_the_papers_tables() -> None:
    assert list(COMPARISON_MEASURES) == ["contrast", "noise", "blur", "psnr", "blockiness", "ssim"]


@pytest.mark.parametrize("name", COMPARISON_MEASURES)
def test_each_says_which_picture_is_worse(name: str) -> None:
    baseline = COMPARISON_MEASURES[name]
    pictures, reference = Pictures(luma(ORIGINAL, FAULTY[name])), Pictures(luma(ORIGINAL, ORIGINAL))
    good, bad = baseline.score(pictures, reference).tolist()
    assert (good > bad) == baseline.higher_is_better


@pytest.mark.parametrize(
    "name", [name for name, baseline in COMPARISON_MEASURES.items() if not baseline.needs_reference]
)
def test_those_without_a_reference_need_none(name: str) -> None:
    assert math.isfinite(COMPARISON_MEASURES[name].score(Pictures(luma(ORIGINAL)), None).item())


@pytest.mark.parametrize("name", ["psnr", "ssim"])
def test_the_others_say_that_they_need_it(name: str) -> None:
    with pytest.raises(ValueError, match="original"):
        COMPARISON_MEASURES[name].score(Pictures(torch.rand(1, 1, 16, 16)), None)
