"""A table reads no test pictures unless it judges them."""

from pathlib import Path

import pytest

from domain.errors import ConfigError
from lab.training.dataset_splits import Split, leave_out_test, select_rows
from lab.training.samples import Sample

SPLIT = Split((0, 3), (1,), (2, 4))
SAMPLES = [Sample(Path(f"{index}.jpg"), {"mos": float(index)}, str(index)) for index in range(5)]


def test_the_half_asked_for_is_judged() -> None:
    assert select_rows(SPLIT, "test").judged.tolist() == [2, 4]
    assert select_rows(SPLIT, "validation").judged.tolist() == [1]
    with pytest.raises(ConfigError, match="not on 'all'"):
        select_rows(SPLIT, "all")
    with pytest.raises(ConfigError, match="no validation half"):
        select_rows(Split((0,), (), (1,)), "validation")


def test_without_the_test_half_the_rows_still_name_the_same_pictures() -> None:
    needed, split = leave_out_test(SAMPLES, SPLIT, "validation")
    assert [sample.path.stem for sample in needed] == ["0", "1", "3"]
    assert [needed[row].path.stem for row in split.train] == ["0", "3"]
    assert [needed[row].path.stem for row in split.validation] == ["1"]
    assert split.test == ()
    assert leave_out_test(SAMPLES, SPLIT, "test") == (SAMPLES, SPLIT)
