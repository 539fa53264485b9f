"""Numbers and records as text: what a detector gives comes back, and nothing that JSON cannot hold gets in."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from domain.baselines import LightMode, Statistic
from domain.faults import Evidence
from storage.sql.schema.documents import (
    EVIDENCE,
    STATISTICS,
    decode_record,
    encode_record,
    encode_values,
    pack_structure,
    unpack_structure,
)


def test_every_single_precision_number_comes_back_exactly() -> None:
    random = np.random.default_rng(5)
    numbers = random.integers(0, 1 << 32, 5000, dtype=np.uint32).view(np.float32)
    values = {f"m{each}": float(number) for each, number in enumerate(numbers) if np.isfinite(number)}
    text, refused = encode_values(values)
    assert refused == {}
    found = {key: np.float32(value) for key, value in json.loads(text).items()}
    assert found == {key: np.float32(value) for key, value in values.items()}


@pytest.mark.parametrize("number", [0.0, -0.0, 1.0, 0.1, 1e-12, 255.0, 1e30, 123456789.0])
def test_common_numbers_come_back_exactly(number: float) -> None:
    assert json.loads(encode_values({"x": number})[0]) == {"x": number}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_left_out_with_its_reason(number: float) -> None:
    text, refused = encode_values({"bad": number, "good": 1.5})
    assert json.loads(text) == {"good": 1.5}
    assert refused == {"bad": "not a finite number"}


def test_a_key_of_any_characters_stays_json() -> None:
    assert json.loads(encode_values({'a"b\\': 1.0})[0]) == {'a"b\\': 1.0}
    assert json.loads(encode_values({"100% %s %(x)s": 1.0})[0]) == {"100% %s %(x)s": 1.0}


def test_huge_numbers_are_finite_although_their_sum_is_not() -> None:
    text, refused = encode_values({"a": 1.5e308, "b": 1.5e308})
    assert json.loads(text) == {"a": 1.5e308, "b": 1.5e308}
    assert refused == {}


def test_an_open_range_comes_back_open() -> None:
    statistics = {"edge_width": Statistic(3.0, 1.0, float("inf"), 9)}
    text = encode_record(STATISTICS, statistics)
    assert decode_record(STATISTICS, json.loads(text, parse_constant=pytest.fail)) == statistics


def test_evidence_written_by_a_newer_version_is_read_without_what_is_new() -> None:
    evidence = Evidence("sharpness", "1", 0.25, None, 0.5, LightMode.DAY, datetime(2026, 3, 2, tzinfo=UTC), 4)
    document = json.loads(encode_record(EVIDENCE, evidence))
    assert decode_record(EVIDENCE, {**document, "confidence": 0.9}) == evidence


def test_block_statistics_come_back_bit_for_bit() -> None:
    structure = np.random.default_rng(2).random((18, 32, 10), dtype=np.float32)
    structure[3, 4] = np.nan
    found = unpack_structure(pack_structure(structure))
    assert found is not None
    assert (found.shape, found.dtype, found.tobytes()) == (structure.shape, structure.dtype, structure.tobytes())
    assert unpack_structure(pack_structure(None)) is None
