"""Agreement of predicted with human scores, as the IQA papers report it; numpy only.

`srocc` Spearman, `plcc` Pearson, `krcc` Kendall's tau-b, `rmse` and `mae` on raw scores; `plcc_fitted` and
`rmse_fitted` after the 4-parameter logistic (VQEG 2003). Correlations of a constant are NaN.
"""

from collections.abc import Callable

import numpy as np

from lab.training.samples import Values


def ranks(values: Values) -> Values:
    """Ranks from 1, ties sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    means = ends - (counts - 1) / 2
    shared: Values = means[inverse].astype(np.float64)
    return shared


def plcc(predicted: Values, labels: Values) -> float:
    """Pearson's linear correlation, -1 to 1."""
    left, right = predicted - predicted.mean(), labels - labels.mean()
    size = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return float((left * right).sum() / size) if size > 0 else float("nan")


def srocc(predicted: Values, labels: Values) -> float:
    """Spearman's rank correlation, -1 to 1."""
    return plcc(ranks(predicted), ranks(labels))


def krcc(predicted: Values, labels: Values) -> float:
    """Kendall's tau-b, -1 to 1; quadratic time, row by row in memory."""
    concordant = 0.0
    tied_predicted = tied_labels = 0
    count = len(labels)
    for row in range(count - 1):
        steps_predicted = np.sign(predicted[row + 1 :] - predicted[row])
        steps_labels = np.sign(labels[row + 1 :] - labels[row])
        concordant += float((steps_predicted * steps_labels).sum())
        tied_predicted += int((steps_predicted == 0).sum())
        tied_labels += int((steps_labels == 0).sum())
    pairs = count * (count - 1) / 2
    size = float(np.sqrt((pairs - tied_predicted) * (pairs - tied_labels)))
    return concordant / size if size > 0 else float("nan")


def rmse(predicted: Values, labels: Values) -> float:
    """Root mean square error, in the labels' unit."""
    return float(np.sqrt(np.mean((predicted - labels) ** 2)))


def mae(predicted: Values, labels: Values) -> float:
    """Mean absolute error, in the labels' unit."""
    return float(np.mean(np.abs(predicted - labels)))


def bootstrap_interval(
    measure: Callable[[Values, Values], float], predicted: Values, labels: Values, *, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile interval of a measure over pictures drawn with replacement; NaN where no draw has a value."""
    generator = np.random.default_rng(seed)
    count = len(labels)
    values = []
    for _ in range(draws):
        chosen = generator.integers(0, count, count)
        values.append(measure(predicted[chosen], labels[chosen]))
    known = [value for value in values if np.isfinite(value)]
    if not known:
        return float("nan"), float("nan")
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)
