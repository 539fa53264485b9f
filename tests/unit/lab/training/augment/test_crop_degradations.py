"""Rungs get worse with strength, and the loss of order is what its docstring says."""

import numpy as np
import pytest
import torch

from lab.training.augment.crop_degradations import MARGIN, degrade_crop_pair, ranking_loss


def test_the_severer_rung_is_further_from_the_crop_than_the_milder() -> None:
    rows, columns = np.mgrid[0:96, 0:96]
    waves = (127 + 60 * np.sin(rows / 5) + 60 * np.sin(columns / 3)).astype(np.uint8)
    crop = np.repeat(waves[..., None], 3, axis=2)
    for seed in range(30):
        mild, severe = degrade_crop_pair(crop, np.random.default_rng(seed))
        steps = [float(np.abs(rung.astype(float) - crop).mean()) for rung in (mild, severe)]
        assert 0 < steps[0] < steps[1], seed
        assert np.array_equal(severe, degrade_crop_pair(crop, np.random.default_rng(seed))[1])


def test_the_loss_of_order_worked_by_hand() -> None:
    labelled = torch.tensor([0.8, 0.5])
    rungs = torch.tensor([[0.7, 0.6], [0.49, 0.52]])
    expected = ((0 + 0) + (MARGIN - 0.01 + MARGIN + 0.03)) / 2
    assert ranking_loss(labelled, rungs).item() == pytest.approx(expected)
