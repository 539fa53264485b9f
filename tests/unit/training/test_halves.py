"""A table reads no test pictures unless it judges them."""

from pathlib import Path

import pytest

from domain.errors import ConfigError
from training.halves import sides, without_test
from training.protocols import Split
from training.samples import Sample

SPLIT = Split((0, 3), (1,), (2, 4))
SAMPLES = [Sample(Path(f"{index}.jpg"), {"mos": float(index)}, str(index)) for index in range(5)]


def test_the_half_asked_for_is_judged() -> None:
    assert sides(SPLIT, "test").judged.tolist() == [2, 4]
    assert sides(SPLIT, "validation").judged.tolist() == [1]
    with pytest.raises(ConfigError, match="not on 'all'"):
        sides(SPLIT, "all")
    with pytest.raises(ConfigError, match="no validation half"):
        sides(Split((0,), (), (1,)), "validation")


def test_without_the_test_half_the_rows_still_name_the_same_pictures() -> None:
    needed, split = without_test(SAMPLES, SPLIT, "validation")
    assert [sample.path.stem for sample in needed] == ["0", "1", "3"]
    assert [needed[row].path.stem for row in split.train] == ["0", "3"]
    assert [needed[row].path.stem for row in split.validation] == ["1"]
    assert split.test == ()
    assert without_test(SAMPLES, SPLIT, "test") == (SAMPLES, SPLIT)
