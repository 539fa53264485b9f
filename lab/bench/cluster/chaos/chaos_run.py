"""Seeded chaos: workers killed at each point of a batch, broker, Postgres and Redis killed and started again.

A run has as many rounds as events of each kind are asked for. A round feeds cameras from memory through Kafka to two
workers, lets one event of each kind happen in an order and at moments that follow from the seed, waits after each
until every camera is judged again, and checks at its end that nothing was lost, doubled, forgotten or announced twice.
Rounds are written down as they end, so that a run that was broken off goes on where it was.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from lab.bench.cluster.chaos.chaos_round import play_round
from lab.bench.cluster.chaos.outages import SERVICES, OutageKind, plan_outages
from lab.bench.cluster.environment import ServiceAddresses, start_services
from lab.bench.cluster.scenario import build_scenario

WORKERS = 2
KINDS = tuple(OutageKind)


def run(
    given: ServiceAddresses,
    *,
    seed: int,
    events: int = 20,
    kinds: Sequence[OutageKind] = KINDS,
    record: Path | None = None,
) -> dict[str, Any]:
    """Return the figures of `events` of each kind, `broken` naming every promise not kept.

    With `record`, one line of JSON a round is appended there, and rounds of this seed that stand in it are not played
    again. Raises `ServiceMissing` where a service cannot be had.
    """
    rounds = [each for each in _read_records(record) if each["seed"] == seed and each["number"] < events]
    missing = sorted(set(range(events)) - {each["number"] for each in rounds})
    with start_services(given) if missing else nullcontext() as services:
        for number in missing:
            assert services is not None
            found = play_round(services, number, plan_outages(seed, number, kinds, WORKERS), WORKERS, build_scenario)
            line = {"seed": seed, **found.figures()}
            rounds.append(line)
            if record is not None:
                with record.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
    return summary(seed, rounds)


def _read_records(record: Path | None) -> Iterator[dict[str, Any]]:
    if record is not None and record.exists():
        for line in record.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def summary(seed: int, rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures over all rounds; recovery in seconds from the kill until every camera is judged again."""
    happened = [event for each in rounds for event in each["events"]]
    kinds = [kind for kind in OutageKind if any(event["kind"] == kind for event in happened)]
    return {
        "broken": [f"round {each['number']}: {wrong}" for each in rounds for wrong in each["broken"]],
        "seed": seed,
        "rounds": len(rounds),
        "events": len(happened),
        "workers": WORKERS,
        "frames": {name: sum(each[name] for each in rounds) for name in ("accepted", "refused", "stored")},
        "alerts": {
            "due": sum(each["alerts_due"] for each in rounds),
            "told": sum(each["alerts_told"] for each in rounds),
        },
        "recovery": {_title(kind): _times([e for e in happened if e["kind"] == kind]) for kind in kinds},
        "minutes": round(sum(each["seconds"] for each in rounds) / 60, 1),
    }


def _title(kind: OutageKind) -> str:
    return f"{kind} restarted" if kind in SERVICES else f"worker killed when {kind}"


def _times(events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    seconds = [event["recovered_s"] for event in events if event["recovered_s"] is not None]
    if not seconds:
        return {"n": len(events), "recovered": 0}
    return {
        "n": len(events),
        "recovered": len(seconds),
        "median_s": round(float(np.median(seconds)), 1),
        "p95_s": round(float(np.percentile(seconds, 95)), 1),
        "max_s": round(max(seconds), 1),
        "back_median_s": round(float(np.median([event["back_s"] for event in events])), 1),
    }
