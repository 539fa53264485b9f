"""From logits on photographs held out to probabilities: calibrated by kind, and where healthy pictures are called."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.models.picture_faults.kinds import KINDS
from lab.training.detection_quality.fitting.calibration import Calibration, fit_calibration

Numbers = NDArray[np.float64]
PRIOR, ANY_PRIOR = 0.01, 0.05
"""How often a camera has a fault of one kind, and any at all. The pictures of training have each far more often."""
PRIORS = (*(PRIOR for _ in KINDS), ANY_PRIOR)
FAINTEST = 3
"""Positives of a kind without which it keeps its logits."""


@dataclass(frozen=True, slots=True)
class KindFigures:
    """One kind on pictures held out: how many show it, and which share is found where so many of the others are."""

    kind: str
    faulty: int
    recall_at_percent: float
    """At one false call in a hundred of the pictures that do not show it, other faults included."""
    recall_called: float
    """At the bound of the rules."""


def camera_weights(targets: Numbers, index: int) -> Numbers:
    """Weight (N,) of each picture for one answer, so that they count as often as cameras show the like; 0 where unsure.

    A share `PRIORS[index]` has it. Of the rest one in twenty (`ANY_PRIOR`) has another fault: the pictures of training
    have one far more often, and a wrong name for a faulty camera is no healthy camera called.
    """
    there, away = targets[:, index] == 1, targets[:, index] == 0
    other = away & (targets[:, -1] == 1)
    healthy = away & ~other
    share = ANY_PRIOR if healthy.any() and other.any() else float(other.any())
    rest = (1 - PRIORS[index]) * away.sum()
    weights = np.zeros(len(targets))
    weights[other] = share * rest / max(1, other.sum())
    weights[healthy] = (1 - share) * rest / max(1, healthy.sum())
    weights[there] = PRIORS[index] * away.sum() / max(1, there.sum())
    return weights


def calibrate_kinds(logits: Numbers, targets: Numbers) -> list[Calibration]:
    """Slope and offset by answer for logits and targets (N, ANSWERS), 1 there, 0 not there, -1 unsure.

    Weighted as `camera_weights`: a probability of a half means that as many healthy cameras as faulty ones look like
    this.
    """
    fitted = []
    for index in range(len(PRIORS)):
        sure, there = targets[:, index] >= 0, targets[:, index] == 1
        if there.sum() < FAINTEST:
            fitted.append(Calibration(1.0, 0.0))
            continue
        weights = camera_weights(targets, index)[sure]
        fitted.append(fit_calibration(logits[sure, index], weights, weights * there[sure]))
    return fitted


def probabilities(logits: Numbers, fitted: list[Calibration]) -> Numbers:
    """Calibrated answers (N, ANSWERS) of logits (N, ANSWERS)."""
    return np.stack([one.apply(logits[:, index]) for index, one in enumerate(fitted)], axis=1)


def figures(found: Numbers, targets: Numbers, bound: float) -> list[KindFigures]:
    """Each kind's figures for probabilities and targets (N, kinds), called from `bound` on."""
    rows = []
    for index, kind in enumerate(KINDS):
        there, away = targets[:, index] == 1, targets[:, index] == 0
        at_percent = np.quantile(found[away, index], 0.99) if away.any() else 1.0
        recall = [float((found[there, index] > limit).mean()) if there.any() else 0.0 for limit in (at_percent, bound)]
        rows.append(KindFigures(kind, int(there.sum()), *recall))
    return rows


def count_false_calls(found: Numbers, targets: Numbers, bound: float) -> tuple[int, int]:
    """How many of the pictures with no fault at all are called for any kind, and how many there are.

    `targets` (N, ANSWERS): a photograph that people like is healthy, even where nobody can say that nothing is soft.
    """
    healthy = targets[:, -1] == 0
    return int((found[healthy] >= bound).any(axis=1).sum()), int(healthy.sum())


def reliability(found: Numbers, targets: Numbers, edges: Numbers) -> list[tuple[float, float, int]]:
    """Mean probability, weighted share that was true, and count of each bin over all answers, as `camera_weights`
    weights them."""
    weights = np.stack([camera_weights(targets, index) for index in range(len(PRIORS))], axis=1)
    sure = targets >= 0
    place = np.digitize(found, edges)
    rows = []
    for index in range(len(edges) + 1):
        chosen = sure & (place == index)
        if chosen.any():
            weight = weights[chosen]
            rows.append(
                (
                    float(np.average(found[chosen], weights=weight)),
                    float(np.average(targets[chosen], weights=weight)),
                    int(chosen.sum()),
                )
            )
    return rows
