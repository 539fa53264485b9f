"""A frame's numbers in single precision, and the set that names them."""

import numpy as np
import pytest

from domain.frames import FrameRef
from domain.metrics import FrameScores
from storage.sql.schema.score_rows import StoredMetricSet, pack_scores, row_values, unpack_number
from tests.fakes.ports import START

REF = FrameRef("gate", "s1", 0, None, START)


def stored(values: dict[str, float], missing: dict[str, str] | None = None) -> tuple[dict[str, float], dict[str, str]]:
    """Return what is read back of values, and the reasons."""
    packed = pack_scores(FrameScores(REF, values, missing or {}))
    sets = {packed.metric_set.set_id: packed.metric_set}
    row = {"numbers": packed.numbers, "metric_set": packed.metric_set.set_id, "scores": None}
    return row_values(row, sets), {**packed.metric_set.missing, **packed.missing}  # type: ignore[arg-type]


def metric_set(values: dict[str, float], missing: dict[str, str], models: dict[str, str]) -> StoredMetricSet:
    return pack_scores(FrameScores(REF, values, missing, models)).metric_set


def test_every_single_precision_number_comes_back_exactly() -> None:
    random = np.random.default_rng(5)
    numbers = random.integers(0, 1 << 32, 5000, dtype=np.uint32).view(np.float32)
    values = {f"m{each}": float(number) for each, number in enumerate(numbers) if np.isfinite(number)}
    found, missing = stored(values)
    assert missing == {}
    assert {key: np.float32(value) for key, value in found.items()} == {k: np.float32(v) for k, v in values.items()}


@pytest.mark.parametrize("number", [0.0, -0.0, 1.0, 255.0, 0.5, 1e30, 16777216.0])
def test_common_numbers_come_back_exactly(number: float) -> None:
    assert stored({"x": number})[0] == {"x": pytest.approx(number, rel=1e-7)}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), 1.5e308, -3.5e38])
def test_what_a_float32_cannot_hold_is_left_out_with_its_reason(number: float) -> None:
    found, missing = stored({"bad": number, "good": 1.5})
    assert found == {"good": 1.5}
    assert missing == {"bad": "not a finite number"}


def test_huge_numbers_are_finite_although_their_sum_is_not() -> None:
    assert set(stored({"a": 3.0e38, "b": 3.0e38, "c": -1.0})[0]) == {"a", "b", "c"}


def test_frames_of_one_kind_share_a_set_and_others_do_not() -> None:
    first = metric_set({"a": 1, "b": 2}, {"c": "too dark"}, {"m": "1"})
    assert metric_set({"a": 5, "b": 6}, {"c": "too dark"}, {"m": "1"}) == first
    others = [
        metric_set({"b": 2, "a": 1}, {"c": "too dark"}, {"m": "1"}),
        metric_set({"a": 1}, {"c": "too dark"}, {"m": "1"}),
        metric_set({"a": 1, "b": 2}, {"c": "too bright"}, {"m": "1"}),
        metric_set({"a": 1, "b": 2}, {"c": "too dark"}, {"m": "2"}),
    ]
    assert len({each.set_id for each in (first, *others)}) == 5
    assert all(0 <= each.set_id < 1 << 63 for each in others)


def test_reasons_with_numbers_make_no_set_of_their_own() -> None:
    """A reason that differs in each frame would fill the table of sets."""
    packed = [
        pack_scores(FrameScores(REF, {"a": 1.0}, {"face": f"quality {each} is under 40", "shift": "none before"}))
        for each in range(30)
    ]
    assert len({each.metric_set.set_id for each in packed}) == 1
    assert packed[7].missing == {"face": "quality 7 is under 40"}
    assert packed[7].metric_set.missing == {"shift": "none before"}


def test_a_number_is_found_by_its_place() -> None:
    packed = pack_scores(FrameScores(REF, {"a": 1.5, "b": -2.25, "c": 3.0}))
    assert unpack_number(packed.numbers, packed.metric_set.metrics.index("b")) == -2.25
