"""Points for noise and haze: the metrics' own numbers, never falling, and a score that follows a camera's picture."""

from collections.abc import Callable
from fractions import Fraction

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage import data
from skimage.measure import blur_effect

from detectors.metrics.noise import NoiseMetrics
from detectors.metrics.picture.codes import code_range
from detectors.metrics.picture.decoded_picture import DecodedPicture
from detectors.models.catalogue import MODELS
from detectors.models.model_choice import ModelChoice
from detectors.models.model_status import check_model
from detectors.models.pictures import Pictures
from detectors.models.saliency_iqa.detector import SaliencyIqaDetector, load_saliency_iqa
from detectors.models.saliency_iqa.noise_haze import CORRECTION, detail, noise_floor, softness, veil
from domain.errors import ConfigError
from lab.training.augment.degradation_ladders import HOLDS, LADDERS, add_fog, add_noise, blur, darken, spearman
from lab.training.augment.video_compression import EncoderSetting, compress_frames, crop_to_even

Pixels = NDArray[np.uint8]
SCENES: dict[str, Callable[[], NDArray[np.uint8]]] = {
    "astronaut": data.astronaut,
    "cat": data.chelsea,
    "coffee": data.coffee,
}


@pytest.fixture(scope="module")
def detector() -> SaliencyIqaDetector:
    return load_saliency_iqa()


def photograph(scene: str = "astronaut") -> Pixels:
    return np.asarray(SCENES[scene](), np.uint8)


def camera_like(scene: str) -> Pixels:
    """Reduced, softened and coded by H.264 among its like, as a security camera's frame arrives."""
    picture = cv2.resize(photograph(scene), None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    soft = crop_to_even(np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.9), np.uint8))
    coded = compress_frames(np.stack([soft] * 3), EncoderSetting(28, None), Fraction(25))
    return np.asarray(coded[-1], np.uint8)


def shown(*pictures: Pixels, visible: torch.Tensor | None = None) -> Pictures:
    rgb = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
    return Pictures.from_rgb(rgb, visible=visible)


@pytest.mark.parametrize("size", [(400, 500), (1080, 1920), (240, 320)])
@pytest.mark.parametrize("sigma", [0.0, 12.0])
def test_noise_is_the_metrics_own(size: tuple[int, int], sigma: float) -> None:
    picture = add_noise(np.asarray(cv2.resize(photograph(), size[::-1]), np.uint8), sigma)
    pictures = shown(picture)
    codes = np.rint(pictures.luma[0, 0].numpy() * 255).astype(np.uint8)
    metric = NoiseMetrics().measure(DecodedPicture(codes, None, code_range(8, full=True)))["noise_floor"]
    assert noise_floor(pictures).item() == pytest.approx(metric, rel=0.1, abs=0.2)


def test_texture_is_no_noise_and_a_bright_subject_no_veil() -> None:
    stripes = np.zeros((400, 500, 3), np.uint8)
    stripes[100:300, 50:450:2] = 200
    bright = np.full((400, 500, 3), 225, np.uint8)
    bright[350:] = 4
    assert (noise_floor(shown(stripes, bright)) < CORRECTION.noise_from).all()
    assert (veil(shown(stripes, bright)) < CORRECTION.haze_from).all()
    assert CORRECTION.points(shown(stripes)).item() == 0


def test_the_veil_is_how_far_the_blacks_are_lifted() -> None:
    base = camera_like("astronaut")
    for share in (0.25, 0.65):
        assert veil(shown(add_fog(base, share))).item() == pytest.approx(
            (1 - share) * veil(shown(base)).item() + share * 200 / 255, abs=0.02
        )


@pytest.mark.parametrize("size", [(64, 64), (70, 1000), (1000, 66)])
def test_any_shape_has_points(size: tuple[int, int]) -> None:
    assert 0 <= CORRECTION.points(shown(np.zeros((*size, 3), np.uint8))).item() < 100


def test_more_noise_and_more_veil_never_cost_less() -> None:
    base = camera_like("astronaut")
    noisy = CORRECTION.points(shown(base, *(add_noise(base, sigma) for sigma in (3, 6, 12, 25, 50))))
    veiled = CORRECTION.points(shown(base, *(add_fog(base, share) for share in (0.1, 0.25, 0.45, 0.65, 0.85))))
    for points in (noisy, veiled):
        assert (points.diff() >= 0).all()
        assert points[-1] > points[0] + 5


def test_softness_is_scikit_images_measure_of_the_same_paper() -> None:
    for sigma in (0.8, 3.2):
        picture = blur(photograph(), sigma)
        grey = shown(picture).luma[0, 0].numpy()
        expected = blur_effect(grey, h_size=9)  # type: ignore[no-untyped-call]
        assert softness(shown(picture)).item() == pytest.approx(expected, abs=0.06)


def test_more_blur_and_less_light_never_cost_less() -> None:
    base = camera_like("astronaut")
    soft = CORRECTION.points(shown(base, *(blur(base, sigma) for sigma in (0.8, 1.6, 3.2, 6.4))))
    dark = CORRECTION.points(shown(base, *(darken(base, share) for share in (0.4, 0.06, 0.01, 0.0025))))
    for points in (soft, dark):
        assert (points.diff() >= -0.1).all()
        assert points[-1] > points[0] + 3


