"""One flat colour and colour bars stand for a lost signal; walls, blinds, containers, fog and snow do not."""

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage import data

from detectors.models.pictures import Pictures
from tests.unit.detectors.metrics.measured import coding_numbers
from tests.unit.detectors.sample_pictures import jpeg, photograph

RAISED, CLEAR = 0.8, 0.7
"""Where the rule for a lost signal begins and ends."""
WHITE, YELLOW, CYAN, GREEN, MAGENTA, RED, BLUE = (
    (191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191)
)  # fmt: skip
BARS = (WHITE, YELLOW, CYAN, GREEN, MAGENTA, RED, BLUE)
Picture = NDArray[np.uint8]


def score(picture: Picture, *, sigma: float = 0.0, quality: int = 90) -> float:
    """Return `slate` of an RGB picture with a sensor's noise, coded as JPEG with halved colour."""
    noise = np.random.default_rng(0).normal(0, sigma, picture.shape) if sigma else 0
    noisy = (picture + noise).clip(0, 255).astype(np.uint8)
    _, coded = cv2.imencode(".jpg", noisy[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    rgb = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR_RGB), dtype=np.float32) / 255
    whole = Pictures.from_rgb(torch.from_numpy(rgb).permute(2, 0, 1)[None])
    assert whole.chroma is not None
    halved = torch.nn.functional.avg_pool2d(whole.chroma, 2)
    return float(coding_numbers(whole.luma, halved)["slate"])


def flat(colour: tuple[int, int, int], size: tuple[int, int] = (360, 640)) -> Picture:
    return np.full((*size, 3), colour, np.uint8)


