"""Smears, lost blocks and slates are seen; columns, clocks and darkness are none."""

import cv2
import numpy as np
import pytest
import torch

from tests.unit.detectors.metrics.measured import corrupt_share, text_slate
from tests.unit.detectors.sample_pictures import luma, noisy, photograph


def neutral(pictures: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(pictures), 2, pictures.shape[-2] // 2, pictures.shape[-1] // 2)


@pytest.mark.parametrize("rows", [64, 192])
def test_rows_drawn_out_are_counted_by_their_share(rows: int) -> None:
    picture = noisy(photograph(), 2)
    picture[128 : 128 + rows] = picture[127]
    assert float(corrupt_share(luma(picture), None)) == pytest.approx(rows / 512, rel=0.35)


def test_a_photograph_and_noisy_columns_are_not_corrupt() -> None:
    columns = np.tile(np.random.default_rng(0).integers(30, 220, 320).astype(np.uint8), (240, 1))
    assert float(corrupt_share(luma(noisy(columns, 2)), None)) == 0
    assert float(corrupt_share(luma(noisy(photograph("brick"), 1)), None)) < 0.01


def test_the_green_of_an_empty_buffer_is_lost() -> None:
    picture = luma(photograph())
    chroma = neutral(picture)
    picture[..., 256:, :] = 0
    chroma[..., 128:, :] = -0.5
    assert float(corrupt_share(picture, chroma)) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("blocks", "share"), [(40, 40 / 1024), (30, 0.0)])
def test_the_grey_of_an_empty_buffer_is_lost_where_it_runs_on_as_slices_do(blocks: int, share: float) -> None:
    picture = luma(noisy(photograph(), 2))
    chroma = torch.full((1, 2, 256, 256), 0.1)
    for block in range(100, 100 + blocks):
        row, column = divmod(block, 32)
        picture[..., 16 * row : 16 * row + 16, 16 * column : 16 * column + 16] = 128 / 255
        chroma[..., 8 * row : 8 * row + 8, 8 * column : 8 * column + 8] = 0
    assert float(corrupt_share(picture, chroma)) == pytest.approx(share, abs=0.002)


def written(ground: int, text: str, at: tuple[int, int]) -> np.ndarray:
    picture = np.full((360, 640), ground, np.uint8)
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 1.2, 235, 2, cv2.LINE_AA)
    return picture


def test_a_flat_ground_with_text_in_the_middle_is_a_slate() -> None:
    picture = luma(written(60, "NO VIDEO", (220, 190)))
    assert float(text_slate(picture, neutral(picture))) > 0.9


def test_a_black_night_with_a_clock_in_the_corner_is_no_slate() -> None:
    picture = luma(written(2, "2026-01-01 03:00", (10, 40)))
    assert float(text_slate(picture, neutral(picture))) == 0


def test_a_photograph_is_no_slate() -> None:
    picture = luma(photograph())
    assert float(text_slate(picture, neutral(picture))) < 0.3
