"""Does a predicted share mean what it says: a two-parameter logistic fit, and the expected calibration error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
STEPS = 50
RIDGE = 1e-6
LEAST_SLOPE = 1e-3


@dataclass(frozen=True, slots=True)
class Calibration:
    """share = sigmoid(slope * answer + offset)."""

    slope: float
    offset: float

    def apply(self, answers: Numbers) -> Numbers:
        return np.asarray(1 / (1 + np.exp(-(self.slope * answers + self.offset))), np.float64)


def fit_calibration(answers: Numbers, before: Numbers, after: Numbers) -> Calibration:
    """The likeliest slope and offset where of `before` (n,) objects `after` (n,) survived (Platt 1999).

    By Newton's method, no step longer than 1. A slope may not be negative: the order of answers is the network's, only
    their meaning is corrected.
    """
    columns = np.stack([answers, np.ones_like(answers)], axis=1)
    parameters = np.zeros(2)
    for _ in range(STEPS):
        shares = 1 / (1 + np.exp(-columns @ parameters))
        gradient = columns.T @ (after - before * shares)
        curvature = (columns * (before * shares * (1 - shares))[:, None]).T @ columns
        step = np.linalg.solve(curvature + RIDGE * np.eye(2), gradient)
        parameters = parameters + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-9:
            break
    return Calibration(max(float(parameters[0]), LEAST_SLOPE), float(parameters[1]))


def expected_calibration_error(predicted: Numbers, before: Numbers, after: Numbers, *, bins: int = 10) -> float:
    """Mean distance, over objects, between the predicted share and the share that survived, in equal bins of the
    prediction (Naeini et al. 2015)."""
    place = np.clip((predicted * bins).astype(int), 0, bins - 1)
    error = 0.0
    for index in range(bins):
        chosen = place == index
        objects = before[chosen].sum()
        if objects:
            claimed = (predicted[chosen] * before[chosen]).sum() / objects
            error += abs(claimed - after[chosen].sum() / objects) * objects / before.sum()
    return float(error)
