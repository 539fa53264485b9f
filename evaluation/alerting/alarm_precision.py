"""What people answered to alarms, as a precision with an interval, and the sensitivities that follow from it. Pure.

The interval is Clopper and Pearson's exact one: The use of confidence or fiducial limits, Biometrika 26 (1934) 404-413.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.alerts import AlarmAnswer, AnswerCount, Incident
from domain.cameras import Camera, FaultSetting
from domain.faults import Fault
from evaluation.alerting.root_cause import rank
from evaluation.rules.fault_rules import RULES

CONFIDENCE = 0.95
LEAST_WRONG = 3
"""Fewer wrong alarms than this may be chance."""
STEP = 2
"""How much duller is proposed at once: two fifths of the way from the clear bound to the fault bound."""
DULLEST = 1


@dataclass(frozen=True, slots=True)
class FaultPrecision:
    """Answers of operators about one fault."""

    fault: Fault
    right: int
    """Answers that say the alarm was right."""
    wrong: int
    """Answers that say it was false."""
    new_normal: int
    """The change was real and people want it so; counts in neither."""
    precision: float | None
    """right / (right + wrong), 0 … 1; None without any of them."""
    low: float
    """Lower end of its 95 % interval; `high` is the upper one."""
    high: float


@dataclass(frozen=True, slots=True)
class SensitivityProposal:
    """A duller sensitivity of one fault on one camera, and the answers it rests on; nothing until it is applied."""

    camera: str
    fault: Fault
    sensitivity: int
    """1 … 10, as it is now; `proposed` is the one to choose."""
    proposed: int
    right: int
    """Answers that say the alarm was right; `wrong` and `new_normal` likewise."""
    wrong: int
    new_normal: int


def measure_precision(counts: Iterable[AnswerCount]) -> Sequence[FaultPrecision]:
    """Return the precision of each fault with an answer, in the order in which faults explain each other."""
    by_fault: dict[Fault, Counter[AlarmAnswer]] = {}
    for each in counts:
        if each.answer is not None:
            by_fault.setdefault(each.fault, Counter())[each.answer] += each.count
    return [_precision(fault, by_fault[fault]) for fault in sorted(by_fault, key=rank)]


def count_incidents(incidents: Iterable[Incident]) -> Sequence[AnswerCount]:
    """Return the answers to incidents as a store counts them."""
    counted = Counter((each.stream_id, each.headline, each.answer) for each in incidents)
    return [AnswerCount(*key, count) for key, count in counted.items()]


def doubtful(counts: Iterable[AnswerCount]) -> frozenset[tuple[str, Fault]]:
    """Return the cameras and faults with enough wrong alarms for a proposal; only their incidents must be read."""
    wrong = (each for each in counts if each.answer is AlarmAnswer.WRONG and each.stream_id)
    return frozenset((each.stream_id, each.fault) for each in wrong if each.count >= LEAST_WRONG)


def _precision(fault: Fault, counted: Counter[AlarmAnswer]) -> FaultPrecision:
    right, wrong = counted[AlarmAnswer.RIGHT], counted[AlarmAnswer.WRONG]
    low, high = exact_interval(right, right + wrong)
    precision = right / (right + wrong) if right + wrong else None
    return FaultPrecision(fault, right, wrong, counted[AlarmAnswer.NEW_NORMAL], precision, low, high)


def exact_interval(successes: int, trials: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return Clopper and Pearson's interval of a share; (0, 1) without any trial."""
    if not trials:
        return 0.0, 1.0
    from scipy.special import betaincinv  # noqa: PLC0415 - 40 MB that a process which only watches does without

    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, trials - successes + 1, tail))
    high = 1.0 if successes == trials else float(betaincinv(successes + 1, trials - successes, 1 - tail))
    return low, high


def propose_sensitivities(
    cameras: Iterable[Camera],
    incidents: Iterable[Incident],
    changed_at: Mapping[tuple[str, Fault], datetime],
) -> Sequence[SensitivityProposal]:
    """Return a duller sensitivity where at least three alarms were wrong, and more than were right.

    Only incidents opened after `changed_at`, when the camera's setting of the fault was changed last, count: what is
    applied must be judged by what follows. A fault without bounds, such as a lost connection, has no sensitivity.
    """
    counts: dict[tuple[str, Fault], Counter[AlarmAnswer]] = {}
    for incident in incidents:
        key = (incident.stream_id, incident.headline)
        since = changed_at.get(key)
        if incident.answer is not None and (since is None or incident.opened_at > since):
            counts.setdefault(key, Counter())[incident.answer] += 1
    by_name = {camera.name: camera for camera in cameras}
    proposals = []
    for (name, fault), counted in sorted(counts.items(), key=lambda each: (each[0][0], rank(each[0][1]))):
        camera = by_name.get(name)
        if camera is None or not has_sensitivity(fault):
            continue
        chosen = camera.faults.get(fault, FaultSetting())
        right, wrong, new = (counted[each] for each in (AlarmAnswer.RIGHT, AlarmAnswer.WRONG, AlarmAnswer.NEW_NORMAL))
        if chosen.enabled and chosen.sensitivity > DULLEST and wrong >= LEAST_WRONG and wrong > right:
            duller = max(DULLEST, chosen.sensitivity - STEP)
            proposals.append(SensitivityProposal(name, fault, chosen.sensitivity, duller, right, wrong, new))
    return proposals


def has_sensitivity(fault: Fault) -> bool:
    """Return whether a fault is found by bounds that a sensitivity moves."""
    return bool(RULES[fault].any_of)
