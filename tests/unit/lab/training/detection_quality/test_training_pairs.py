from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch

from detectors.models.detection_quality.first_convolution import load_first_convolution
from lab.training.augment.video_compression import Pixels
from lab.training.detection_quality import training_pairs
from lab.training.detection_quality.fitting.objectives import LogLoss, SurvivalShare, split_pairs
from lab.training.detection_quality.training_pairs import Example, PairSet
from lab.training.detection_quality.yolox import ObjectDetections


def example(level: int) -> Example:
    return Example(np.full((256, 256, 3), level, np.uint8), {"scene": f"s{level}", "value": level})


class SeesBrightness:
    """Finds one object of each of some kinds where the picture is bright enough."""

    name = "brightness"

    def __init__(self, *kinds: int) -> None:
        self.kinds = kinds or (0,)

    def __call__(self, picture: Pixels) -> ObjectDetections:
        count = len(self.kinds)
        scores = np.full(count, picture.mean() / 255, np.float32)
        return ObjectDetections(
            np.tile(np.array([[0, 0, 50, 50]], np.float32), (count, 1)), scores, np.array(self.kinds)
        )


def test_what_was_written_is_read_and_not_made_again(tmp_path: Path) -> None:
    def once(level: int) -> Iterator[Example]:
        yield example(level)

    def never() -> Iterator[Example]:
        pytest.fail("made a second time")

    training_pairs.write(tmp_path, [("a", lambda: once(1)), ("b", lambda: once(2))], lambda count: None)
    training_pairs.write(tmp_path, [("a", never), ("b", never), ("c", lambda: once(3))], lambda count: None)
    made = training_pairs.read(tmp_path)
    assert made.column("value").tolist() == [1, 2, 3]
    assert made.pictures[2, 0, 0, 0] == 3


def test_a_half_written_scene_is_cut_off(tmp_path: Path) -> None:
    training_pairs.write(tmp_path, [("a", lambda: iter([example(1)]))], lambda count: None)
    with (tmp_path / training_pairs.PICTURES).open("ab") as file:
        file.write(b"half")
    training_pairs.write(tmp_path, [("b", lambda: iter([example(2)]))], lambda count: None)
    assert training_pairs.read(tmp_path).pictures[:, 0, 0, 0].tolist() == [1, 2]


def test_survivals_begin_with_the_untouched_picture() -> None:
    picture = np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]
    made = list(training_pairs.make_survival_pairs("a", picture + np.uint8(20), SeesBrightness(), versions=3, seed=1))
    assert made[0].labels["kind"] == "none"
    assert made[0].labels["before"] == made[0].labels["after"] == 1
    assert all(one.picture.shape == (256, 256, 3) for one in made)


@pytest.mark.parametrize(("kinds", "counted", "subjects"), [((45, 45), 2, 0), ((0, 45), 1, 1), ((2, 7), 2, 1)])
def test_people_and_vehicles_are_counted_and_all_else_only_where_there_are_none(
    kinds: tuple[int, ...], counted: int, subjects: int
) -> None:
    bright = np.full((300, 300, 3), 200, np.uint8)
    (one,) = training_pairs.make_survival_pairs("a", bright, SeesBrightness(*kinds), versions=1, seed=1)
    assert (one.labels["before"], one.labels["after"], one.labels["subjects"]) == (counted, counted, subjects)


def test_a_photograph_without_objects_gives_nothing() -> None:
    dark = np.zeros((300, 300, 3), np.uint8)
    assert list(training_pairs.make_survival_pairs("a", dark, SeesBrightness(), versions=3, seed=1)) == []


def test_losses_are_labelled_by_the_metric_and_follow_from_the_seed() -> None:
    picture = np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]
    first, again = (
        list(training_pairs.make_loss_pairs("a", picture, load_first_convolution(), settings=1, seed=5))
        for _ in range(2)
    )
    assert len(first) == len(training_pairs.LABELLED_FRAMES)
    assert float(first[0].labels["ratio_of_sums"]) > 0.9
    np.testing.assert_array_equal(first[1].picture, again[1].picture)
    assert first[1].labels == again[1].labels


def made_of(*scenes: str) -> PairSet:
    common: Mapping[str, float | int | str] = {"before": 4, "after": 1, "subjects": 1, "ratio_of_sums": float(np.e)}
    labels = tuple({"scene": scene, **common} for scene in scenes)
    return PairSet(np.zeros((len(scenes), 256, 256, 3), np.uint8), labels)


def test_neighbouring_photographs_stay_on_one_side() -> None:
    training, held = split_pairs(made_of("ss01 (125).jpg", "ss01 (149).jpg", "ss01 (175).jpg", "ss01 (130).jpg"))
    assert held.tolist() == [0, 1, 3]
    assert training.tolist() == [2]


def test_goals_by_hand() -> None:
    pair = made_of("a")
    assert LogLoss("ratio_of_sums").targets(pair).tolist() == [[1.0]]
    assert LogLoss("ratio_of_sums").loss(torch.tensor([3.0]), torch.tensor([[1.0]])).item() == pytest.approx(4.0)
    targets = SurvivalShare(most=3).targets(pair)
    assert targets.tolist() == [[0.25, 3.0]]
    others = PairSet(pair.pictures, ({**pair.labels[0], "subjects": 0},))
    assert SurvivalShare(most=3).targets(others).tolist() == [[0.25, 1.5]]
    # an answer of 0 claims one half: log 2, whatever the share
    assert SurvivalShare().loss(torch.zeros(1), torch.from_numpy(targets)).item() == pytest.approx(np.log(2))
