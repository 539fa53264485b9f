"""A chaos run that was broken off goes on where it was, and its figures are those of all its rounds."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.bench.cluster.chaos import chaos_run
from lab.bench.cluster.chaos.chaos_round import ChaosRound
from lab.bench.cluster.chaos.outages import Outage, OutageKind, OutageResult
from lab.bench.cluster.environment import ClusterServices, ServiceAddresses
from lab.services import Service

SEED = 3


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let rounds be played at once, and tell which were."""
    numbers: list[int] = []

    def at_once(
        _stage: ClusterServices, number: int, events: tuple[Outage, ...], _workers: int, _script: object
    ) -> ChaosRound:
        numbers.append(number)
        happened = tuple(OutageResult(event.kind, 1.0, 0.5, 10.0 * (number + 1)) for event in events)
        wrong = ("2 frames lost: gate 1",) if number == 1 else ()
        return ChaosRound(number, happened, 100, 1, 100, 6, 6, 30.0, wrong)

    monkeypatch.setattr(chaos_run, "play_round", at_once)
    monkeypatch.setattr(chaos_run, "start_services", lambda _given: _nothing())
    return numbers


class _nothing:  # noqa: N801 - stands for a function that gives a context
    def __enter__(self) -> ClusterServices:
        return ClusterServices(Service(""), Service(""), Service(""))

    def __exit__(self, *_: Any) -> None: ...


def test_rounds_written_down_are_not_played_again(played: list[int], tmp_path: Path) -> None:
    record = tmp_path / "chaos.jsonl"
    first = chaos_run.run(ServiceAddresses(), seed=SEED, events=1, record=record)
    assert first["rounds"] == 1
    found = chaos_run.run(ServiceAddresses(), seed=SEED, events=3, record=record)
    assert played == [0, 1, 2]
    assert found["rounds"] == 3
    assert [json.loads(line)["number"] for line in record.read_text().splitlines()] == [0, 1, 2]


def test_another_seed_is_another_run(played: list[int], tmp_path: Path) -> None:
    record = tmp_path / "chaos.jsonl"
    chaos_run.run(ServiceAddresses(), seed=SEED, events=1, record=record)
    assert chaos_run.run(ServiceAddresses(), seed=SEED + 1, events=1, record=record)["rounds"] == 1
    assert played == [0, 0]


@pytest.mark.usefixtures("played")
def test_figures_are_those_of_all_rounds_by_kind() -> None:
    found = chaos_run.run(ServiceAddresses(), seed=SEED, events=3, kinds=(OutageKind.STORED, OutageKind.REDIS))
    assert found["broken"] == ["round 1: 2 frames lost: gate 1"]
    assert found["events"] == 6
    assert found["frames"] == {"accepted": 300, "refused": 3, "stored": 300}
    assert found["alerts"] == {"due": 18, "told": 18}
    # 10, 20 and 30 seconds: the 95th percentile lies nine tenths of the way from the second to the third.
    expected = {"n": 3, "recovered": 3, "median_s": 20.0, "p95_s": 29.0, "max_s": 30.0, "back_median_s": 0.5}
    assert found["recovery"] == {"worker killed when stored": expected, "redis restarted": expected}
