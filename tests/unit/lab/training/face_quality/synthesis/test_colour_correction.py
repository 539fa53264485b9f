"""Light and colour are brought to ordinary ones, ordinary ones are left alone, and what asks for too much is told."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from lab.training.augment.face_distortions import GAMMA, Picture
from lab.training.face_quality.synthesis.colour_correction import (
    SKIN_HUE_DEGREES,
    ColourCorrection,
    estimate_correction,
)

BOX = np.array([70.0, 45.0, 170.0, 185.0])
POINTS = np.array([[93.0, 98.0], [137.0, 98.0], [115.0, 125.0], [97.0, 147.0], [134.0, 147.0]])


def portrait() -> Picture:
    """A real face in ordinary light, (240, 240, 3), whose eyes are at POINTS."""
    cut = data.astronaut()[10:250, 105:345]  # type: ignore[no-untyped-call]
    return np.asarray(cut, np.float32) / np.float32(255)


def of(picture: Picture) -> ColourCorrection:
    return estimate_correction(picture, BOX, POINTS)


def tinted(gains: tuple[float, float, float]) -> Picture:
    return np.asarray((portrait() ** GAMMA * np.array(gains)).clip(0, 1) ** (1 / GAMMA), np.float32)


def hue_degrees(picture: Picture) -> float:
    skin: NDArray[np.float32] = np.median(picture[78:98, 105:125].reshape(-1, 3), axis=0).astype(np.float32)
    _, a, b = cv2.cvtColor(skin[None, None], cv2.COLOR_RGB2LAB)[0, 0].tolist()
    return float(np.degrees(np.arctan2(b, a)))


def test_an_ordinary_portrait_stays_as_it_is() -> None:
    found = of(portrait())
    assert found.ordinary
    assert np.abs(found.apply(portrait()) - portrait()).mean() < 0.02


def test_a_slight_cast_is_taken_out() -> None:
    green = tinted((0.85, 1.15, 0.85))
    found = of(green)
    assert found.ordinary
    assert hue_degrees(green) > SKIN_HUE_DEGREES[1] + 10
    assert hue_degrees(found.apply(green)) == pytest.approx(SKIN_HUE_DEGREES[1], abs=6)


def test_flat_levels_are_stretched() -> None:
    flat = np.float32(0.1) + np.float32(0.7) * portrait()
    found = of(flat)
    assert found.ordinary
    luma = found.apply(flat) @ np.array([0.299, 0.587, 0.114], np.float32)
    assert np.percentile(luma, 1) == pytest.approx(0.06, abs=0.03)
    assert np.percentile(luma, 99) == pytest.approx(0.85, abs=0.08)


@pytest.mark.parametrize(
    "picture",
    [
        tinted((0.3, 0.5, 2.0)),
        np.repeat(portrait().mean(axis=2, keepdims=True), 3, axis=2),
        np.float32(0.3) * portrait(),
        np.float32(0.4) + np.float32(0.2) * portrait(),
    ],
    ids=["under blue lamps", "in black and white", "far too dark", "in fog"],
)
def test_what_asks_for_too_much_is_not_ordinary(picture: Picture) -> None:
    assert not of(picture).ordinary


def test_the_size_of_the_picture_hardly_matters() -> None:
    large = cv2.resize(portrait(), (480, 480), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    small, twice = of(portrait()), estimate_correction(large, 2 * BOX, 2 * POINTS)
    assert twice.gains == pytest.approx(small.gains, rel=0.03)
    assert twice.stretch == pytest.approx(small.stretch, rel=0.03)