def bars(colours: tuple[tuple[int, int, int], ...], size: tuple[int, int] = (360, 640), shift: int = 0) -> Picture:
    columns = np.array(colours, np.uint8)[np.arange(size[1]) * len(colours) // size[1]]
    return np.roll(np.tile(columns, (size[0], 1, 1)), shift, axis=1)


def smpte() -> Picture:
    """SMPTE EG 1: seven bars, a row of castellations, and black, white and near-black below."""
    picture = bars(BARS)
    picture[240:270] = bars((BLUE, (19, 19, 19), MAGENTA, (19, 19, 19), CYAN, (19, 19, 19), WHITE))[:30]
    picture[270:] = bars(((0, 33, 76), (255, 255, 255), (50, 0, 106), (19, 19, 19), (9, 9, 9), (29, 29, 29)))[:90]
    return picture


def with_clock(picture: Picture) -> Picture:
    marked = picture.copy()
    cv2.putText(marked, "2026-01-01 03:00:12", (10, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
    cv2.putText(marked, "CAM 7", (10, 345), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
    return marked


@pytest.mark.parametrize(
    "colour", [(128, 128, 128), (0, 0, 255), (16, 32, 140), (0, 255, 0), (60, 60, 60), (0, 135, 0)]
)
@pytest.mark.parametrize("quality", [95, 30])
def test_one_flat_colour_is_a_lost_signal_with_a_clock_or_without(colour: tuple[int, int, int], quality: int) -> None:
    assert score(flat(colour), quality=quality) >= RAISED
    assert score(with_clock(flat(colour)), quality=quality) >= RAISED


@pytest.mark.parametrize("size", [(360, 640), (576, 704), (288, 352), (1080, 1920)])
@pytest.mark.parametrize("quality", [95, 30])
def test_colour_bars_are_a_lost_signal_at_any_size(size: tuple[int, int], quality: int) -> None:
    assert score(bars(BARS, size), quality=quality) >= RAISED


@pytest.mark.parametrize("sigma", [0.0, 2.0])
@pytest.mark.parametrize(
    "picture",
    [
        bars(BARS, shift=37),
        bars(BARS[::-1]),
        np.ascontiguousarray(bars(BARS, (640, 360)).transpose(1, 0, 2)),
        bars(tuple((r * 255 // 191, g * 255 // 191, b * 255 // 191) for r, g, b in BARS)),
        smpte(),
        with_clock(bars(BARS)),
    ],
    ids=["shifted", "reversed", "lying", "full amplitude", "SMPTE", "with a clock"],
)
def test_colour_bars_are_a_lost_signal_wherever_they_lie(picture: Picture, sigma: float) -> None:
    assert score(picture, sigma=sigma) >= RAISED


def containers() -> Picture:
    """Rows of painted containers with ribs and shade, in the five colours that a yard has."""
    paint = ((150, 40, 35), (30, 70, 140), (40, 110, 60), (190, 160, 50), (190, 95, 40))
    rng = np.random.default_rng(3)
    picture = np.zeros((360, 640, 3), np.float32)
    ribs = 1 + 0.12 * np.sign(np.sin(np.arange(80) / 2))
    for top in range(0, 360, 60):
        for left in range(0, 640, 80):
            picture[top : top + 58, left : left + 78] = np.array(paint[rng.integers(5)]) * ribs[:78, None]
    return (picture * np.linspace(0.7, 1.1, 360)[:, None, None]).clip(0, 255).astype(np.uint8)


def stripes(width: int, *, lying: bool) -> Picture:
    lit = np.where(np.arange(640) // width % 2, 205.0, 120.0)
    picture = np.tile(lit[:, None], (360, 1, 3)) * np.linspace(0.8, 1.1, 360)[:, None, None]
    shaped = np.ascontiguousarray(picture.transpose(1, 0, 2)) if lying else picture
    return shaped.clip(0, 255).astype(np.uint8)


def veil(level: int, share: float) -> Picture:
    scene = cv2.resize(data.astronaut(), (640, 360)).astype(np.float32)  # type: ignore[no-untyped-call]
    sky = np.linspace(10, 0, 360)[:, None, None]
    return (scene * (1 - share) + (level + sky) * share).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "picture",
    [
        containers(),
        stripes(24, lying=False),
        stripes(40, lying=True),
        stripes(91, lying=False),
        veil(150, 0.9),
        veil(235, 0.85),
        cv2.resize(data.astronaut(), (640, 360)),  # type: ignore[no-untyped-call]
        cv2.resize(data.coffee(), (640, 360)),  # type: ignore[no-untyped-call]
    ],
    ids=["containers", "striped wall", "blinds", "wide stripes", "fog", "snow", "portrait", "coffee"],
)
@pytest.mark.parametrize("quality", [90, 15])
def test_a_scene_that_only_resembles_them_is_none(picture: Picture, quality: int) -> None:
    assert score(picture, sigma=1.5, quality=quality) < CLEAR


def test_flat_containers_without_shade_lack_the_hues_of_colour_bars() -> None:
    paint = ((190, 30, 30), (30, 60, 190), (30, 150, 60), (220, 190, 20), (230, 230, 230), (120, 120, 120))
    assert score(bars(paint)) < CLEAR


@pytest.mark.parametrize("colour", [(128, 128, 128), (0, 0, 200)])
def test_masks_over_much_of_a_picture_leave_it_a_picture(colour: tuple[int, int, int]) -> None:
    picture = np.array(cv2.resize(data.astronaut(), (640, 360)), dtype=np.uint8)  # type: ignore[no-untyped-call]
    picture[:, :520] = colour
    assert score(picture, sigma=1.5) < CLEAR


def test_black_and_white_are_left_to_the_faults_of_the_light() -> None:
    assert score(flat((0, 0, 0))) == 0
    assert score(flat((255, 255, 255))) == 0


def test_a_wall_with_a_sensors_noise_is_a_wall() -> None:
    assert score(flat((128, 128, 128)), sigma=4) < CLEAR


def test_a_dense_fog_that_an_encoder_smoothed_is_still_a_scene() -> None:
    rows, columns = np.mgrid[0:360, 0:640]
    fog = 150 + 1.4 * np.sin(columns / 160) * np.cos(rows / 110)
    picture = np.repeat(fog[..., None], 3, axis=2).round().astype(np.uint8)
    assert np.ptp(picture) == 2
    for quality in (95, 60, 20):
        assert score(picture, quality=quality) < CLEAR


def test_without_colour_a_flat_grey_is_a_lost_signal_and_a_photograph_none() -> None:
    grey = torch.full((1, 1, 360, 640), 0.5)
    assert float(coding_numbers(Pictures(grey).luma, None)["slate"]) >= RAISED
    picture = torch.from_numpy(jpeg(photograph(), 60).astype(np.float32) / 255)[None, None]
    assert float(coding_numbers(Pictures(picture).luma, None)["slate"]) < CLEAR
