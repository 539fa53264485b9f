"""Models judge a stream now and then, by its own clock, and never what the gate finds too poor."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
import torch
from torch import Tensor

from detectors.models.pictures import Pictures
from detectors.models.quality_gate import QualityGate
from detectors.registry import DetectorSet
from domain.frames import Frame
from domain.metrics import FrameScores, MetricSpec
from domain.model_schedule import is_due
from tests.fakes.ports import START
from tests.unit.workers.builders import FEW_METRICS, broken, frame, spec
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.frame_scoring.tensor_batches import TensorBatchLimits

CPU = torch.device("cpu")


class Quality:
    """Luma in percent, where anything is lit at all; remembers how many pictures it saw at once."""

    def __init__(self, name: str = "quality", key: str = "quality") -> None:
        self.name = name
        self.metrics: tuple[MetricSpec, ...] = (spec(key),)
        self.fingerprint = f"{name}@1"
        self.seen: list[int] = []

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        self.seen.append(len(pictures))
        percent = 100 * pictures.luma.mean(dim=(1, 2, 3))
        return {self.metrics[0].key: torch.where(percent > 0, percent, torch.nan)}


def scorer(
    every_s: float = 10.0, *, gate: QualityGate | None = None, max_frames: int = 16
) -> tuple[FrameScorer, Quality]:
    quality, faces = Quality(), Quality("faces", "face_count")
    detectors = DetectorSet(
        FEW_METRICS,
        (quality, faces),
        every_s={"quality": every_s, "faces": every_s},
        gated=frozenset({"faces"}),
        gate=gate,
    )
    return FrameScorer(detectors, CPU, TensorBatchLimits(max_frames=max_frames)), faces


def judged(frames: Sequence[Frame], units: int = 1, max_frames: int = 16) -> list[FrameScores]:
    """Score the frames in so many units."""
    chosen, _ = scorer(max_frames=max_frames)
    size = -(-len(frames) // units)
    found: list[FrameScores] = []
    for start in range(0, len(frames), size):
        part = frames[start : start + size]
        found += [scores for scores in chosen.score(part).by_place(len(part)) if scores is not None]
    return found


def test_a_model_is_due_at_first_then_every_so_many_seconds_and_when_the_clock_goes_back() -> None:
    assert is_due(None, START, 10)
    assert not is_due(START, START + timedelta(seconds=9.9), 10)
    assert is_due(START, START + timedelta(seconds=10), 10)
    assert is_due(START, START - timedelta(seconds=1), 10)


def test_one_frame_in_ten_seconds_is_judged_and_the_others_say_nothing_of_the_model() -> None:
    found = judged([frame(sequence=number) for number in range(21)])
    assert [scores.ref.sequence for scores in found if "quality" in scores.values] == [0, 10, 20]
    between = found[5]
    assert "quality" not in between.missing
    assert "quality" not in between.models
    assert found[10].models["quality"] == "quality@1"
    assert "luma_mean" in between.values


@pytest.mark.parametrize(("units", "max_frames"), [(1, 1), (1, 7), (4, 16), (21, 16)])
def test_what_is_judged_and_what_it_scores_does_not_depend_on_units_and_batches(units: int, max_frames: int) -> None:
    frames = [frame(sequence=number, level=40 + 3 * number) for number in range(21)]
    expected, found = judged(frames), judged(frames, units, max_frames)
    assert [scores.models for scores in found] == [scores.models for scores in expected]
    assert [scores.earlier.keys() for scores in found] == [scores.earlier.keys() for scores in expected]
    qualities = [scores.values["quality"] for scores in expected if "quality" in scores.values]
    assert [scores.values["quality"] for scores in found if "quality" in scores.values] == pytest.approx(qualities)


def test_a_frame_in_between_carries_the_last_number_with_its_time() -> None:
    found = judged([frame(sequence=number, level=102) for number in range(3)], units=3)
    assert found[0].earlier == {}
    assert found[2].earlier["quality"].value == pytest.approx(40)
    assert found[2].earlier["quality"].at == START


def test_a_number_that_can_no_longer_be_measured_is_not_carried_on() -> None:
    found = judged([frame(), frame(sequence=10, level=0), frame(sequence=11)])
    assert found[1].earlier == {}
    assert found[2].earlier == {}


def test_streams_keep_their_own_time_and_a_new_session_is_judged_at_once() -> None:
    frames = [frame("gate"), frame("door"), frame("gate", 1), frame("gate", 2, session_id="s2"), frame("door", 10)]
    found = judged(frames)
    assert ["quality" in scores.values for scores in found] == [True, True, False, True, True]


def test_a_picture_that_cannot_be_measured_says_so_and_counts_as_judged() -> None:
    found = judged([frame(level=0), frame(sequence=1)])
    assert "quality" in found[0].missing
    assert "quality" not in found[1].values


def test_a_broken_frame_in_the_batch_costs_the_others_nothing() -> None:
    chosen, _ = scorer()
    scored = chosen.score([frame(sequence=0), broken(sequence=1), frame("door", sequence=2)])
    assert set(scored.rejected) == {1}
    assert all("quality" in scored.scores[index].values for index in (0, 2))


def test_a_model_that_fails_on_a_picture_costs_only_its_own_numbers() -> None:
    class Fragile(Quality):
        def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
            if float(pictures.luma.min()) < 0.1:
                raise RuntimeError("too dark for me")
            return super().score(pictures)

    detectors = DetectorSet(FEW_METRICS, (Fragile(),), every_s={"quality": 10.0})
    scored = FrameScorer(detectors, CPU).score([frame("gate", level=10), frame("door", level=102)])
    assert not scored.rejected
    dark, lit = (scored.scores[index] for index in (0, 1))
    assert dark.missing["quality"] == "the model failed on this picture; see the log"
    assert "quality" not in dark.models
    assert dark.values["luma_mean"] == pytest.approx(10 / 255)
    assert lit.values["quality"] == pytest.approx(40)


def test_the_gate_keeps_poor_pictures_from_the_detectors_behind_it_and_says_why() -> None:
    chosen, faces = scorer(gate=QualityGate("quality", 30.0))
    poor, good = chosen.score([frame("gate", level=20), frame("door", level=200)]).by_place(2)
    assert poor is not None
    assert good is not None
    assert poor.missing["face_count"] == "picture too poor: quality 7.84 is below 30"
    assert "faces" not in poor.models
    assert good.values["face_count"] == pytest.approx(100 * 200 / 255)
    assert faces.seen == [1]


def test_without_a_gate_poor_pictures_are_shown_to_every_detector() -> None:
    chosen, _ = scorer()
    (poor,) = chosen.score([frame(level=20)]).scores.values()
    assert poor.values["face_count"] == pytest.approx(100 * 20 / 255)


def test_the_gate_remembers_the_last_quality_until_it_is_judged_again() -> None:
    quality, faces = Quality(), Quality("faces", "face_count")
    detectors = DetectorSet(
        FEW_METRICS,
        (quality, faces),
        every_s={"quality": 10.0, "faces": 1.0},
        gated=frozenset({"faces"}),
        gate=QualityGate("quality", 30.0),
    )
    chosen = FrameScorer(detectors, CPU)
    frames = [frame(sequence=number, level=20 if number < 5 else 200) for number in range(12)]
    found = chosen.score(frames).by_place(12)
    passed = [scores.ref.sequence for scores in found if scores is not None and "face_count" in scores.values]
    assert passed == [10, 11]
