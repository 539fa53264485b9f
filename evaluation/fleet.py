"""A camera beside the other cameras of its site at the same time, before it has a past. Pure; ours.

What all of them show is the hour and the weather; what one shows alone is its own. A purple evening tints every
camera, an infrared filter that did not swing in tints one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.faults import Fault
from evaluation.rules.thresholds import PICTURE_FAULT, SUSPECTED

LEAST_CAMERAS = 8
"""So many cameras, the one judged included, say what is usual at a site; fewer may all be of one faulty batch."""
LIGHT, DARKEST = "luma_mean", 0.15
"""By lamplight colours say nothing about the filter: a darker picture is not compared."""
MOST_ALIKE = 0.1
"""Share of the other cameras that may show the like, or it is the light and no fault."""


@dataclass(frozen=True, slots=True)
class FleetRule:
    """A metric that calls a camera from `bound` on where hardly another camera reaches `alike`; both worse high.

    The picture-fault model's number `seen` must agree, where it runs.
    """

    fault: Fault
    metric: str
    bound: float
    alike: float
    seen: str
    says: str


RULES: tuple[FleetRule, ...] = (
    FleetRule(
        Fault.IR_CUT,
        "purple_share",
        bound=0.25,
        alike=0.12,
        seen=f"{PICTURE_FAULT}purple",
        says="the picture is purple and the other cameras' pictures are not: the infrared filter did not swing in",
    ),
)
"""Bound: of 1,917 pictures of photographs with a sky 82 reach it, 18 of them with the model's agreement, most of them
purple evenings, which the other cameras show too; of 162 stills of five road cameras one reaches it."""
COMPARED: tuple[str, ...] = (LIGHT, *dict.fromkeys(key for rule in RULES for key in (rule.metric, rule.seen)))
"""The metrics that are compared between cameras."""


@dataclass(frozen=True, slots=True)
class FleetFinding:
    """What one camera shows alone, and the sentence that says so with its number."""

    fault: Fault
    reason: str


def compare_cameras(measured: Mapping[str, Mapping[str, float]]) -> Mapping[str, tuple[FleetFinding, ...]]:
    """Return what each camera shows alone, of the metrics of every camera of one site at one time, by name.

    Cameras that show nothing of their own are left out. A camera without a metric (grey, masked), or one that
    sees by lamplight, is not compared.
    """
    findings: dict[str, tuple[FleetFinding, ...]] = {}
    for rule in RULES:
        values = {name: numbers[rule.metric] for name, numbers in measured.items() if _compares(numbers, rule)}
        if len(values) < LEAST_CAMERAS:
            continue
        alike = sum(value >= rule.alike for value in values.values())
        for name, value in values.items():
            others = alike - (value >= rule.alike)
            agreed = measured[name].get(rule.seen, SUSPECTED[0]) >= SUSPECTED[0]
            if agreed and value >= rule.bound and others <= MOST_ALIKE * (len(values) - 1):
                reason = (
                    f"{rule.says}: {rule.metric} {value:.2g}, {others} of {len(values) - 1} others above {rule.alike:g}"
                )
                findings[name] = (*findings.get(name, ()), FleetFinding(rule.fault, reason))
    return findings


def _compares(numbers: Mapping[str, float], rule: FleetRule) -> bool:
    return rule.metric in numbers and numbers.get(LIGHT, 1.0) >= DARKEST
