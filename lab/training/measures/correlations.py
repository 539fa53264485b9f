"""Agreement of predicted with human scores, as the IQA papers report it.

`srocc` Spearman, `plcc` Pearson, `krcc` Kendall's tau-b, `rmse` and `mae` on raw scores; `plcc_fitted` and
`rmse_fitted` after the 4-parameter logistic (VQEG 2003). Correlations of a constant are NaN.
"""

from collections.abc import Callable

import numpy as np
from scipy.stats import kendalltau, rankdata

from lab.training.samples import Values


def plcc(predicted: Values, labels: Values) -> float:
    """Pearson's linear correlation, -1 to 1."""
    left, right = predicted - predicted.mean(), labels - labels.mean()
    size = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return float((left * right).sum() / size) if size > 0 else float("nan")


def srocc(predicted: Values, labels: Values) -> float:
    """Spearman's rank correlation, -1 to 1."""
    return plcc(rankdata(predicted), rankdata(labels))


def krcc(predicted: Values, labels: Values) -> float:
    """Kendall's tau-b, -1 to 1."""
    return float(kendalltau(predicted, labels).statistic)


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
