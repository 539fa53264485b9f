"""The numbers of a frame as a float32 array; a metric set, stored once, says which metric each of them is of."""

import math
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from json import dumps

import numpy as np
from sqlalchemy import Connection, RowMapping, select

from domain.metrics import FrameScores
from storage.sql.schema import tables

_SPARE_BITS = 1
"""A database's numbers of 64 bits have a sign."""


@dataclass(frozen=True, slots=True)
class StoredMetricSet:
    """What the rows of many frames have in common, under a number that is a hash of it."""

    set_id: int
    metrics: tuple[str, ...]
    """The metric of each number of the array."""
    missing: Mapping[str, str]
    """Why other metrics are absent."""
    models: Mapping[str, str]
    """Fingerprints by name."""


@dataclass(frozen=True, slots=True)
class PackedScores:
    """What is stored of a frame's numbers."""

    numbers: bytes
    """Little-endian float32, in the order of the metric set."""
    metric_set: StoredMetricSet
    missing: Mapping[str, str]
    """Reasons that the set does not hold."""


def pack_scores(score: FrameScores) -> PackedScores:
    """Return what is stored of a frame's numbers; those that float32 cannot hold are missing with the reason."""
    values, missing = score.values, score.missing
    # The sum of finite values is finite, or the slow way finds out.
    if not math.isfinite(sum(values.values())):
        values, missing = _leave_out(score, math.isfinite)
    try:
        numbers = _packer(len(values)).pack(*values.values())
    except OverflowError:
        values, missing = _leave_out(score, _fits)
        numbers = _packer(len(values)).pack(*values.values())
    # A reason with a number in it may be another one in each frame: it stays with the frame.
    own = {key: reason for key, reason in missing.items() if _has_digit(reason)}
    shared = frozenset(missing.items() - own.items())
    return PackedScores(numbers, _metric_set(tuple(values), shared, frozenset(score.models.items())), own)


def row_values(row: RowMapping, sets: Mapping[int, StoredMetricSet]) -> dict[str, float]:
    """Return the numbers of a row of `frames` by metric, with nine digits, which say every float32 exactly.

    Rows from before metric sets hold a JSON document.
    """
    numbers = row["numbers"]
    if numbers is None:
        return {metric: float(value) for metric, value in (row["scores"] or {}).items()}
    values = _packer(len(numbers) // 4).unpack(numbers)
    return {
        metric: float(f"{value:.9g}") for metric, value in zip(sets[row["metric_set"]].metrics, values, strict=True)
    }


def unpack_number(numbers: bytes | memoryview, place: int) -> float:
    """Return the number at a place of the metric set."""
    return float(f"{_packer(1).unpack_from(numbers, 4 * place)[0]:.9g}")


def read_metric_sets(connection: Connection, set_ids: Iterable[int | None]) -> Mapping[int, StoredMetricSet]:
    """Return the metric sets of these numbers; None is passed over."""
    sets, models = tables.metric_sets, tables.model_sets
    ids = {set_id for set_id in set_ids if set_id is not None}
    if not ids:
        return {}
    query = (
        select(sets, models.c.models)
        .join(models, models.c.id == sets.c.model_set, isouter=True)
        .where(sets.c.id.in_(sorted(ids)))
    )
    return {
        row["id"]: StoredMetricSet(row["id"], tuple(row["metrics"]), row["missing"] or {}, row["models"] or {})
        for row in connection.execute(query).mappings()
    }


def model_set_id(models: Iterable[tuple[str, str]]) -> str:
    """Return the name of a set of model fingerprints, a hash of itself."""
    return sha256(dumps(sorted(models)).encode()).hexdigest()[:16]


def _leave_out(score: FrameScores, fits: Callable[[float], bool]) -> tuple[dict[str, float], dict[str, str]]:
    values = {key: value for key, value in score.values.items() if fits(value)}
    refused = {key: "not a finite number" for key in score.values if key not in values}
    return values, {**score.missing, **refused}


def _fits(value: float) -> bool:
    with np.errstate(over="ignore"):
        return bool(np.isfinite(np.float32(value)))


@lru_cache(maxsize=4096)
def _has_digit(reason: str) -> bool:
    return any(letter.isdigit() for letter in reason)


@lru_cache(maxsize=256)
def _packer(count: int) -> struct.Struct:
    return struct.Struct(f"<{count}f")


@lru_cache(maxsize=4096)
def _metric_set(
    metrics: tuple[str, ...], missing: frozenset[tuple[str, str]], models: frozenset[tuple[str, str]]
) -> StoredMetricSet:
    named = dumps([metrics, sorted(missing), sorted(models)])
    set_id = int.from_bytes(sha256(named.encode()).digest()[:8], "big") >> _SPARE_BITS
    return StoredMetricSet(set_id, metrics, dict(sorted(missing)), dict(sorted(models)))
