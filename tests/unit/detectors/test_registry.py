"""Every metric keeps its promises: any size, numbers within their bounds, masks left out; and names choose."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from detectors.metrics.measure import ALL_METRICS
from detectors.metrics.picture.decoded_picture import DecodedPicture
from detectors.models.catalogue import MODELS
from detectors.registry import METRICS, build_detectors
from domain.errors import ConfigError
from tests.unit.detectors.metrics.measured import FULL, every_number, pictures_of
from tests.unit.detectors.sample_pictures import jpeg, luma, noisy, photograph

Plane = NDArray[np.uint8]
DEFAULT = METRICS.keys() - {spec.key for model in MODELS.values() for spec in model.metrics}
"""Keys of the metrics that need no model."""


def random_planes(size: tuple[int, int], count: int, seed: int = 0) -> list[Plane]:
    random = np.random.default_rng(seed)
    return [random.integers(0, 256, size, dtype=np.uint8) for _ in range(count)]


def grey(plane: Plane, level: int = 128) -> tuple[Plane, Plane]:
    """Return chroma of half the size, all of one level."""
    chroma = np.full((-(-plane.shape[0] // 2), -(-plane.shape[1] // 2)), level, np.uint8)
    return chroma, chroma


@pytest.mark.parametrize(
    "size", [(16, 16), (17, 16), (16, 40), (31, 33), (33, 65), (64, 48), (101, 203), (240, 8), (1, 1), (2, 300)]
)
def test_any_size_gives_a_number_within_its_bounds_or_none(size: tuple[int, int]) -> None:
    now, before = random_planes(size, 2)
    halves = tuple(random_planes((-(-size[0] // 2), -(-size[1] // 2)), 2, seed=1))
    picture = DecodedPicture(now, (halves[0], halves[1]), FULL)
    found = every_number(picture, DecodedPicture(before, (halves[0], halves[1]), FULL))
    assert set(found) == DEFAULT
    for key, value in found.items():
        assert math.isnan(value) or METRICS[key].low - 1e-5 <= value <= METRICS[key].high + 1e-5, key
    assert picture.structure.shape[-1] == 10


@pytest.mark.parametrize("level", [0, 128, 255])
def test_flat_pictures_are_no_error(level: int) -> None:
    plane = np.full((90, 160), level, np.uint8)
    found = every_number(*(DecodedPicture(plane, grey(plane), FULL) for _ in range(2)))
    assert not any(math.isinf(value) for value in found.values())
    assert found["luma_mean"] == pytest.approx(level / 255)


@pytest.mark.slow
def test_8k_is_only_a_large_picture() -> None:
    (plane,) = random_planes((4320, 7680), 1)
    picture = DecodedPicture(plane, None, FULL)
    assert every_number(picture, picture)["luma_mean"] == pytest.approx(0.5, abs=0.01)


def test_without_colour_the_colour_numbers_are_missing_and_the_rest_is_there() -> None:
    pictures = pictures_of(luma(photograph("camera"), photograph("camera")))
    missing = {key for key, value in every_number(*pictures).items() if math.isnan(value)}
    assert missing == {"saturation", "cast", "lean_blue", "lean_red", "magenta", "purple_share"}


def test_masked_pixels_do_not_change_a_number() -> None:
    """Bars and slates cross masks, and the shift looks at the whole picture: these say so in docs/metrics.md."""
    clean = noisy(photograph("camera"), 3)[:320, :480]
    dirty = clean.copy()
    dirty[:64, :96] = noisy(jpeg(photograph("text")[:64, :96], 5), 40)
    visible = torch.ones(2, 1, 320, 480, dtype=torch.bool)
    visible[..., :64, :96] = False
    colour = torch.zeros(2, 2, 160, 240)
    pair = [every_number(*pictures_of(luma(each, each), colour, visible)) for each in (clean, dirty)]
    for key in DEFAULT - {"stripe_strength", "slate", "shift"}:
        assert pair[0][key] == pytest.approx(pair[1][key], rel=1e-6, abs=1e-6, nan_ok=True), key


def test_names_and_keys_are_unique_and_an_unknown_name_is_refused() -> None:
    keys = [spec.key for spec in ALL_METRICS.specs]
    assert len(keys) == len(set(keys))
    with pytest.raises(ConfigError, match="unknown clarity"):
        build_detectors(["blur", "clarity"])
    chosen = build_detectors(["blur"])
    assert [group.name for group in chosen.metrics.groups] == ["blur"]
    assert chosen.metrics.motion is None
    assert not chosen.models
