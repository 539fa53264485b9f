"""What every model in the table promises: off without weights, on with any that fit, the same score in any batch.

The weights are random but seeded, and written to files that say what they are for, as trained ones do.
"""

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from detectors.models import weights
from detectors.models.catalogue import MODELS, Model
from detectors.models.model_choice import ModelChoice
from detectors.models.model_status import ModelState, check_model, check_models
from detectors.models.pictures import Detector, Pictures
from detectors.models.weights import WeightsUnavailable
from domain.errors import ConfigError

NAMED = ("saliency_iqa", "sgdnet", "detection_quality", "dct_metric", "sfiqa_s", "sfiqa_xs", "sfiqa_xxs")
LIGHT = (
    *("saliency_iqa", "detectability", "picture_faults", "detection_quality", "sgdnet", "mtcnn"),
    *("faster_rcnn", "sfiqa_mobilenet", "brisque", "niqe"),
)
"""Those that score a small picture in a fraction of a second: every kind, and of the kinds with sizes the smallest."""
HALF_A_POINT = 0.5
"""Of 100: what a sum in bfloat16, taken in another order, may change."""


NOT_TAUGHT = ("animal_count", "bag_count")
"""What the bundled Faster R-CNN knows nothing of."""
COUNTED = {
    name: tuple(
        spec.key
        for spec in MODELS[name].metrics
        if ("count" in spec.key or "out_of_range" in spec.key) and spec.key not in NOT_TAUGHT
    )
    for name in ("mtcnn", "faster_rcnn", "sfiqa_mobilenet")
}
"""What those that look for faces and objects always give: how many; the rest needs one that was found."""
TOO_LARGE_AT_8K = ("brisque", "niqe")


def random_weights(model: Model, folder: Path) -> Path:
    """Write the untrained network of a model as a weights file."""
    torch.manual_seed(7)
    path = folder / f"{model.name}.safetensors"
    tensors = {name: tensor.contiguous() for name, tensor in model.network().state_dict().items()}
    save_file(tensors, path, metadata=dict(model.notes))
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Detector]:
    """The light models with their own weights where there are any, else with random ones."""
    folder = tmp_path_factory.mktemp("weights")
    found: dict[str, Detector] = {}
    for name in LIGHT:
        model = MODELS[name]
        assert model.detector is not None
        try:
            found[name] = model.detector(None, None)
        except WeightsUnavailable:
            found[name] = model.detector(random_weights(model, folder), None)
    return found


def shown(count: int, height: int = 96, width: int = 128) -> Pictures:
    return Pictures.from_rgb(torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(11)))


def test_the_table_has_every_model_that_was_promised() -> None:
    assert {*NAMED, "mtcnn", "faster_rcnn"} <= set(MODELS)


def test_models_of_different_kinds_measure_different_things() -> None:
    keys = [
        spec.key
        for name in ("saliency_iqa", "sgdnet", "detection_quality", "detectability", "picture_faults", "mtcnn")
        for spec in MODELS[name].metrics
    ]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", MODELS)
def test_a_path_that_leads_nowhere_leaves_a_model_off_and_the_reason_names_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / "none.safetensors"
    found = check_model(MODELS[name], ModelChoice(path=path), None)
    assert found.state is ModelState.OFF
    assert str(path) in found.reason
    assert found.detector is None


@pytest.mark.parametrize("name", [name for name in MODELS if name not in weights.read_manifest()])
def test_a_model_without_weights_never_makes_a_detector(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detectors.models.mtcnn.weights.PACKAGE", "no-such-package-anywhere")
    model = MODELS[name]
    assert model.detector is not None
    with pytest.raises(WeightsUnavailable):
        model.detector(None, tmp_path)


@pytest.mark.parametrize("name", ["sgdnet", "sfiqa_xxs", "detection_quality", "saliency_iqa"])
def test_a_model_with_weights_of_its_own_is_on_and_its_fingerprint_names_them(name: str, tmp_path: Path) -> None:
    path = random_weights(MODELS[name], tmp_path)
    found = check_model(MODELS[name], ModelChoice(path=path), None)
    assert found.reason == ""
    assert found.judges
    assert found.detector is not None
    assert weights.sha256(path)[:12] in found.detector.fingerprint


def test_weights_of_another_network_leave_a_model_off(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(2)}, path, metadata=dict(MODELS["sgdnet"].notes))
    found = check_model(MODELS["sgdnet"], ModelChoice(path=path), None)
    assert found.state is ModelState.OFF
    assert "another network" in found.reason


