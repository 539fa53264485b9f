"""A frozen picture against a still scene: activity that stops is evidence, its mere absence is not."""

from domain.baselines import CameraBaseline
from evaluation.scene.baselines import BaselineLearner, Values

ACTIVE_LEVELS = 0.08
"""A scene whose quiet twentieth changes by more than this (luma levels a block, median) is never wholly still: its
sensor's noise reaches us. Under it a denoised static picture decodes identically, and a freeze cannot be detected."""
MIN_SAMPLES = 3
FREEZE_METRIC = "change_median"


def usual_activity(baseline: CameraBaseline | None, learner: BaselineLearner | None) -> float | None:
    """Return how much the quietest pictures of this camera change: the baseline's 5th percentile of `change_median`.

    Without a baseline the warm-up's least of at least three samples replaces it; None where neither is there.
    """
    statistic = baseline.statistics.get(FREEZE_METRIC) if baseline is not None else None
    if statistic is not None:
        return statistic.low
    if learner is None:
        return None
    activities = [row[FREEZE_METRIC] for row in learner.rows if FREEZE_METRIC in row]
    return min(activities) if len(activities) >= MIN_SAMPLES else None


def freeze_not_assessable_reason(values: Values, activity: float | None) -> str:
    """Return why a freeze cannot be detected here, or "" where it can.

    A picture that does change is not frozen, whatever is known of the camera.
    """
    if values.get(FREEZE_METRIC, 0.0) > ACTIVE_LEVELS:
        return ""
    if activity is None:
        return "the camera's usual activity is not known yet"
    if activity <= ACTIVE_LEVELS:
        return "this scene is often perfectly still, a freeze cannot be distinguished from it"
    return ""
