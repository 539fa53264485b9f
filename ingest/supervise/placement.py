"""Which camera is read in which process, and which change needs a new session: pure.

Cameras share processes, for a process costs memory. A camera whose reading hung or crashed has one of its own from then
on, so that it hurts no neighbour a second time.
"""

from collections.abc import Collection, Mapping
from itertools import count

from domain.cameras import Camera

Placement = Mapping[int, frozenset[str]]
"""Process number to the names of the cameras it reads."""


def place_cameras(current: Placement, cameras: Collection[str], alone: Collection[str], per_process: int) -> Placement:
    """Return where the cameras go: who has a place keeps it, the rest fill gaps, then new processes.

    `alone` are the cameras that share no process. A process left without cameras is not in the answer.
    """
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
        room = [n for n, names in result.items() if len(names) < per_process and not names & set(alone)]
        result.setdefault(min(room) if room else next(fresh), set()).add(name)
    return {number: frozenset(names) for number, names in sorted(result.items())}


def is_read_otherwise(before: Camera, after: Camera) -> bool:
    """Return whether a change of a camera needs a new session: another address, transport or plan.

    Masks, faults, place and the rest change how its pictures are judged, not how they are read.
    """
    return (before.url, before.transport, before.plan) != (after.url, after.transport, after.plan)
