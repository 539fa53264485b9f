"""Blockiness finds JPEG's grid wherever it lies, and what stands alone in a picture, like a mask, is no grid."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from detectors.metrics.functional import blocking
from detectors.metrics.picture.codes import code_range
from detectors.metrics.picture.decoded_picture import DecodedPicture
from tests.unit.detectors import ffmpeg_filters
from tests.unit.detectors.metrics.measured import blockiness
from tests.unit.detectors.sample_pictures import jpeg, luma, photograph

QUALITIES = (95, 60, 30, 15, 8, 4)


def share(line: list[float]) -> list[float]:
    """Medians of five; of four at the start the lower middle, at the end the upper one."""
    medians = []
    for index in range(len(line)):
        near = sorted(line[max(0, index - 2) : index + 3])
        medians.append(near[(len(near) - 1) // 2 if index < 2 else len(near) // 2])
    return medians


def by_hand(picture: np.ndarray) -> float:
    ratios = []
    for steps in (np.abs(np.diff(picture.astype(float), axis=1)), np.abs(np.diff(picture.astype(float), axis=0)).T):
        sums, counts = np.zeros(8), np.zeros(8)
        for top in range(0, steps.shape[0], 16):
            band = steps[top : top + 16]
            borders = band.mean(axis=0)
            lively = [borders[at : at + 8].any() for at in range(0, len(borders), 8)]
            for phase in range(8):
                for index, step in enumerate(share(list(borders[phase::8]))):
                    sums[phase] += step * len(band) * lively[index]
                    counts[phase] += len(band) * lively[index]
        ratios.append(
            max(sums[p] / counts[p] / (np.delete(sums, p).sum() / np.delete(counts, p).sum()) for p in range(8))
        )
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
    theirs = [float(ffmpeg_filters.run_filter([picture], "blockdetect")[0]["lavfi.block"]) for picture in pictures]
    assert spearmanr(ours, theirs).statistic > 0.9


def test_a_shifted_grid_is_the_same_grid() -> None:
    picture = jpeg(photograph(), 8)
    shifted = np.ascontiguousarray(picture[5:, 2:])
    assert float(blockiness(luma(shifted))[0]) == pytest.approx(float(blockiness(luma(picture))[0]), rel=0.05)


def test_a_grid_of_a_tenth_of_a_level_is_great_as_a_ratio_only() -> None:
    codes = code_range(12, full=True)
    steps = np.zeros((64, 64), np.uint16)
    steps += (np.arange(64) // 8 % 2).astype(np.uint16) * 2
    ratio, levels = blocking.blockiness(DecodedPicture(2048 + steps + steps.T, None, codes))
    assert ratio > 100
    assert levels == pytest.approx(2 / 16, abs=0.02)


def test_a_flat_picture_has_no_grid_to_measure() -> None:
    ratio, levels = blockiness(torch.full((1, 1, 64, 64), 0.5))
    assert torch.isnan(ratio).all()
    assert float(levels) == 0


BOUND, LEVELS = 2.4, 0.8
"""Where the rule for blocky pictures begins."""


def build_masked(picture: np.ndarray, *, align: int, colours: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Return the picture with a rectangle of each colour, its corners on multiples of `align`."""
    rng = np.random.default_rng(seed)
    height, width = picture.shape
    covered = picture.copy()
    for colour in colours:
        top, left = (int(rng.integers(0, side * 2 // 3)) // align * align for side in (height, width))
        down, across = (int(rng.integers(16, side // 3)) // align * align for side in (height, width))
        covered[top : top + down, left : left + across] = colour
    return covered


def add_bar(picture: np.ndarray, width: int, colour: int, *, pillars: bool) -> np.ndarray:
    covered = picture.copy()
    turned = covered.T if pillars else covered
    turned[:width] = turned[-width:] = colour
    return covered


@pytest.mark.parametrize("align", [8, 16, 1])
@pytest.mark.parametrize("colours", [(0, 0), (128,), (255, 0, 90), (0, 16, 128, 200, 235, 255)])
@pytest.mark.parametrize("name", ["camera", "coins", "brick", "moon"])
def test_privacy_masks_are_no_blocks(name: str, colours: tuple[int, ...], align: int) -> None:
    for quality in (95, 75):
        plain = blockiness(luma(jpeg(photograph(name), quality)))
        pictures = [
            jpeg(build_masked(photograph(name), align=align, colours=colours, seed=s), quality) for s in range(4)
        ]
        ratio, levels = blockiness(luma(*pictures))
        assert float(ratio.max()) < 1.15 * float(plain[0])
        assert float(levels.max()) < 1.5 * float(plain[1]) + 0.2


@pytest.mark.parametrize("pillars", [True, False])
@pytest.mark.parametrize(("width", "colour"), [(64, 0), (64, 128), (40, 16), (56, 255), (61, 0)])
def test_bars_beside_and_above_a_picture_are_no_blocks(width: int, colour: int, pillars: bool) -> None:
    ratio, _ = blockiness(luma(jpeg(add_bar(photograph(), width, colour, pillars=pillars), 90)))
    assert float(ratio) < 1.3


@pytest.mark.parametrize("name", ["camera", "coins", "moon"])
def test_coarse_compression_beside_masks_is_blocks(name: str) -> None:
    plain = blockiness(luma(jpeg(photograph(name), 7)))
    for seed in range(4):
        picture = jpeg(build_masked(photograph(name), align=8, colours=(0, 128, 255), seed=seed), 7)
        ratio, levels = blockiness(luma(picture))
        assert float(ratio) > BOUND
        assert float(ratio) == pytest.approx(float(plain[0]), rel=0.3)
        assert float(levels) > LEVELS


def test_a_mask_over_most_of_the_picture_does_not_dilute_the_blocks_beside_it() -> None:
    picture = jpeg(photograph(), 7)
    levels = float(blockiness(luma(picture[:, :160]))[1])
    picture[:, 160:] = 128
    assert float(blockiness(luma(picture))[1]) == pytest.approx(levels, rel=0.15)


def test_colour_bars_have_no_grid_to_measure() -> None:
    bars = np.repeat(np.arange(16, 236, 32, dtype=np.uint8), 88)[None].repeat(480, axis=0)
    ratio, levels = blockiness(luma(bars))
    assert torch.isnan(ratio).all() or float(ratio) < 1.3
    assert float(levels) < LEVELS
