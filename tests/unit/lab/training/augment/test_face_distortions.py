"""Each distortion does what it says, more at a greater strength, and the same for a large and a small face."""

import cv2
import numpy as np
import pytest
from skimage import data

from lab.training.augment.face_distortions import (
    DISTORTIONS,
    FACE_SIDE,
    NOISE_LEVELS,
    Distortion,
    Picture,
    StrengthRange,
    distort_face,
)

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)


def picture(side: int = 224) -> Picture:
    """Smooth shading under fine stripes and colour, (side, side, 3)."""
    line = np.linspace(0, 1, side, dtype=np.float32)
    base = 0.25 + 0.4 * line[:, None] * np.ones((1, side), np.float32)
    stripes = 0.15 * np.sign(np.sin(line * 56 * np.pi))[None, :]
    return np.stack([base + stripes, base + 0.6 * stripes, 0.7 * base], axis=2).astype(np.float32).clip(0, 1)


def after(distortion: Distortion, strength: float, side: int = 224) -> Picture:
    return distort_face(picture(side), {distortion: strength}, side / 224, np.random.default_rng(0))


def portrait() -> Picture:
    """A real face, (224, 224, 3)."""
    cut = data.astronaut()[0:224, 110:334]  # type: ignore[no-untyped-call]
    return np.asarray(cut, np.float32) / np.float32(255)


def change(distortion: Distortion, strength: float) -> float:
    worse = distort_face(portrait(), {distortion: strength}, 1.0, np.random.default_rng(0))
    return float(np.abs(worse - portrait()).mean())


def test_a_ladder_rises_by_a_constant_factor() -> None:
    assert [StrengthRange(2.0, 32.0).at(strength) for strength in (0, 0.25, 0.5, 1)] == pytest.approx([2, 4, 8, 32])


@pytest.mark.parametrize("distortion", [name for name in Distortion if name is not Distortion.INFRARED])
def test_a_greater_strength_changes_more(distortion: Distortion) -> None:
    changes = [change(distortion, strength) for strength in STRENGTHS]
    assert changes == sorted(changes)
    assert changes[-1] > 2.5 * changes[0]


def test_more_infrared_leaves_less_of_the_colours() -> None:
    left = [
        distort_face(portrait(), {Distortion.INFRARED: strength}, 1.0, np.random.default_rng(0))
        for strength in STRENGTHS
    ]
    colours = [float((one[..., 0] - one[..., 2]).std()) for one in left]
    assert colours == sorted(colours, reverse=True)
    assert colours[-1] < 0.01 < colours[0]


@pytest.mark.parametrize("distortion", list(Distortion))
def test_shape_and_range_stay_even_for_an_odd_side(distortion: Distortion) -> None:
    worse = after(distortion, 0.7, side=111)
    assert worse.shape == (111, 111, 3)
    assert worse.dtype == np.float32
    assert 0 <= worse.min() <= worse.max() <= 1


def test_the_same_generator_makes_the_same_picture() -> None:
    everything = dict.fromkeys(Distortion, 0.4)
    first, second = (distort_face(picture(), everything, 1.0, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, second)


def test_noise_has_the_deviation_its_ladder_says() -> None:
    """Half of the variance grows with the light: grey 0.5 has sqrt(0.75) of the full deviation."""
    grey = np.full((300, 300, 3), 0.5, np.float32)
    noisy = DISTORTIONS[Distortion.NOISE](grey, 0.5, 1.0, np.random.default_rng(0))
    assert 255 * (noisy - grey).std() == pytest.approx(NOISE_LEVELS.at(0.5) * 0.75**0.5, rel=0.03)


def test_motion_smears_along_its_line_only() -> None:
    """A point becomes a line: its extent across the line stays a pixel or two, its light stays the same."""
    point = np.zeros((101, 101, 3), np.float32)
    point[50, 50] = 1.0
    smeared = DISTORTIONS[Distortion.MOTION](point, 0.8, 1.0, np.random.default_rng(2))[..., 0]
    assert smeared.sum() == pytest.approx(1.0, abs=1e-3)
    places = np.argwhere(smeared > 1e-4) - 50
    spread = np.linalg.svd(places.astype(float), compute_uv=False) / np.sqrt(len(places))
    assert spread[0] > 5
    assert spread[1] < 1.2


def test_resolution_leaves_no_more_detail_than_its_ladder_says() -> None:
    """A face 224 pixels large, left with 14: nothing above 7 cycles a face survives."""
    worse = DISTORTIONS[Distortion.RESOLUTION](picture(), 1.0, 1.0, np.random.default_rng(0))
    spectrum = np.abs(np.fft.rfft(worse[112, :, 0] - worse[112, :, 0].mean()))
    assert FACE_SIDE.at(1.0) == pytest.approx(14)
    assert spectrum[22:34].max() < 0.2 * np.abs(np.fft.rfft(picture()[112, :, 0]))[28]


def test_a_colour_cast_keeps_the_luma_of_what_is_not_clipped() -> None:
    grey = np.full((8, 8, 3), 0.3, np.float32)
    cast = DISTORTIONS[Distortion.COLOUR](grey, 0.6, 1.0, np.random.default_rng(0))
    weights = np.array([0.299, 0.587, 0.114])
    assert float((cast[0, 0] ** 2.2) @ weights) == pytest.approx(0.3**2.2, rel=1e-3)
    assert np.ptp(cast[0, 0]) > 0.03


def test_infrared_at_full_strength_has_no_colour() -> None:
    assert np.ptp(after(Distortion.INFRARED, 1.0), axis=2).max() == pytest.approx(0.0, abs=1e-5)


def test_enhancement_smooths_texture_and_raises_edges() -> None:
    generator = np.random.default_rng(0)
    scene = np.full((100, 100, 3), 0.35, np.float32)
    scene[:, 50:] = 0.65
    scene += 0.02 * generator.standard_normal(scene.shape, dtype=np.float32)
    worse = DISTORTIONS[Distortion.ENHANCEMENT](scene, 1.0, 1.0, generator)
    assert worse[:, 52].mean() > scene[:, 52].mean() + 0.05
    assert worse[:, 46:50].mean() < scene[:, 46:50].mean() - 0.03


def test_h264_costs_no_more_than_a_few_levels_at_its_mildest() -> None:
    assert cv2.PSNR(picture() * 255, after(Distortion.H264, 0.0) * 255) > 24