@pytest.mark.parametrize("name", LIGHT)
def test_a_picture_scores_the_same_alone_and_in_any_batch(name: str, built: dict[str, Detector]) -> None:
    batch = shown(5)
    assert built[name].metrics
    together = built[name].score(batch)
    for row in range(5):
        alone = built[name].score(
            Pictures(batch.luma[row : row + 1], None if batch.chroma is None else batch.chroma[row : row + 1])
        )
        for spec in built[name].metrics:
            first, second = float(alone[spec.key][0]), float(together[spec.key][row])
            assert first == pytest.approx(second, abs=HALF_A_POINT, nan_ok=True), spec.key


@pytest.mark.parametrize("size", [(32, 32), (33, 2000), (700, 35), (64, 64), (240, 427), (1, 1), (31, 640)])
@pytest.mark.parametrize("name", LIGHT)
def test_any_size_and_shape_gives_a_number_within_its_bounds_or_none(
    name: str, size: tuple[int, int], built: dict[str, Detector]
) -> None:
    found = built[name].score(shown(1, *size))
    assert set(found) == {spec.key for spec in built[name].metrics}
    for spec in built[name].metrics:
        value = float(found[spec.key][0])
        assert math.isnan(value) or spec.low <= value <= spec.high, spec.key


@pytest.fixture(scope="module")
def picture_8k() -> Pictures:
    """One for all models, as in production: what one derives of it, the next one takes."""
    luma = torch.rand(1, 1, 4320, 7680, generator=torch.Generator().manual_seed(0))
    return Pictures(luma, torch.zeros(1, 2, 2160, 3840))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in LIGHT if name not in TOO_LARGE_AT_8K])
def test_8k_is_only_a_large_picture(name: str, built: dict[str, Detector], picture_8k: Pictures) -> None:
    found = built[name].score(picture_8k)
    always = COUNTED.get(name, tuple(found))
    assert always
    assert all(bool(torch.isfinite(found[key]).all()) for key in always)


@pytest.mark.parametrize("name", TOO_LARGE_AT_8K)
def test_what_would_take_gigabytes_at_8k_is_not_assessable(
    name: str, built: dict[str, Detector], picture_8k: Pictures
) -> None:
    found = built[name].score(picture_8k)
    assert bool(found[name].isnan().all())


def test_rows_chosen_from_a_batch_share_what_was_derived_of_it() -> None:
    batch = shown(4)
    derived = batch.small_rgb
    chosen = batch.select([2, 0])
    assert torch.equal(chosen.luma, batch.luma[[2, 0]])
    assert torch.equal(chosen.__dict__["small_rgb"], derived[[2, 0]])
    assert "rgb" not in chosen.__dict__
    assert batch.select([0, 1, 2, 3]) is batch


def test_a_model_switched_off_is_off_whatever_weights_it_has() -> None:
    found = check_model(MODELS["saliency_iqa"], ModelChoice(enabled=False), None)
    assert (found.state, found.judges) == (ModelState.OFF, False)
    assert "models.saliency_iqa.enabled" in found.reason


def test_a_model_that_is_no_default_judges_only_when_asked() -> None:
    assert not check_model(MODELS["sgdnet"], ModelChoice(), None, load=False).judges
    assert check_model(MODELS["sgdnet"], ModelChoice(enabled=True), None, load=False).judges


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"backbone": "vgg"},
            r"models\.saliency_iqa\.options\.backbone: unknown option; known are saliency, local_weight",
        ),
        ({"local_weight": 2}, r"options\.local_weight: must be a number from 0 to 1"),
        ({"saliency": "magic"}, r"options\.saliency: .*unknown 'magic'"),
        ({"saliency": {"nane": "x"}}, r"options\.saliency: unknown key nane"),
    ],
)
def test_a_wrong_option_is_refused_by_its_path(options: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        check_model(MODELS["saliency_iqa"], ModelChoice(options=options), None)


def test_another_local_weight_is_part_of_the_fingerprint() -> None:
    found = check_model(MODELS["saliency_iqa"], ModelChoice(options={"local_weight": 0.5}), None)
    assert found.detector is not None
    assert found.detector.fingerprint.endswith("+w=0.5")


def test_a_choice_about_no_model_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"models\.sgdent: unknown model; known are saliency_iqa"):
        check_models({"sgdent": ModelChoice()}, None)


def test_the_manifest_names_known_models_only() -> None:
    extra = set(weights.read_manifest()) - set(MODELS)
    assert all(name.startswith("saliency_iqa") for name in extra), json.dumps(sorted(extra))