def test_a_sharp_detailed_picture_is_neither_soft_nor_bare() -> None:
    assert softness(shown(photograph())).item() < CORRECTION.soft_from
    assert detail(shown(photograph())).item() > CORRECTION.bare_under


def test_detail_is_the_mean_difference_of_neighbours_that_are_seen() -> None:
    luma = shown(photograph()).luma[0, 0].numpy()
    expected = np.mean([np.abs(np.diff(luma, axis=axis)).mean() for axis in (0, 1)])
    assert detail(shown(photograph())).item() == pytest.approx(expected, rel=1e-4)
    half = photograph()
    half[:, half.shape[1] // 2 :] = np.random.default_rng(1).integers(0, 256, half[:, half.shape[1] // 2 :].shape)
    visible = torch.ones(1, 1, *half.shape[:2], dtype=torch.bool)
    visible[..., half.shape[1] // 2 :] = False
    alone = detail(shown(np.ascontiguousarray(half[:, : half.shape[1] // 2]))).item()
    assert detail(shown(half, visible=visible)).item() == pytest.approx(alone, rel=1e-3)
    assert detail(shown(half, visible=torch.zeros_like(visible))).item() == 1


@pytest.mark.parametrize("ladder", ["blur", "darkness", "fog"])
def test_a_bare_plain_loses_points_at_every_rung(ladder: str) -> None:
    """A wall, the sky or an empty car park: to the network it looks the better the less is seen on it."""
    grain = cv2.GaussianBlur(np.random.default_rng(4).normal(0, 6, (288, 384)), (0, 0), 3)
    rows = np.linspace(90, 130, 288)[:, None]
    plain = np.repeat(np.clip(rows + 6 * grain, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    plain[200:230, 60:110] = 70
    worsen, strengths = LADDERS[ladder]
    points = CORRECTION.points(shown(plain, *(worsen(plain, strength) for strength in strengths)))
    assert (points.diff() > 0).all()
    assert points[-1] > points[0] + 15


def test_what_is_masked_costs_nothing() -> None:
    base = camera_like("astronaut")
    half = base.copy()
    half[:, base.shape[1] // 2 :] = add_noise(add_fog(base, 0.65), 40)[:, base.shape[1] // 2 :]
    visible = torch.ones(1, 1, *base.shape[:2], dtype=torch.bool)
    visible[..., base.shape[1] // 2 :] = False
    masked = CORRECTION.points(shown(half, visible=visible))
    assert masked.item() == pytest.approx(CORRECTION.points(shown(base, visible=visible)).item(), abs=0.1)
    assert CORRECTION.points(shown(half, visible=torch.zeros_like(visible))).item() == 0


def test_points_are_the_same_alone_and_in_a_batch() -> None:
    base = camera_like("cat")
    batch = shown(base, add_noise(base, 12), add_fog(base, 0.45))
    together = CORRECTION.points(batch).tolist()
    assert [CORRECTION.points(batch.select([one])).item() for one in range(3)] == pytest.approx(together, abs=1e-4)


def test_a_cameras_picture_scores_lower_the_more_noise_and_fog_it_has(detector: SaliencyIqaDetector) -> None:
    """Of six ladders one may fail: faint grain on a very soft base still looks like detail to the network."""
    holding = {"opinion": 0, "corrected": 0}
    for scene in SCENES:
        base = camera_like(scene)
        for worsen, strengths in (LADDERS["noise"], LADDERS["fog"]):
            pictures = shown(base, *(worsen(base, strength) for strength in strengths))
            corrected = detector.score(pictures)["image_quality"].double()
            opinion = corrected + CORRECTION.points(pictures).double()
            holding["corrected"] += bool(spearman(corrected[None].numpy())[0] <= HOLDS)
            holding["opinion"] += bool(spearman(opinion[None].numpy())[0] <= HOLDS)
    assert holding["corrected"] >= 5
    assert holding["opinion"] < holding["corrected"]


def test_the_correction_is_on_by_default_named_and_switched_off_by_its_option() -> None:
    corrected, plain = (
        check_model(MODELS["saliency_iqa"], ModelChoice(options={"correct_noise_haze": on}), None).detector
        for on in (True, False)
    )
    default = load_saliency_iqa()
    assert corrected is not None
    assert plain is not None
    assert corrected.fingerprint == default.fingerprint == f"{plain.fingerprint}+{CORRECTION.fingerprint}"
    picture = shown(add_noise(camera_like("cat"), 25))
    lower, opinion = (one.score(picture)["image_quality"].item() for one in (corrected, plain))
    assert lower == pytest.approx(opinion - CORRECTION.points(picture).item(), abs=0.01)


def test_the_option_is_a_switch() -> None:
    with pytest.raises(ConfigError, match=r"options\.correct_noise_haze: must be true or false"):
        check_model(MODELS["saliency_iqa"], ModelChoice(options={"correct_noise_haze": "perhaps"}), None)
