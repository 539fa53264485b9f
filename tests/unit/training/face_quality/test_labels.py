"""Labels fall with strength, in the dimensions that a distortion harms, as worked by hand."""

import numpy as np
import pytest

from detectors.face_quality.network import DIMENSIONS, OVERALL_WEIGHTS, Dimension
from training.face_quality.distortions import FACE_SIDE, Distortion
from training.face_quality.labels import HARM, labels

LARGE = FACE_SIDE.first


def of(strengths: dict[Distortion, float], face_px: float = LARGE) -> dict[Dimension, float]:
    return dict(zip(DIMENSIONS, labels(strengths, face_px).tolist(), strict=True))


def test_an_untouched_face_is_excellent_but_for_the_regressions_rounding() -> None:
    assert of({}) == pytest.approx({**dict.fromkeys(DIMENSIONS, 5.0), Dimension.OVERALL: 5 * sum(OVERALL_WEIGHTS)})


def test_full_defocus_takes_all_sharpness_and_part_of_fidelity_and_contrast() -> None:
    """5 - 4 x 1, 5 - 4 x .3, 5 - 4 x .15; overall .0765 x 5 + .4134 x 1 + .0554 x 5 + .1463 x 4.4 + .3076 x 3.8."""
    assert of({Distortion.FOCUS: 1.0}) == pytest.approx(
        {
            Dimension.NOISE: 5.0,
            Dimension.SHARPNESS: 1.0,
            Dimension.COLOURFULNESS: 5.0,
            Dimension.CONTRAST: 4.4,
            Dimension.FIDELITY: 3.8,
            Dimension.OVERALL: 2.8855,
        },
        abs=1e-3,
    )


def test_two_distortions_harm_what_the_first_has_left() -> None:
    """Sharpness: 5 - 4 (1 - (1 - .5)(1 - .25 x .8)) = 5 - 4 x .6 = 2.6."""
    found = of({Distortion.MOTION: 0.5, Distortion.NOISE: 0.8})
    assert found[Dimension.SHARPNESS] == pytest.approx(2.6)


def test_noise_that_the_encoder_took_away_is_not_held_against_the_face() -> None:
    """Noise .8 under H.264 at .5 counts as .8 (1 - .5 x .5) = .6; the encoder's own .6 x .5 = .3: 1 + 4 x .4 x .7."""
    found = of({Distortion.NOISE: 0.8, Distortion.H264: 0.5})
    assert found[Dimension.NOISE] == pytest.approx(1 + 4 * 0.4 * 0.7)


def test_a_face_of_few_pixels_is_unsharp_from_the_start() -> None:
    """60 of 180 to 20 pixels is half of the ladder's logarithm."""
    assert of({}, face_px=60.0)[Dimension.SHARPNESS] == pytest.approx(3.0)
    assert of({Distortion.RESOLUTION: 0.25}, face_px=60.0)[Dimension.SHARPNESS] == pytest.approx(3.0)
    assert of({}, face_px=400.0)[Dimension.SHARPNESS] == pytest.approx(5.0)


@pytest.mark.parametrize("distortion", list(Distortion))
def test_every_distortion_harms_something_wholly_or_mostly_and_never_the_overall_by_itself(
    distortion: Distortion,
) -> None:
    assert max(HARM[distortion].values()) >= 0.85
    assert Dimension.OVERALL not in HARM[distortion]


@pytest.mark.parametrize("distortion", list(Distortion))
def test_no_label_rises_with_strength_or_leaves_the_scale(distortion: Distortion) -> None:
    rungs = np.array([labels({distortion: strength}, 200.0) for strength in (0.0, 0.3, 0.6, 1.0)])
    assert (np.diff(rungs, axis=0) <= 1e-6).all()
    assert (np.diff(rungs[:, -1]) < 0).all()
    assert rungs.min() >= 0.99
    assert rungs.max() <= 5.0
