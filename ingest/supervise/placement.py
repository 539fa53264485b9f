"""Which camera is read in which process, and which change needs a new session: pure.

Cameras share processes, for a process costs memory. A new one goes where least CPU was used in the last minute, and
where every process with room is busy, to a new process. A camera whose reading hung or crashed has one of its own from
then on, so that it hurts no neighbour a second time.
"""

from collections.abc import Collection, Mapping
from itertools import count

from domain.cameras import Camera

Placement = Mapping[int, frozenset[str]]
"""Process number to the names of the cameras it reads."""


BUSY = 0.7
"""Share of a core from which a process takes no more cameras: its sending thread measures all of them in turn."""
_NO_LOADS: Mapping[int, float] = {}


def place_cameras(
    current: Placement,
    cameras: Collection[str],
    alone: Collection[str],
    per_process: int,
    loads: Mapping[int, float] = _NO_LOADS,
) -> Placement:
    """Return where the cameras go: who has a place keeps it, the rest fill gaps, then new processes.

    `alone` are the cameras that share no process. `loads` are the shares of a core that processes used lately; of one
    that is not named nothing is known yet. A process left without cameras is not in the answer.
    """
    used = dict(loads)
    wanted = set(cameras)
    result: dict[int, set[str]] = {}
    for number, names in current.items():
        kept = names & wanted
        if kept and not (len(kept) > 1 and kept & set(alone)):
            result[number] = set(kept)
        elif kept - set(alone):
            result[number] = set(kept - set(alone))
    settled = set().union(*result.values()) if result else set()
    fresh = (number for number in count(1) if number not in current and number not in result)
    for name in sorted(wanted - settled):
        if name in alone:
            result[next(fresh)] = {name}
            continue
        room = [
            n
            for n, names in result.items()
            if len(names) < per_process and not names & set(alone) and used.get(n, 0.0) < BUSY
        ]
        chosen = min(room, key=lambda n: (used.get(n, 0.0), n)) if room else next(fresh)
        members = result.setdefault(chosen, set())
        # It will take about what the others of this process take.
        used[chosen] = used.get(chosen, 0.0) * (len(members) + 1) / max(1, len(members))
        members.add(name)
    return {number: frozenset(names) for number, names in sorted(result.items())}


def is_read_otherwise(before: Camera, after: Camera) -> bool:
    """Return whether a change of a camera needs a new session: another address, transport or plan.

    Masks, faults, place and the rest change how its pictures are judged, not how they are read.
    """
    return (before.url, before.transport, before.plan) != (after.url, after.transport, after.plan)
