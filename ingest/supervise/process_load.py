"""How busy reading processes are: the share of a core that each used in the last minute."""

from collections import deque
from collections.abc import Mapping

WINDOW_S, LEAST_S = 60.0, 20.0
"""A process is looked at over the last minute; after its start nothing is said of it for a while."""


class ProcessLoads:
    """CPU seconds of each process by when they were read, and the shares they make."""

    def __init__(self) -> None:
        self._read: dict[int, deque[tuple[float, float]]] = {}

    def note(self, cpu_s: Mapping[int, float], now_s: float) -> None:
        """Note the CPU seconds that each process has used so far; one that is not named is gone."""
        self._read = {number: self._read.get(number, deque()) for number in cpu_s}
        for number, used_s in cpu_s.items():
            read = self._read[number]
            if read and used_s < read[-1][1]:
                read.clear()
            read.append((now_s, used_s))
            while len(read) > 1 and read[1][0] <= now_s - WINDOW_S:
                read.popleft()

    def shares(self) -> dict[int, float]:
        """Return the share of a core by process; those seen for less than twenty seconds are left out."""
        found = {}
        for number, read in self._read.items():
            (began_s, before_s), (ended_s, after_s) = read[0], read[-1]
            if ended_s - began_s >= LEAST_S:
                found[number] = (after_s - before_s) / (ended_s - began_s)
        return found
