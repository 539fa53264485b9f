"""Change is counted block by block: a clock is little, a frozen picture nothing."""

import numpy as np
import pytest
import torch

from tests.unit.detectors.metrics.measured import change
from tests.unit.detectors.sample_pictures import luma, noisy, photograph


def numbers(now: np.ndarray, before: np.ndarray, visible: torch.Tensor | None = None) -> dict[str, float]:
    found = change(luma(now), luma(before), visible, visible)
    return {key: value.item() for key, value in found.items()}


def test_is_the_mean_difference_of_blocks() -> None:
    before, now = photograph(), noisy(photograph(), 6)
    differences = np.abs(now.astype(float) - before).reshape(32, 16, 32, 16).mean(axis=(1, 3))
    found = numbers(now, before)
    assert found["change_median"] == pytest.approx(np.median(differences), abs=0.02)
    assert found["change_share"] == pytest.approx((differences >= 1).mean(), abs=0.001)


def test_a_frozen_picture_does_not_change_at_all() -> None:
    found = numbers(photograph(), photograph())
    assert (found["change_median"], found["change_share"], found["flicker"]) == (0, 0, 0)


def test_a_running_clock_changes_few_blocks_and_no_median() -> None:
    before, now = photograph(), photograph().copy()
    now[10:40, 20:260] = 255 - now[10:40, 20:260]
    found = numbers(now, before)
    assert found["change_median"] == 0
    assert 0 < found["change_share"] < 0.06


def test_what_is_masked_does_not_change() -> None:
    visible = torch.ones(1, 1, 512, 512, dtype=torch.bool)
    visible[..., :64, :] = False
    before, now = photograph(), photograph().copy()
    now[:60] = 0
    found = numbers(now, before, visible)
    assert found["change_share"] == 0
    assert found["flicker"] == 0


def test_flicker_is_the_jump_of_the_mean() -> None:
    before = photograph()
    now = (before // 2).astype(np.uint8)
    assert numbers(now, before)["flicker"] == pytest.approx(before.mean() - now.mean(), abs=0.02)
