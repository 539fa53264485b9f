"""Seeded kills of `sightline run` and of every part of the cluster, and harm to the network between the parts."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from domain.errors import SightlineError
from lab.bench.endurance.kills.kill_records import EMBEDDED, Kill, Victim, append_kill, read_kills, summary

EMBEDDED_SHARE = 0.4
GIVE_UP_AFTER = 3
"""So many kills in a row that were not recovered from: what follows would say nothing new."""
CLUSTER = tuple(victim for victim in Victim if victim not in EMBEDDED)


def plan_kills(kills: int, only: Sequence[Victim] = ()) -> tuple[Victim, ...]:
    """Return whom each kill hits: `sightline run` first, then the cluster's parts and links in turn.

    `only` leaves the others out; a reading process is a kind of kill of `run`, chosen by the seed.
    """
    embedded = not only or any(victim in EMBEDDED for victim in only)
    cluster = [victim for victim in CLUSTER if not only or victim in only]
    share = EMBEDDED_SHARE if cluster else 1.0
    first = round(kills * share) if embedded else 0
    return (*[Victim.RUN] * first, *(cluster[number % len(cluster)] for number in range(kills - first)))


def run(*, seed: int, kills: int = 300, only: Sequence[Victim] = (), record: Path | None = None) -> dict[str, Any]:
    """Return the figures of so many kills, `broken` naming every promise not kept.

    With `record`, one line of JSON a kill is appended there, and kills of this seed that stand in it are not done
    again. A run that is interrupted, or whose database stays away, returns the kills so far and says so in `broken`.
    Raises `ServiceMissing` where a service of the cluster cannot be had.
    """
    done = read_kills(record, seed)
    numbers = {each.number for each in done}
    missing = [(number, victim) for number, victim in enumerate(plan_kills(kills, only)) if number not in numbers]
    embedded = [(number, victim) for number, victim in missing if victim in EMBEDDED]
    cluster = [(number, victim) for number, victim in missing if victim not in EMBEDDED]
    wrong: list[str] = []

    def keep(kill: Kill) -> None:
        done.append(kill)
        append_kill(record, seed, kill)

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-kills-")))
        if embedded:
            wrong += _kill_run(folder, seed, embedded, keep)
        if cluster and not wrong:
            wrong += _kill_parts(folder, seed, cluster, keep)
    return summary(seed, sorted(done, key=lambda each: each.number), wrong)


Planned = Sequence[tuple[int, Victim]]


def _kill_run(folder: Path, seed: int, planned: Planned, keep: Callable[[Kill], None]) -> list[str]:
    from lab.bench.endurance.kills.embedded_kills import prepare_embedded_kills  # noqa: PLC0415 - films are drawn with libraries that load slowly

    with prepare_embedded_kills(folder) as stage:
        wrong = kill_in_turn(planned, lambda number, _: stage.kill(number, seed), keep)
        return wrong or stage.finish()


def _kill_parts(folder: Path, seed: int, planned: Planned, keep: Callable[[Kill], None]) -> list[str]:
    from lab.bench.endurance.kills.cluster_kills import prepare_cluster_kills  # noqa: PLC0415 - needs the extra 'cluster'

    with prepare_cluster_kills(folder) as stage:
        wrong = kill_in_turn(planned, lambda number, victim: stage.kill(number, seed, victim), keep)
        return wrong or stage.finish()


def kill_in_turn(planned: Planned, kill: Callable[[int, Victim], Kill], keep: Callable[[Kill], None]) -> list[str]:
    """Kill one after the other; return why it was broken off, if it was."""
    failures = 0
    for done, (number, victim) in enumerate(planned):
        try:
            found = kill(number, victim)
        except (KeyboardInterrupt, SystemExit):
            return [_describe_break(done, len(planned), "interrupted")]
        except SightlineError as error:
            return [_describe_break(done, len(planned), str(error))]
        keep(found)
        failures = failures + 1 if found.recovered_s is None else 0
        if failures == GIVE_UP_AFTER:
            return [f"given up after kill {number}: {GIVE_UP_AFTER} in a row were not recovered from"]
    return []


def _describe_break(done: int, planned: int, why: str) -> str:
    return f"broken off after {done} of {planned} kills: {why}; the same --record and --seed go on from there"
