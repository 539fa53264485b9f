"""No split parts a scene, every sample is on one side, and the same seed draws the same."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from domain.errors import ConfigError
from lab.training.dataset_splits import (
    Split,
    default_split,
    published_split,
    repeated_splits,
    split_by_shares,
    split_into_folds,
)
from lab.training.samples import Sample


def samples(scenes: int = 50, each: int = 4, splits: Sequence[str | None] = (None,)) -> list[Sample]:
    return [
        Sample(Path(f"{scene}-{number}.png"), {"mos": 0.5}, f"scene {scene}", splits[scene % len(splits)])
        for scene in range(scenes)
        for number in range(each)
    ]


def parted(split: Split, of: Sequence[Sample]) -> bool:
    """Whether a sample is missing or twice, or a scene on two sides."""
    sides = [split.train, split.validation, split.test]
    scenes = [{of[index].scene for index in side} for side in sides]
    everything = sorted(index for side in sides for index in side)
    return everything != list(range(len(of))) or sum(map(len, scenes)) != len(set().union(*scenes))


def test_shares_of_seven_one_two_are_met_by_whole_scenes() -> None:
    every = samples()
    split = split_by_shares(every, validation=0.1, test=0.2)
    assert not parted(split, every)
    assert [len(side) for side in (split.train, split.validation, split.test)] == [140, 20, 40]
    assert split == split_by_shares(every, validation=0.1, test=0.2)
    assert split != split_by_shares(every, validation=0.1, test=0.2, seed=1)


def test_ten_repetitions_are_ten_different_splits() -> None:
    every = samples()
    splits = repeated_splits(every)
    assert len({split.test for split in splits}) == 10
    assert not any(parted(split, every) for split in splits)
    assert all(len(split.test) == 40 and len(split.validation) == 20 for split in splits)


def test_five_folds_test_each_sample_once_in_seven_one_two() -> None:
    every = samples()
    splits = split_into_folds(every)
    assert sorted(index for split in splits for index in split.test) == list(range(len(every)))
    assert not any(parted(split, every) for split in splits)
    assert all((len(split.train), len(split.validation), len(split.test)) == (140, 20, 40) for split in splits)


def test_the_publishers_sides_are_kept_and_validation_is_carved_from_training() -> None:
    every = samples(splits=("train", "train", "train", "train", "test"))
    split = published_split(every)
    assert [index for index, sample in enumerate(every) if sample.split == "test"] == list(split.test)
    assert len(split.validation) == 16
    assert not parted(split, every)
    assert default_split(every) == split
    assert default_split(every, repetition=1).validation != split.validation


def test_the_publishers_validation_side_is_kept_too() -> None:
    every = samples(splits=("train", "validation", "test"))
    assert {every[index].split for index in published_split(every).validation} == {"validation"}


def test_without_published_sides_the_usual_split_is_by_scene() -> None:
    every = samples()
    assert default_split(every) == split_by_shares(every, validation=0.1, test=0.2)
    with pytest.raises(ConfigError, match="without a split"):
        published_split(every)


def test_too_few_scenes_are_refused() -> None:
    with pytest.raises(ConfigError, match="too few scenes"):
        split_by_shares(samples(scenes=2), validation=0.1, test=0.2)


def test_koniq_is_split_as_the_paper_says() -> None:
    photographs = [Sample(Path(f"{number}.jpg"), {}, str(number)) for number in range(10073)]
    split = split_by_shares(photographs, validation=0.1, test=2000 / 10073)
    assert (len(split.test), len(split.train) + len(split.validation)) == (2000, 8073)
