"""Labels fall with strength, in the dimensions that a distortion harms, as worked by hand."""

import numpy as np
import pytest

from detectors.models.face_quality.network import DIMENSIONS, OVERALL_WEIGHTS, Dimension
from lab.training.augment.face_distortions import FACE_SIDE, Distortion
from lab.training.face_quality.synthesis.distortion_labels import HARM, label_face

LARGE = FACE_SIDE.first


def of(strengths: dict[Distortion, float], face_px: float = LARGE) -> dict[Dimension, float]:
    return dict(zip(DIMENSIONS, label_face(strengths, face_px).tolist(), strict=True))


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


def test_two_distortions_add_up_by_their_fourth_powers() -> None:
    """Sharpness: 5 - 4 (.5^4 + (.65 x .6)^4)^(1/4) = 5 - 4 x .0856344^(1/4) = 5 - 4 x .540953."""
    found = of({Distortion.MOTION: 0.5, Distortion.H264: 0.6})
    assert found[Dimension.SHARPNESS] == pytest.approx(5 - 4 * 0.540953, abs=1e-4)


def test_a_slight_harm_is_hidden_by_a_great_one() -> None:
    """(.9^4 + .25^4)^(1/4) = .9013: alone .25 takes a whole point, under .9 half a hundredth."""
    great = of({Distortion.FOCUS: 0.9})[Dimension.SHARPNESS]
    both = of({Distortion.FOCUS: 0.9, Distortion.NOISE: 1.0})[Dimension.SHARPNESS]
    assert great - both == pytest.approx(4 * 0.00134, abs=1e-4)


def test_over_enhancement_of_what_a_blur_has_left_counts_as_a_milder_one() -> None:
    """Motion at 0 leaves .83 of the detail: ln .83 / ln 18 = -.06447 rungs, so .8 counts as .73553."""
    assert of({Distortion.ENHANCEMENT: 0.8})[Dimension.FIDELITY] == pytest.approx(5 - 4 * 0.8)
    blurred = of({Distortion.ENHANCEMENT: 0.8, Distortion.MOTION: 0.0})
    assert blurred[Dimension.FIDELITY] == pytest.approx(5 - 4 * 0.73553, abs=1e-3)


def test_over_enhancement_that_finds_no_detail_harms_nothing() -> None:
    """A veil at 1 leaves .12, a defocus at 1 .07: ln .0084 / ln 18 = -1.65."""
    drowned = {Distortion.ENHANCEMENT: 1.0, Distortion.VEIL: 1.0, Distortion.FOCUS: 1.0}
    without = {Distortion.VEIL: 1.0, Distortion.FOCUS: 1.0}
    assert of(drowned) == pytest.approx(of(without))


def test_harm_never_leaves_the_scale() -> None:
    everything = of(dict.fromkeys(Distortion, 1.0))
    assert everything[Dimension.SHARPNESS] == everything[Dimension.CONTRAST] == 1.0
    assert min(everything.values()) >= 1.0


def test_noise_that_the_encoder_took_away_is_not_held_against_the_face() -> None:
    """Noise .8 under H.264 at .5 counts as .8 (1 - .5 x .5) = .6; the encoder's own .6 x .5 = .3: .6 x 17^(1/4) / 2."""
    found = of({Distortion.NOISE: 0.8, Distortion.H264: 0.5})
    assert found[Dimension.NOISE] == pytest.approx(5 - 4 * 0.3 * 17**0.25)


def test_a_face_of_few_pixels_is_unsharp_from_the_start() -> None:
    """The geometric mean of the ladder's ends is half of it."""
    middle = (FACE_SIDE.first * FACE_SIDE.last) ** 0.5
    assert of({}, face_px=middle)[Dimension.SHARPNESS] == pytest.approx(3.0)
    assert of({Distortion.RESOLUTION: 0.25}, face_px=middle)[Dimension.SHARPNESS] == pytest.approx(3.0)
    assert of({}, face_px=400.0)[Dimension.SHARPNESS] == pytest.approx(5.0)


@pytest.mark.parametrize("distortion", list(Distortion))
def test_every_distortion_harms_something_wholly_or_mostly_and_never_the_overall_by_itself(
    distortion: Distortion,
) -> None:
    assert max(HARM[distortion].values()) >= 0.85
    assert Dimension.OVERALL not in HARM[distortion]


@pytest.mark.parametrize("distortion", list(Distortion))
def test_no_label_rises_with_strength_or_leaves_the_scale(distortion: Distortion) -> None:
    rungs = np.array([label_face({distortion: strength}, 200.0) for strength in (0.0, 0.3, 0.6, 1.0)])
    assert (np.diff(rungs, axis=0) <= 1e-6).all()
    assert (np.diff(rungs[:, -1]) < 0).all()
    assert rungs.min() >= 0.99
    assert rungs.max() <= 5.0
