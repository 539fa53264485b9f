"""The models' benchmark scores one set of frames in every way, and the ways mean the same numbers."""

import pytest
import torch

from bench import model_ways, models
from bench.model_ways import Way
from detectors.base import Pictures


@pytest.fixture(scope="module")
def ways() -> list[Way]:
    return model_ways.ways(1)


def test_every_way_is_timed_against_the_first(ways: list[Way], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "ways", lambda _batch: ways)
    found = models.run(turns=1, batch=2, size=(128, 96))
    plain, *others = found["ways"]
    assert plain == model_ways.PLAIN
    assert others == [
        *(model_ways.BATCHED, model_ways.AUTOCAST, model_ways.PYTORCH),
        *(model_ways.EXACT, model_ways.PRODUCT),
    ]
    assert found["ways"][plain]["times_faster"] == 1.0
    assert all(way["ms_per_frame"] > 0 for way in found["ways"].values())
    assert found["speedup"] == found["ways"][model_ways.PRODUCT]["times_faster"]
    assert "saliency_iqa" in found["models"]


@pytest.mark.parametrize(("height", "width"), [(120, 160), (720, 1280)])
def test_every_way_says_the_same_of_a_picture(ways: list[Way], height: int, width: int) -> None:
    coarse = torch.rand(1, 3, height // 8, width // 8, generator=torch.Generator().manual_seed(5))
    picture = Pictures.from_rgb(torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear"))
    with torch.inference_mode():
        said = {way.name: {name: float(score(picture)) for name, score in way.scores.items()} for way in ways}
    plain = said[model_ways.PLAIN]
    assert said[model_ways.BATCHED] == pytest.approx(plain, abs=0.01)
    assert said[model_ways.EXACT] == pytest.approx(plain, abs=0.25)
    for name in (model_ways.AUTOCAST, model_ways.PYTORCH, model_ways.PRODUCT):
        assert said[name] == pytest.approx(plain, abs=2.5)
    assert said[model_ways.PYTORCH] != said[model_ways.PRODUCT]
