"""Kills as they are written down, a line of JSON each, so that a run that is broken off counts; and their figures."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np


class Victim(StrEnum):
    """What is killed; the last four are a link between two parts that a proxy harms."""

    RUN = "run"
    READER = "reader"
    INGEST = "ingest"
    WORKER = "worker"
    DISPATCHER = "dispatcher"
    SERVE = "serve"
    BROKER = "broker"
    POSTGRES = "postgres"
    REDIS = "redis"
    CUT = "cut"
    DELAY = "delay"
    HALF_OPEN = "half_open"
    ONE_WAY = "one_way"


EMBEDDED = (Victim.RUN, Victim.READER)
LINKS = (Victim.CUT, Victim.DELAY, Victim.HALF_OPEN, Victim.ONE_WAY)


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill and what came of it.

    `recovered_s` counts from the kill, for a link from its restoration, until every camera was judged again and the
    victim answered; None where that did not come in time. `lost` are frames that were committed before it (rows, and
    messages that the broker had taken) and that were neither stored nor counted after it.
    """

    number: int
    victim: Victim
    detail: str
    recovered_s: float | None
    lost: int
    doubled: int
    wrong: tuple[str, ...] = ()


def append_kill(record: Path | None, seed: int, kill: Kill) -> None:
    """Write a kill down; nothing without a file."""
    if record is not None:
        with record.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"seed": seed, **asdict(kill)}) + "\n")


def read_kills(record: Path | None, seed: int) -> list[Kill]:
    """Return the kills of that seed that are written down; a last line that was cut short is left out."""
    if record is None or not record.exists():
        return []
    found = []
    for line in record.read_text(encoding="utf-8").splitlines():
        try:
            content = json.loads(line)
        except ValueError:
            continue
        if content.pop("seed") == seed:
            content["victim"] = Victim(content["victim"])
            content["wrong"] = tuple(content["wrong"])
            found.append(Kill(**content))
    return found


def summary(seed: int, kills: Sequence[Kill], wrong: Iterable[str] = ()) -> dict[str, Any]:
    """Return the figures over all kills, `broken` naming every promise not kept."""
    broken = [
        f"kill {each.number} ({each.victim}, {each.detail}): {what}" for each in kills for what in _find_broken(each)
    ]
    victims = [victim for victim in Victim if any(each.victim is victim for each in kills)]
    return {
        "broken": [*broken, *wrong],
        "seed": seed,
        "kills": len(kills),
        "lost": sum(each.lost for each in kills),
        "doubled": sum(each.doubled for each in kills),
        "recovery": {str(victim): _times([each for each in kills if each.victim is victim]) for victim in victims},
    }


def _find_broken(kill: Kill) -> list[str]:
    found = list(kill.wrong)
    if kill.recovered_s is None:
        found.append("not all was well again in time")
    if kill.lost:
        found.append(f"{kill.lost} frames lost")
    if kill.doubled:
        found.append(f"{kill.doubled} frames doubled")
    return found


def _times(kills: Sequence[Kill]) -> dict[str, Any]:
    seconds = [each.recovered_s for each in kills if each.recovered_s is not None]
    if not seconds:
        return {"n": len(kills), "recovered": 0}
    return {
        "n": len(kills),
        "recovered": len(seconds),
        "p50_s": round(float(np.percentile(seconds, 50)), 2),
        "p95_s": round(float(np.percentile(seconds, 95)), 2),
        "max_s": round(max(seconds), 2),
    }
