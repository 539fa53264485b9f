"""Discs of light count, lamps and windows do not."""

import cv2
import numpy as np
import pytest

from detectors.metrics import exposure
from tests.unit.detectors.metrics.measured import glare_share
from tests.unit.detectors.sample_pictures import luma


def lit(radius: int) -> np.ndarray:
    picture = np.full((360, 640), 90, np.uint8)
    cv2.circle(picture, (320, 180), radius, 255, -1)
    return picture


@pytest.mark.parametrize("radius", [30, 60, 100])
def test_a_disc_counts_by_its_area(radius: int) -> None:
    assert float(glare_share(luma(lit(radius)))) == pytest.approx(np.pi * radius**2 / (360 * 640), rel=0.12)


def test_many_small_lamps_do_not_count() -> None:
    picture = np.full((360, 640), 30, np.uint8)
    for place in range(40, 620, 40):
        cv2.circle(picture, (place, 180), 5, 255, -1)
    assert float(glare_share(luma(picture))) == 0


def test_a_disc_counts_beside_burnt_out_windows() -> None:
    picture = lit(60)
    picture[:60, :300] = picture[20:80, 420:] = 255
    assert float(glare_share(luma(picture))) == pytest.approx(np.pi * 60**2 / (360 * 640), rel=0.12)


def test_the_share_of_a_disc_is_a_number_that_rules_can_compare() -> None:
    burnt_out = (lit(60) == 255).astype(np.uint8)
    assert type(exposure.glare_share(burnt_out)) is float
