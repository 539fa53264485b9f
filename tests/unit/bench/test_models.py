"""The models' benchmark scores one set of frames in every way, and the ways mean the same numbers."""

import pytest
import torch

from bench import models
from detectors.base import Pictures


def test_every_way_is_timed_against_the_first() -> None:
    found = models.run(turns=1, batch=2, size=(128, 96))
    assert list(found["ways"]) == [models.PLAIN, models.BATCHED, models.AUTOCAST, models.PRODUCT]
    assert found["ways"][models.PLAIN]["times_faster"] == 1.0
    assert all(way["ms_per_frame"] > 0 for way in found["ways"].values())
    assert found["speedup"] == found["ways"][models.PRODUCT]["times_faster"]
    assert "saliency_iqa" in found["models"]


def test_every_way_says_the_same_of_a_picture() -> None:
    picture = Pictures.from_rgb(torch.rand(1, 3, 120, 160, generator=torch.Generator().manual_seed(5)))
    with torch.inference_mode():
        plain, *others = ({name: float(score(picture)) for name, score in way.scores.items()} for way in models.ways(1))
    for scores in others:
        assert scores == pytest.approx(plain, abs=1.0)
