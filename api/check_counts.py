"""How many checks could be made of a camera, such as "16 of 24, 8 need a reference". Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

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
        """The counts as a person would say them: "16 of 24, 8 need a reference"."""
        others = sum(count for _, count in self.waiting) - self.learning
        parts = [f"{self.done} of {self.of}"]
        if self.learning:
            parts.append(f"{self.learning} need{'s' if self.learning == 1 else ''} a reference")
        if others:
            parts.append(f"{others} not assessable")
        return ", ".join(parts)


def is_check_wanted(fault: Fault, camera: Camera) -> bool:
    """Return whether the operator wants this fault checked on this camera."""
    setting = camera.faults.get(fault)
    if setting is not None and not setting.enabled:
        return False
    return camera.analogue or not RULES[fault].analogue_only


def count_checks(camera: Camera, verdicts: Sequence[Verdict]) -> CheckCounts:
    """Count the checks of `camera`; a fault without a verdict was not checked yet."""
    wanted = [fault for fault in Fault if is_check_wanted(fault, camera)]
    found = {verdict.fault: verdict for verdict in verdicts}
    open_reasons = Counter[str]()
    for fault in wanted:
        verdict = found.get(fault)
        if verdict is None:
            open_reasons["not judged yet"] += 1
        elif verdict.state is VerdictState.NOT_ASSESSABLE:
            open_reasons[verdict.reason] += 1
    done = len(wanted) - open_reasons.total()
    learning = sum(found[fault].cause is NotAssessable.NEEDS_BASELINE for fault in wanted if fault in found)
    return CheckCounts(done, len(wanted), len(Fault) - len(wanted), tuple(open_reasons.most_common()), learning)
