"""Specks and bars are found in the strength they were planted."""

import numpy as np
import pytest
import torch

from tests.unit.detectors.metrics.measured import snow_share, stripe_strength
from tests.unit.detectors.sample_pictures import luma, photograph


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_dashes_of_one_line_are_counted_by_share(share: float) -> None:
    picture = np.full((200, 300), 110, np.uint8)
    picture[np.random.default_rng(1).random(picture.shape) < share] = 235
    assert float(snow_share(luma(picture))) == pytest.approx(share, rel=0.15)


@pytest.mark.parametrize("levels", [4.0, 16.0])
@pytest.mark.parametrize("turned", [False, True])
def test_bars_have_the_amplitude_they_were_drawn_with(levels: float, turned: bool) -> None:
    bars = 128 + levels * np.sin(2 * np.pi * 12 * np.arange(240) / 240)
    picture = np.tile(bars[:, None], (1, 320)).round().astype(np.uint8)
    assert float(stripe_strength(luma(picture.T.copy() if turned else picture))) == pytest.approx(levels, rel=0.15)


def test_a_photograph_has_weaker_bars_than_the_same_with_bars() -> None:
    picture = photograph("coffee")
    bars = 12 * np.sin(2 * np.pi * 12 * np.arange(picture.shape[0]) / picture.shape[0])
    striped = np.clip(picture + bars[:, None], 0, 255).astype(np.uint8)
    before, after = stripe_strength(luma(picture, striped)).tolist()
    assert after > before + 6


def test_tiny_pictures_have_no_bars_to_measure() -> None:
    assert torch.isnan(stripe_strength(torch.rand(1, 1, 16, 16))).all()
