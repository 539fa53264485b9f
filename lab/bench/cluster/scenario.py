"""What the cameras of a chaos run show, and what must be announced: pure, from a seed-free plan.

Each camera but the last has one fault, one after the other: a picture that does not change, or a lost signal. The last
stays well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.faults import Fault

WELL_S = 25.0
"""Nothing happens before: workers join, and each camera's usual picture is learned and stored."""
LASTS_S = 30.0
"""How long a fault lasts; its alert is raised after `RAISE_S`."""
APART_S = 9.0
RAISE_S = 4.0
CLEAR_S = 25.0
"""What may pass after the last fault's end until its alert has ended too."""


@dataclass(frozen=True, slots=True)
class CameraScenario:
    """One camera's part. Seconds since the run began; no fault where `fault` is None."""

    camera: str
    fault: Fault | None = None
    from_s: float = 0.0
    until_s: float = 0.0

    def shows(self, at_s: float) -> Fault | None:
        """Return the fault at a moment, None where all is well."""
        return self.fault if self.from_s <= at_s < self.until_s else None


def build_scenario(cameras: Sequence[str]) -> tuple[CameraScenario, ...]:
    """Return the parts of the cameras."""
    faults = (Fault.FREEZE, Fault.SIGNAL_LOSS)
    parts = []
    for number, camera in enumerate(cameras[:-1]):
        start_s = WELL_S + APART_S * number
        parts.append(CameraScenario(camera, faults[number % 2], start_s, start_s + LASTS_S))
    return (*parts, CameraScenario(cameras[-1]))


def first_fault_s(parts: Sequence[CameraScenario]) -> float:
    """Return when the first fault begins, 0 where there is none."""
    return min((part.from_s for part in parts if part.fault is not None), default=0.0)


def last_clear_s(parts: Sequence[CameraScenario]) -> float:
    """Return when the last fault is over and its alert had time to end, 0 where there is none."""
    return max((part.until_s + CLEAR_S for part in parts if part.fault is not None), default=0.0)
