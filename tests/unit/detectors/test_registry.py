"""Every detector keeps the promises of detectors/models/pictures.py: any size, any batch, numbers within their
bounds.
"""

import math

import pytest
import torch

from detectors.models.catalogue import MODELS
from detectors.models.pictures import Pictures
from detectors.registry import DETECTORS, METRICS, TEMPORAL, build_detectors
from domain.errors import ConfigError
from tests.unit.detectors.sample_pictures import jpeg, luma, noisy, photograph

TOLERANCE = 1e-4
"""Relative; sums over a batch may be taken in another order."""
DEFAULT = METRICS.keys() - {spec.key for model in MODELS.values() for spec in model.metrics}
"""Keys of the detectors that are built unless names are given."""


def colourful(*names: str) -> Pictures:
    rgb = torch.rand(len(names), 3, 240, 320, generator=torch.Generator().manual_seed(1)) * 0.2
    for index, name in enumerate(names):
        rgb[index] += luma(photograph(name)[:240, :320])[0] * 0.8
    return Pictures.from_rgb(rgb)


def scored(pictures: Pictures) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for make in DETECTORS.values():
        found.update(make().score(pictures))
    for remembering in TEMPORAL.values():
        detector = remembering()
        remembered = detector.remember(pictures)
        found.update(detector.score(remembered, remembered.roll(1, dims=0)))
    return found


def test_the_same_picture_scores_the_same_alone_and_in_any_batch() -> None:
    names = ("camera", "coins", "brick", "moon", "coffee")
    batch = colourful(*names)
    together = {key: value for make in DETECTORS.values() for key, value in make().score(batch).items()}
    for index in range(len(names)):
        one = Pictures(batch.luma[index : index + 1], None if batch.chroma is None else batch.chroma[index : index + 1])
        alone = {key: value for make in DETECTORS.values() for key, value in make().score(one).items()}
        for key, value in alone.items():
            assert torch.allclose(value[0], together[key][index], rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True), key
    structure = build_detectors().structure
    described = structure.describe(batch)
    for index in range(len(names)):
        one = Pictures(batch.luma[index : index + 1])
        assert torch.allclose(structure.describe(one)[0], described[index], atol=TOLERANCE)


@pytest.mark.parametrize(
    "size", [(16, 16), (17, 16), (16, 40), (31, 33), (33, 65), (64, 48), (101, 203), (240, 8), (1, 1), (2, 300)]
)
def test_any_size_gives_a_number_within_its_bounds_or_none(size: tuple[int, int]) -> None:
    rng = torch.Generator().manual_seed(0)
    chroma = torch.rand(2, 2, -(-size[0] // 2), -(-size[1] // 2), generator=rng) - 0.5
    found = scored(Pictures(torch.rand(2, 1, *size, generator=rng), chroma))
    assert set(found) == DEFAULT
    for key, values in found.items():
        assert values.shape == (2,)
        for value in values.tolist():
            assert math.isnan(value) or METRICS[key].low - 1e-5 <= value <= METRICS[key].high + 1e-5, key
    assert build_detectors().structure.describe(Pictures(torch.rand(1, 1, *size))).shape[-1] == 10


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_flat_pictures_are_no_error(level: float) -> None:
    flat = Pictures(torch.full((2, 1, 90, 160), level), torch.zeros(2, 2, 45, 80))
    found = scored(flat)
    assert not any(torch.isinf(values).any() for values in found.values())
    assert found["luma_mean"].tolist() == pytest.approx([level] * 2)


@pytest.mark.slow
def test_8k_is_only_a_large_picture() -> None:
    picture = torch.rand(1, 1, 4320, 7680, generator=torch.Generator().manual_seed(0))
    found = {key: value for make in DETECTORS.values() for key, value in make().score(Pictures(picture)).items()}
    assert float(found["luma_mean"]) == pytest.approx(0.5, abs=0.01)


def test_without_colour_the_colour_numbers_are_missing_and_the_rest_is_there() -> None:
    found = scored(Pictures(luma(photograph("camera"), photograph("camera"))))
    missing = {key for key, values in found.items() if torch.isnan(values).any()}
    assert missing == {"saturation", "cast", "lean_blue", "lean_red", "magenta"}


def test_masked_pixels_do_not_change_a_number() -> None:
    """Bars and slates cross masks, and the shift looks at the whole picture: these say so in docs/metrics.md."""
    clean = noisy(photograph("camera"), 3)[:320, :480]
    dirty = clean.copy()
    dirty[:64, :96] = noisy(jpeg(photograph("text")[:64, :96], 5), 40)
    visible = torch.ones(1, 1, 320, 480, dtype=torch.bool)
    visible[..., :64, :96] = False
    colour = torch.zeros(1, 2, 160, 240)
    pair = [scored(Pictures(luma(picture), colour, visible=visible)) for picture in (clean, dirty)]
    for key in DEFAULT - {"stripe_strength", "slate", "shift"}:
        assert torch.allclose(pair[0][key], pair[1][key], rtol=TOLERANCE, atol=1e-5, equal_nan=True), key


def test_names_and_keys_are_unique_and_an_unknown_name_is_refused() -> None:
    parts = build_detectors()
    keys = [spec.key for part in parts.detectors for spec in part.metrics]
    keys += [spec.key for part in parts.temporal for spec in part.metrics]
    assert len(keys) == len(set(keys))
    with pytest.raises(ConfigError, match="unknown clarity"):
        build_detectors(["blur", "clarity"])
    assert [detector.name for detector in build_detectors(["blur"]).detectors] == ["blur"]
