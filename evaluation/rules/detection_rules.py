"""The rows of the table of faults that judge what detectors find here: against the camera's own past at this hour.

No person and no face in the picture is no fault: an empty scene raises nothing, whatever was usual. What must have
fallen is how well a detector sees, which is measured of the picture and not of who is in it (`detectability`).
"""

from domain.alerts import AlertRule
from domain.faults import Fault
from evaluation.rules.rule import Rule
from evaluation.rules.thresholds import below, below_p05, below_usual

_HOLD_S = 600.0
"""The numbers are medians over ten minutes and an hour: they move no faster."""


def _detection(fault: Fault) -> AlertRule:
    return AlertRule(fault, hold_for_s=_HOLD_S, keep_firing_for_s=2 * _HOLD_S, share=0.8, severity="warning")


DETECTION_RULES: tuple[Rule, ...] = (
    Rule(
        _detection(Fault.DETECTION_IMPAIRED),
        "detection no longer works here as it usually does at this hour",
        (
            (below_usual("detectability_recent", 0.65, 0.75), below_p05("detectability_recent", -10.0, -6.0)),
            (
                below_usual("detectability_recent", 0.85, 0.90),
                below_p05("detectability_recent", -6.0, -3.0),
                below_usual("detections_per_look", 0.25, 0.40),
                # Where it happens that nobody comes for an hour, nobody's coming says nothing.
                below_p05("detections_per_look", -0.15, -0.10),
            ),
        ),
        needs_baseline=True,
        needs_light=True,
        needs_course=True,
    ),
    Rule(
        _detection(Fault.POOR_FACES),
        "faces are too poor to recognise, which they usually are not at this hour",
        (
            (
                below("face_quality_recent", 2.5, 2.7),
                below_usual("face_quality_recent", 0.85, 0.90),
                below_p05("face_quality_recent", -0.20, -0.10),
            ),
        ),
        needs_baseline=True,
        needs_light=True,
        needs_course=True,
    ),
)
