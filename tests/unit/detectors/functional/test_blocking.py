"""Blockiness finds JPEG's grid wherever it lies, and ranks qualities as FFmpeg's blockdetect does."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from detectors.functional.blocking import blockiness
from tests.unit.detectors import ffmpeg
from tests.unit.detectors.pictures import jpeg, luma, photograph

QUALITIES = (95, 60, 30, 15, 8, 4)


def by_hand(picture: np.ndarray) -> float:
    ratios = []
    for steps in (np.abs(np.diff(picture.astype(float), axis=1)), np.abs(np.diff(picture.astype(float), axis=0)).T):
        phases = np.arange(steps.shape[1]) % 8
        ratios.append(max(steps[:, phases == p].mean() / steps[:, phases != p].mean() for p in range(8)))
    return float(np.mean(ratios))


@pytest.mark.parametrize("name", ["camera", "coins", "brick"])
@pytest.mark.parametrize("crop", [0, 3])
def test_is_the_formula_computed_by_hand(name: str, crop: int) -> None:
    picture = np.ascontiguousarray(jpeg(photograph(name), 12)[crop:, crop:])
    assert float(blockiness(luma(picture))[0]) == pytest.approx(by_hand(picture), rel=1e-4)


@pytest.mark.parametrize("name", ["camera", "coins", "text"])
def test_ranks_qualities_as_blockdetect_does(name: str) -> None:
    pictures = [jpeg(photograph(name), quality) for quality in QUALITIES]
    ours = blockiness(luma(*pictures))[0].tolist()
    theirs = [float(ffmpeg.judged([picture], "blockdetect")[0]["lavfi.block"]) for picture in pictures]
    assert spearmanr(ours, theirs).statistic > 0.9


def test_a_shifted_grid_is_the_same_grid() -> None:
    picture = jpeg(photograph(), 8)
    shifted = np.ascontiguousarray(picture[5:, 2:])
    assert float(blockiness(luma(shifted))[0]) == pytest.approx(float(blockiness(luma(picture))[0]), rel=0.05)


def test_a_grid_of_a_tenth_of_a_level_is_great_as_a_ratio_only() -> None:
    steps = torch.zeros(64, 64)
    steps += (torch.arange(64) // 8 % 2) * 0.1 / 255
    ratio, levels = blockiness(0.5 + (steps + steps.T)[None, None])
    assert ratio > 100
    assert levels == pytest.approx(0.1, abs=0.02)


def test_a_flat_picture_has_no_grid_to_measure() -> None:
    ratio, levels = blockiness(torch.full((1, 1, 64, 64), 0.5))
    assert torch.isnan(ratio).all()
    assert float(levels) == 0
