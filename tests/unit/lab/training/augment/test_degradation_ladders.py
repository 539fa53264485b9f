"""A score that falls with strength holds on every ladder; one that does not is found out."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from detectors.models.pictures import Pictures
from domain.metrics import MetricSpec
from lab.training.augment.degradation_ladders import LADDERS, add_fog, darken, score_ladders, summarise_ladder


class Position:
    """Scores a batch by the order it comes in, falling or rising."""

    name = "position"
    metrics: tuple[MetricSpec, ...] = ()
    fingerprint = "test"

    def __init__(self, sign: int) -> None:
        self.sign = sign

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        return {"position": self.sign * torch.arange(len(pictures), dtype=torch.float32)}


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    for number in range(2):
        texture = np.random.default_rng(number).integers(0, 256, (48, 64, 3), dtype=np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), texture)
    return sorted(tmp_path.glob("*.png"))


def test_every_ladder_is_climbed_from_the_untouched_picture(paths: list[Path]) -> None:
    falling = {
        name: summarise_ladder(scores) for name, scores in score_ladders(Position(-1), "position", paths).items()
    }
    assert falling.keys() == LADDERS.keys()
    for result in falling.values():
        assert (result.n, result.holds) == (2, 1.0)
        assert result.mean_spearman == pytest.approx(-1.0)
        assert result.mean_scores == (0.0, -1.0, -2.0, -3.0, -4.0)
    rising = score_ladders(Position(1), "position", paths)
    assert all(summarise_ladder(scores).holds == 0.0 for scores in rising.values())


@pytest.mark.parametrize("name", sorted(LADDERS))
def test_each_rung_is_further_from_the_picture(name: str) -> None:
    rows, columns = np.mgrid[0:96, 0:128]
    waves = (127 + 60 * np.sin(rows / 5) + 60 * np.sin(columns / 3)).astype(np.uint8)
    picture = np.repeat(waves[..., None], 3, axis=2)
    worsen, strengths = LADDERS[name]
    distances = [float(np.abs(worsen(picture, strength).astype(float) - picture).mean()) for strength in strengths]
    assert distances == sorted(distances)
    assert distances[0] > 0


def test_darkness_and_fog_worked_by_hand() -> None:
    grey = np.full((1, 1, 3), 100, np.uint8)
    assert darken(grey, 0.5)[0, 0, 0] == round(100 * 0.5 ** (1 / 2.2))
    assert add_fog(grey, 0.25)[0, 0, 0] == 125
