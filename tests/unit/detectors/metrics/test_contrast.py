"""Contrast falls and haze rises as fog does."""

import numpy as np
import pytest
import torch

from tests.unit.detectors.metrics.measured import contrast_rms, haze, local_contrast
from tests.unit.detectors.sample_pictures import luma, photograph


@pytest.mark.parametrize("name", ["camera", "moon", "page"])
def test_rms_contrast_is_numpys_standard_deviation(name: str) -> None:
    picture = photograph(name)
    assert float(contrast_rms(luma(picture))) == pytest.approx(picture.std() / 255, abs=1e-5)


def test_local_contrast_is_the_median_of_blocks_standard_deviations() -> None:
    picture = photograph()
    blocks = picture.reshape(32, 16, 32, 16).transpose(0, 2, 1, 3).reshape(-1, 256)
    assert float(local_contrast(luma(picture))) == pytest.approx(np.median(blocks.std(axis=1)), abs=0.1)


def test_each_turn_towards_fog_is_seen() -> None:
    picture = photograph("coffee") / 255
    steps = [torch.from_numpy(picture * left + 0.6 * (1 - left)).float()[None, None] for left in (1, 0.5, 0.2, 0.05)]
    for score, better in ((contrast_rms, -1), (local_contrast, -1)):
        values = [better * float(score(step)) for step in steps]
        assert values == sorted(values)
    veils = [float(haze(step.expand(-1, 3, -1, -1))) for step in steps]
    assert veils == sorted(veils)
    assert veils[-1] == pytest.approx(0.57, abs=0.05)
