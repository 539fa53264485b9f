from collections.abc import Mapping

import numpy as np
import pytest

from detectors.models.detection_quality.networks import STATISTICS, MobileRegressor
from domain.errors import ConfigError
from lab.training.detection_quality.fitting.cross_validation import HeadArrays, assign_folds, predict_out_of_fold
from lab.training.detection_quality.fitting.head_trainer import HeadSchedule
from lab.training.detection_quality.fitting.objectives import SurvivalShare
from lab.training.detection_quality.training_pairs import PairSet

EACH = 8


def made_of(*scenes: str) -> PairSet:
    common: Mapping[str, float | int | str] = {"before": 2, "after": 1, "subjects": 1}
    rows = tuple({"scene": scene, **common} for scene in scenes for _ in range(EACH))
    return PairSet(np.zeros((len(rows), 1, 1, 3), np.uint8), rows)


def test_neighbouring_photographs_share_a_fold_and_folds_are_alike_in_size() -> None:
    made = made_of("ss01 (0).jpg", "ss01 (24).jpg", *(f"ss01 ({25 * number}).jpg" for number in range(1, 10)))
    of_pair = assign_folds(made)
    assert of_pair[0] == of_pair[EACH]
    blocks = {int(of_pair[row]): 0 for row in range(0, len(of_pair), EACH)}
    for row in range(EACH, len(of_pair), EACH):
        blocks[int(of_pair[row])] += 1
    assert blocks == dict.fromkeys(range(5), 2)


def test_too_few_scenes_are_refused() -> None:
    with pytest.raises(ConfigError, match="2 blocks"):
        assign_folds(made_of("a", "b", "b"))


def test_no_answer_depends_on_what_happened_to_its_own_scene() -> None:
    made = made_of("a", "b", "c", "d")
    statistics = np.random.default_rng(3).standard_normal((4 * EACH, STATISTICS)).astype(np.float32)
    goal, schedule, network = SurvivalShare(), HeadSchedule(epochs=2), MobileRegressor()
    targets = np.tile(np.array([[0.5, 2.0]], np.float32), (4 * EACH, 1))
    asked = assign_folds(made) == 0
    otherwise = targets.copy()
    otherwise[asked, 0] = 1.0
    first = predict_out_of_fold(network, HeadArrays(statistics, targets, made), goal, schedule)
    second = predict_out_of_fold(network, HeadArrays(statistics, otherwise, made), goal, schedule)
    np.testing.assert_array_equal(first[asked], second[asked])
    assert np.abs(first[~asked] - second[~asked]).max() > 1e-4
