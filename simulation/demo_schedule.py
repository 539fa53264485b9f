"""The demo's play: nine cameras, two stay healthy (one by night), seven develop one fault each, one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.faults import Fault
from simulation.fault_injection import Strength
from simulation.films.film import Film, Take
from simulation.films.scenes import SCENES

FIRST_FAULT_S = 20.0
"""Until then every camera is healthy, so that the monitor learns what is usual."""
CYCLE_S = 90.0
"""A demo without end plays this long and then again: every fault is repaired and comes back."""

_CLOCK_AT_START = datetime(2026, 11, 21, 8, 59, 40, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ScheduledCamera:
    """One camera of the demo and when it fails."""

    camera: str
    site: str
    group: str
    fault: Fault | None = None
    """None: it stays well."""
    onset_s: float = 0.0
    """From the start."""
    ends_s: float | None = None
    """From the start; None lasts till the film's end."""
    strength: Strength = Strength.SEVERE

    def film(self, length_s: float, *, served: bool) -> Film:
        """Return what this camera films in `length_s`.

        A lost signal is not on film: a server cuts it, and a file (not `served`) ends where it is lost.
        """
        scene = SCENES[self.camera]
        seed = sum(self.camera.encode())
        if self.fault is Fault.SIGNAL_LOSS:
            return Film(scene, (Take(length_s if served else self.onset_s),), _CLOCK_AT_START, seed)
        if self.fault is None:
            return Film(scene, (Take(length_s),), _CLOCK_AT_START, seed)
        sick = Take(length_s - self.onset_s, self.fault, self.strength)
        return Film(scene, (Take(self.onset_s), sick), _CLOCK_AT_START, seed)


DEMO_SCHEDULE: tuple[ScheduledCamera, ...] = (
    ScheduledCamera("gate", "north", "switch-1"),
    ScheduledCamera("yard-night", "north", "switch-2"),
    # A bitrate is counted over ten seconds, so its fall is seen last: it begins first.
    ScheduledCamera("gallery", "museum", "switch-5", Fault.BITRATE_STARVED, 20.0),
    ScheduledCamera("garden", "north", "switch-2", Fault.FREEZE, 21.0),
    ScheduledCamera("park", "north", "switch-1", Fault.SIGNAL_LOSS, 22.0, 35.0),
    ScheduledCamera("launch-pad", "cape", "switch-4", Fault.NOISE, 23.0, strength=Strength.MEDIUM),
    ScheduledCamera("workshop", "works", "switch-3", Fault.BLUR, 25.0),
    ScheduledCamera("counter", "museum", "switch-5", Fault.COVERED, 27.0),
    ScheduledCamera("garage", "works", "switch-3", Fault.CAMERA_MOVED, 29.0),
)


def find_faulty(parts: Sequence[ScheduledCamera]) -> tuple[ScheduledCamera, ...]:
    """Return the parts with a fault, in the order in which they begin."""
    return tuple(sorted((part for part in parts if part.fault is not None), key=lambda part: part.onset_s))


def film_length_s(duration_s: float) -> float:
    """Return how long the films must be for a demo of this duration (0: without end)."""
    return min(CYCLE_S, duration_s + 10.0) if duration_s else CYCLE_S
