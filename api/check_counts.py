"""How many checks could be made of a camera, such as "16 of 24, 8 need a baseline". Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from domain.cameras import Camera
from domain.faults import Fault, NotAssessable, Verdict, VerdictState
from evaluation.rules.fault_rules import RULES


@dataclass(frozen=True, slots=True)
class CheckCounts:
    """`done` of `of` checks gave an answer; `waiting` holds (reason, count), most first; `off` were not asked for."""

    done: int
    of: int
    off: int
    waiting: tuple[tuple[str, int], ...] = ()
    learning: int = 0
    """How many of those that wait need a baseline that is not learned yet."""

    @property
    def text(self) -> str:
        """The counts as a person would say them: "16 of 24, 8 need a baseline"."""
        others = sum(count for _, count in self.waiting) - self.learning
        parts = [f"{self.done} of {self.of}"]
        if self.learning:
            parts.append(f"{self.learning} need{'s' if self.learning == 1 else ''} a baseline")
        if others:
            parts.append(f"{others} not assessable")
        return ", ".join(parts)


def count_checks(camera: Camera, verdicts: Sequence[Verdict]) -> CheckCounts:
    """Count the checks of `camera`; a fault without a verdict was not checked yet."""
    checks = _wanted_checks(camera)
    by_fault = {verdict.fault: verdict for verdict in verdicts}
    open_reasons: dict[str, int] = {}
    learning = 0
    for fault in checks:
        verdict = by_fault.get(fault)
        if verdict is None:
            open_reasons["not judged yet"] = open_reasons.get("not judged yet", 0) + 1
        elif verdict.state is VerdictState.NOT_ASSESSABLE:
            open_reasons[verdict.reason] = open_reasons.get(verdict.reason, 0) + 1
            learning += verdict.cause is NotAssessable.NEEDS_BASELINE
    made = len(checks) - sum(open_reasons.values())
    waiting = tuple(sorted(open_reasons.items(), key=lambda each: -each[1]))
    return CheckCounts(made, len(checks), len(Fault) - len(checks), waiting, learning)


def _wanted_checks(camera: Camera) -> tuple[Fault, ...]:
    off = frozenset(fault for fault, setting in camera.faults.items() if not setting.enabled)
    return _checks_of(camera.analogue, off)


@lru_cache(maxsize=256)
def _checks_of(analogue: bool, off: frozenset[Fault]) -> tuple[Fault, ...]:
    """Return the checks of such cameras; a wall of a thousand asks for the same few again and again."""
    return tuple(fault for fault in Fault if fault not in off and (analogue or not RULES[fault].analogue_only))
