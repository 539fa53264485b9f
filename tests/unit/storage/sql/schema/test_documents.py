"""Numbers and records as text: what a detector gives comes back, and nothing that JSON cannot hold gets in."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from domain.baselines import BaselinePart, BaselineState, LightMode, PartBaseline, Statistic
from domain.faults import Evidence
from storage.sql.schema.documents import (
    EVIDENCE,
    PARTS,
    STATISTICS,
    decode_parts,
    decode_record,
    encode_record,
    pack_structure,
    unpack_structure,
)


def test_an_open_range_comes_back_open() -> None:
    statistics = {"edge_width": Statistic(3.0, 1.0, float("inf"), 9)}
    text = encode_record(STATISTICS, statistics)
    assert decode_record(STATISTICS, json.loads(text, parse_constant=pytest.fail)) == statistics


def test_evidence_written_by_a_newer_version_is_read_without_what_is_new() -> None:
    evidence = Evidence("sharpness", "1", 0.25, None, 0.5, LightMode.DAY, datetime(2026, 3, 2, tzinfo=UTC), 4)
    document = json.loads(encode_record(EVIDENCE, evidence))
    assert decode_record(EVIDENCE, {**document, "confidence": 0.9}) == evidence


def test_a_part_of_a_baseline_that_only_a_newer_version_knows_is_left_out() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    parts = {BaselinePart.VIEW: PartBaseline(BaselineState.LEARNED, at, at, 300)}
    document = json.loads(encode_record(PARTS, parts))
    assert decode_parts({**document, "sound": document["view"]}) == parts
    assert decode_parts(None) == {}


def test_block_statistics_come_back_bit_for_bit() -> None:
    structure = np.random.default_rng(2).random((18, 32, 10), dtype=np.float32)
    structure[3, 4] = np.nan
    found = unpack_structure(pack_structure(structure))
    assert found is not None
    assert (found.shape, found.dtype, found.tobytes()) == (structure.shape, structure.dtype, structure.tobytes())
    assert unpack_structure(pack_structure(None)) is None
