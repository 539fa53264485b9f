from dataclasses import replace

import numpy as np
import pytest
import torch

from domain.frames import FrameMeasurement
from tests.unit.workers.builders import BrightModel, broken, detector_set, frame
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.frame_scoring.tensor_batches import TensorBatchLimits

CPU = torch.device("cpu")


def scorer(*models: BrightModel, **bounds: int) -> FrameScorer:
    return FrameScorer(detector_set(*models), CPU, TensorBatchLimits(**bounds))


def test_numbers_follow_from_the_picture() -> None:
    scored = scorer().score([frame(level=51)])

    assert scored.rejected == {}
    assert scored.scores[0].values == pytest.approx({"luma_mean": 0.2})
    assert scored.scores[0].models == {"mean_luma": "mean-1", "motion": "motion-3", "structure": "structure-2"}
    assert (scored.scores[0].width, scored.scores[0].height) == (8, 6)


def test_the_structure_travels_with_the_scores() -> None:
    structure = scorer().score([frame(level=51)]).scores[0].structure

    assert structure is not None
    np.testing.assert_allclose(structure, [[[0.2, *[0.0] * 9]] * 2], atol=0.002)


def test_a_number_that_is_not_finite_is_missing_with_a_reason() -> None:
    scores = scorer().score([frame(level=0)]).scores[0]

    assert "luma_mean" not in scores.values
    assert scores.missing["luma_mean"] == "cannot be measured in this picture"


def test_a_bad_frame_is_rejected_and_the_rest_of_its_batch_is_scored() -> None:
    scored = scorer().score([frame(sequence=0), broken(sequence=1), frame(sequence=2)])

    assert sorted(scored.scores) == [0, 2]
    assert list(scored.rejected) == [1]
    assert "planes" in scored.rejected[1]


def test_a_batch_that_fails_is_scored_frame_by_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_single(self: BrightModel, pictures: object) -> dict[str, torch.Tensor]:
        if len(pictures) > 1:  # type: ignore[arg-type]
            raise RuntimeError("CUDA out of memory")
        return {"brightness": torch.ones(1)}

    monkeypatch.setattr(BrightModel, "score", only_single)

    scored = scorer(BrightModel()).score([frame(sequence=i) for i in range(3)])

    assert sorted(scored.scores) == [0, 1, 2]
    assert all(scores.values["brightness"] == 1 for scores in scored.scores.values())


def test_numbers_that_come_with_the_frame_are_not_measured_again() -> None:
    measured = FrameMeasurement({"luma_mean": 0.7}, {"sharpness": "too dark"}, {"mean_luma": "elsewhere"})

    scores = scorer().score([replace(frame(level=51), planes=(), measured=measured)]).scores[0]

    assert scores.values == {"luma_mean": 0.7}
    assert scores.missing == {"sharpness": "too dark"}
    assert scores.models == {"mean_luma": "elsewhere"}


def test_a_model_judges_the_pictures_that_came_and_passes_over_numbers_alone() -> None:
    bright = BrightModel()
    measured = FrameMeasurement({"luma_mean": 0.7})
    given = [replace(frame(sequence=i, level=102), measured=measured) for i in range(3)]

    scored = scorer(bright).score([given[0], replace(given[1], planes=()), given[2]])

    assert ["brightness" in scores.values for scores in scored.by_place(3) if scores] == [True, False, True]
    assert bright.batch_sizes == [2]
    assert "bright" not in scored.scores[1].models


def test_the_first_picture_of_a_session_has_no_earlier_one() -> None:
    scores = scorer().score([frame()]).scores[0]

    assert "change_median" not in scores.values
    assert scores.missing["change_median"] == "no earlier picture yet"


def test_a_picture_is_compared_with_the_one_before_it_in_the_same_unit() -> None:
    scored = scorer().score([frame(sequence=0, level=10), frame("other", level=99), frame(sequence=1, level=15)])

    assert scored.scores[2].values["change_median"] == pytest.approx(5, abs=1e-3)
    assert "change_median" not in scored.scores[1].values


def test_a_picture_is_compared_with_the_one_remembered_from_the_unit_before() -> None:
    live = scorer()
    live.score([frame(sequence=0, level=10), frame(sequence=1, level=20)])

    scores = live.score([frame(sequence=2, level=50)]).scores[0]

    assert scores.values["change_median"] == pytest.approx(30, abs=1e-3)


def test_a_new_session_is_not_compared_with_the_one_before() -> None:
    live = scorer()
    live.score([frame(sequence=0, level=10)])

    scores = live.score([frame(sequence=0, level=50, session_id="s2")]).scores[0]

    assert scores.missing["change_median"] == "no earlier picture yet"


def test_a_bad_frame_between_two_good_ones_is_passed_over_in_comparing() -> None:
    scored = scorer().score([frame(sequence=0, level=10), broken(sequence=1), frame(sequence=2, level=14)])

    assert scored.scores[2].values["change_median"] == pytest.approx(4, abs=1e-3)


@pytest.mark.parametrize("max_frames", [1, 2, 16])
def test_the_same_picture_scores_the_same_in_any_batch(max_frames: int) -> None:
    frames = [frame("abc"[i % 3], i, level=20 * (i + 1)) for i in range(9)]

    scored = scorer(max_frames=max_frames).score(frames)

    for index in range(9):
        assert scored.scores[index].values["luma_mean"] == pytest.approx(20 * (index + 1) / 255, abs=1e-6)
        if index >= 3:
            assert scored.scores[index].values["change_median"] == pytest.approx(60, abs=1e-3)
