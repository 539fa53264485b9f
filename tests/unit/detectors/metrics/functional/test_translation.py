"""Shifts are those of OpenCV's phase correlation."""

import cv2
import numpy as np
import pytest
import torch

from tests.unit.detectors.metrics.measured import shift
from tests.unit.detectors.sample_pictures import luma, noisy, photograph


def view(down: int, across: int) -> np.ndarray:
    return np.ascontiguousarray(photograph("coffee")[40 + down : 280 + down, 60 + across : 380 + across])


@pytest.mark.parametrize(("down", "across"), [(0, 0), (3, 0), (-2, 7), (12, -20)])
def test_finds_the_shift_that_opencv_finds(down: int, across: int) -> None:
    before, now = view(0, 0), view(down, across)
    window = cv2.createHanningWindow((320, 240), cv2.CV_64F)
    (x, y), _ = cv2.phaseCorrelate(before.astype(np.float64), now.astype(np.float64), window)
    found = float(shift(luma(now), luma(before))) * 320
    assert found == pytest.approx(np.hypot(down, across), abs=0.6)
    assert found == pytest.approx(np.hypot(x, y), abs=0.6)


def test_an_object_that_moves_does_not_move_the_camera() -> None:
    before, now = view(0, 0), view(0, 0)
    before[60:140, 40:110] = 220
    now[60:140, 90:160] = 220
    assert float(shift(luma(noisy(now, 3, 1)), luma(noisy(before, 3, 2)))) < 0.002


def test_another_view_and_a_flat_one_have_no_shift() -> None:
    other = cv2.resize(photograph("brick"), (320, 240))
    flat = np.full((240, 320), 90, np.uint8)
    found = shift(luma(np.asarray(other, dtype=np.uint8), flat), luma(view(0, 0), flat))
    assert torch.isnan(found).all()
