"""The models' benchmark scores one set of frames in every way, and the ways mean the same numbers."""

import pytest
import torch

from detectors.models.pictures import Pictures
from lab.bench.speed import model_cost, model_variants
from lab.bench.speed.model_variants import ModelVariant


@pytest.fixture(scope="module")
def ways() -> list[ModelVariant]:
    return model_variants.list_variants(1)


def test_every_way_is_timed_against_the_first(ways: list[ModelVariant], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_cost, "list_variants", lambda _batch: ways)
    found = model_cost.run(turns=1, batch=2, size=(128, 96))
    plain, *others = found["ways"]
    assert plain == model_variants.PLAIN
    assert others == [
        *(model_variants.BATCHED, model_variants.AUTOCAST, model_variants.PYTORCH),
        *(model_variants.EXACT, model_variants.PRODUCT),
    ]
    assert found["ways"][plain]["times_faster"] == 1.0
    assert all(way["ms_per_frame"] > 0 for way in found["ways"].values())
    assert found["speedup"] == found["ways"][model_variants.PRODUCT]["times_faster"]
    assert "saliency_iqa" in found["models"]
    costs = found["default_set"]
    assert {"saliency_iqa", "detectability", "detection_quality", "mtcnn", "sfiqa_mobilenet"} <= set(costs)
    assert costs["mtcnn"]["every_s"] == 60.0
    each = [one["ms_a_camera_second"] for name, one in costs.items() if name != "ms_a_camera_second"]
    assert costs["ms_a_camera_second"] == pytest.approx(sum(each), abs=0.01)


@pytest.mark.parametrize(("height", "width"), [(120, 160), (720, 1280)])
def test_every_way_says_the_same_of_a_picture(ways: list[ModelVariant], height: int, width: int) -> None:
    coarse = torch.rand(1, 3, height // 8, width // 8, generator=torch.Generator().manual_seed(5))
    picture = Pictures.from_rgb(torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear"))
    with torch.inference_mode():
        said = {way.name: {name: float(score(picture)) for name, score in way.scores.items()} for way in ways}
    plain = said[model_variants.PLAIN]
    assert said[model_variants.BATCHED] == pytest.approx(plain, abs=0.01)
    assert said[model_variants.EXACT] == pytest.approx(plain, abs=0.25)
    for name in (model_variants.AUTOCAST, model_variants.PYTORCH, model_variants.PRODUCT):
        assert said[name] == pytest.approx(plain, abs=2.5)
    assert said[model_variants.PYTORCH] != said[model_variants.PRODUCT]
