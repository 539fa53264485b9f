"""The four-parameter logistic that maps scores to opinions before PLCC and RMSE (VQEG 2003; models.md's start)."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.optimize import least_squares

from lab.training.samples import Values

EVALUATIONS = 20_000


class LogisticForm(StrEnum):
    LOGISTIC = "logistic"
    LINEAR = "linear"


@dataclass(frozen=True)
class LogisticFit:
    """Predictions after the fit, in the labels' unit; `form` is linear where the logistic did not converge."""

    fitted: Values
    form: LogisticForm


def logistic(scores: Values, high: float, low: float, middle: float, width: float) -> Values:
    """y = (high - low) / (1 + exp(-(x - middle) / width)) + low."""
    exponent = np.clip(-(scores - middle) / width, -500, 500)
    values: Values = (high - low) / (1 + np.exp(exponent)) + low
    return values


def fit_logistic(predicted: Values, labels: Values) -> LogisticFit:
    """Least squares of the logistic on standardised predictions, or of a line where that does not converge."""
    spread = float(predicted.std())
    scores = (predicted - predicted.mean()) / (spread if spread > 0 else 1.0)
    start = (float(labels.max()), float(labels.min()), 0.0, 0.25)
    found = least_squares(lambda four: logistic(scores, *four) - labels, start, method="lm", max_nfev=EVALUATIONS)
    if not found.success:
        slope, offset = np.polyfit(scores, labels, 1)
        return LogisticFit(slope * scores + offset, LogisticForm.LINEAR)
    return LogisticFit(logistic(scores, *found.x), LogisticForm.LOGISTIC)
