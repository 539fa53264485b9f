"""Labels are put on the model's scale, what is not assessable is counted and left out, nothing in common is refused."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from domain.errors import ConfigError
from lab.training.dataset_evaluation import NothingAssessable, evaluate_model, select_samples
from lab.training.dataset_splits import Half
from lab.training.recipe import Recipe, TrainingJob
from lab.training.samples import Dataset, Sample, Scale, Values

DMOS = Scale(worst=100.0, best=0.0)


def samples(_: Path = Path()) -> list[Sample]:
    """Thirty pictures, DMOS 0, 3, 6 … 87, each its own scene."""
    return [Sample(Path(f"{index}.png"), {"mos": 3.0 * index}, f"scene {index}") for index in range(30)]


DATASET = Dataset("small", "thirty pictures", "ours", "none", {"mos": DMOS}, samples)


def recipe(answers: Mapping[str, Values]) -> Recipe:
    """A model that answers so whatever it is asked."""

    def never(_: TrainingJob) -> Path:
        raise AssertionError("nothing is trained here")

    def answered(_: Path | None, asked: Sequence[Sample]) -> Mapping[str, Values]:
        return {name: values[: len(asked)] for name, values in answers.items()}

    return Recipe("fixed", "answers what it was told", (), never, answered)


def test_a_model_that_answers_quality_agrees_with_differential_scores() -> None:
    quality: Values = 100 - 3.0 * np.arange(30, dtype=np.float64)
    found = evaluate_model(recipe({"mos": quality}), DATASET, samples())
    assert found.agreements["mos"].srocc == pytest.approx(1.0)
    assert found.agreements["mos"].mae == pytest.approx(0.0)
    assert found.weights is None


def test_pictures_not_assessable_are_counted_and_left_out() -> None:
    quality: Values = 100 - 3.0 * np.arange(30, dtype=np.float64)
    quality[[4, 9]] = np.nan
    answer = evaluate_model(recipe({"mos": quality}), DATASET, samples()).as_json()
    assert (answer["n"], answer["not_assessable"]) == (28, 2)
    assert answer["mae"] == pytest.approx(0.0)
    with pytest.raises(NothingAssessable, match="fewer than two of 30"):
        evaluate_model(recipe({"mos": np.full(30, np.nan)}), DATASET, samples())


def test_the_overall_score_speaks_for_a_model_of_several() -> None:
    scales = {"noise": Scale(1.0, 5.0), "overall": Scale(1.0, 5.0)}
    both = Dataset("faces", "", "", "", scales, samples)
    faces = [Sample(one.path, {"noise": 1 + index / 10, "overall": 3.0}, "") for index, one in enumerate(samples())]
    answer = evaluate_model(recipe({"noise": np.arange(30.0), "overall": np.arange(30.0)}), both, faces).as_json()
    assert answer["score"] == "overall"
    scores = answer["scores"]
    assert isinstance(scores, dict)
    assert scores.keys() == {"noise", "overall"}


def test_no_score_in_common_is_refused() -> None:
    with pytest.raises(ConfigError, match="fixed answers sharpness; small labels mos"):
        evaluate_model(recipe({"sharpness": np.arange(30.0)}), DATASET, samples())


def test_halves_are_the_usual_splits_sides_and_all_is_all() -> None:
    sides = [{one.scene for one in select_samples(DATASET, Path(), half)} for half in (Half.VALIDATION, Half.TEST)]
    assert [len(side) for side in sides] == [3, 6]
    assert not sides[0] & sides[1]
    assert len(select_samples(DATASET, Path(), Half.ALL)) == 30
