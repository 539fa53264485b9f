"""How well predictions agree with people: every measure of the IQA papers with its 95 % bootstrap interval."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from scipy import stats

from lab.training.measures.correlations import bootstrap_interval, krcc, mae, plcc, rmse, srocc
from lab.training.measures.logistic_fit import LogisticForm, fit_logistic
from lab.training.samples import Values

Measure = Callable[[Values, Values], float]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Measures on `n` pictures; rmse and mae in the labels' unit; `intervals` hold each measure's 95 % over pictures.

    The intervals of `plcc_fitted` and `rmse_fitted` take the fit as given: it is not repeated for each draw.
    """

    n: int
    srocc: float
    plcc: float
    krcc: float
    rmse: float
    mae: float
    plcc_fitted: float
    rmse_fitted: float
    fitted_form: LogisticForm
    intervals: dict[str, tuple[float, float]]

    def as_json(self) -> dict[str, object]:
        """Plain values under the names above; null for a correlation that does not exist."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def format_with_interval(measured: Mapping[str, object], measure: str, digits: int) -> str:
    """Return one measure of `Agreement.as_json` and its interval, as "0.812 (0.790 to 0.833)"."""
    intervals = measured["intervals"]
    assert isinstance(intervals, Mapping)
    low, high = intervals[measure]
    return f"{measured[measure]:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def measure_agreement(predicted: Values, labels: Values) -> Agreement:
    """All measures of predictions (N,) against labels (N,), on one scale."""
    fitted = fit_logistic(predicted, labels)
    on_raw: dict[str, Measure] = {"srocc": srocc, "plcc": plcc, "krcc": _fast_krcc, "rmse": rmse, "mae": mae}
    intervals = {name: bootstrap_interval(measure, predicted, labels) for name, measure in on_raw.items()}
    for name, measure in (("plcc_fitted", plcc), ("rmse_fitted", rmse)):
        intervals[name] = bootstrap_interval(measure, fitted.fitted, labels)
    return Agreement(
        n=len(labels),
        srocc=srocc(predicted, labels),
        plcc=plcc(predicted, labels),
        krcc=krcc(predicted, labels),
        rmse=rmse(predicted, labels),
        mae=mae(predicted, labels),
        plcc_fitted=plcc(fitted.fitted, labels),
        rmse_fitted=rmse(fitted.fitted, labels),
        fitted_form=fitted.form,
        intervals=intervals,
    )


def _fast_krcc(predicted: Values, labels: Values) -> float:
    """What `krcc` answers, in n log n: a thousand draws want it."""
    return float(stats.kendalltau(predicted, labels).statistic)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
