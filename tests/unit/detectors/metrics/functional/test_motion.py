"""Change is counted block by block: a clock is little, a frozen picture nothing."""

import numpy as np
import pytest
import torch

from detectors.metrics.functional.motion import block_change, change_median, change_share, encode_luma, flicker
from tests.unit.detectors.sample_pictures import luma, noisy, photograph


def blocks(now: np.ndarray, before: np.ndarray) -> torch.Tensor:
    return block_change(encode_luma(luma(now)), encode_luma(luma(before)))


def test_is_the_mean_difference_of_blocks() -> None:
    before, now = photograph(), noisy(photograph(), 6)
    differences = np.abs(now.astype(float) - before).reshape(32, 16, 32, 16).mean(axis=(1, 3))
    found = blocks(now, before)
    assert np.abs(found[0].numpy() - differences.flatten()).max() < 0.02
    assert change_median(found).item() == pytest.approx(np.median(differences), abs=0.02)


def test_a_running_clock_changes_few_blocks_and_no_median() -> None:
    before, now = photograph(), photograph().copy()
    now[10:40, 20:260] = 255 - now[10:40, 20:260]
    found = blocks(now, before)
    assert change_median(found).item() == 0
    assert 0 < change_share(found).item() < 0.06


def test_what_is_masked_does_not_change() -> None:
    visible = torch.ones(1, 1, 512, 512, dtype=torch.bool)
    visible[..., :64, :] = False
    before, now = photograph(), photograph().copy()
    now[:60] = 0
    found = block_change(encode_luma(luma(now), visible), encode_luma(luma(before), visible))
    assert change_share(found).item() == 0
    assert flicker(encode_luma(luma(now), visible), encode_luma(luma(before), visible)).item() == 0


def test_flicker_is_the_jump_of_the_mean() -> None:
    before = photograph()
    now = (before // 2).astype(np.uint8)
    assert flicker(encode_luma(luma(now)), encode_luma(luma(before))).item() == pytest.approx(
        before.mean() - now.mean(), abs=0.02
    )
