"""How well predictions agree with people: every measure of the IQA papers with its 95 % bootstrap interval."""

import math
from dataclasses import asdict, dataclass

from training.measures.correlations import Values, bootstrap_interval, krcc, mae, plcc, rmse, srocc
from training.measures.logistic import Form, fit


@dataclass(frozen=True, slots=True)
class Agreement:
    """Measures on `n` pictures; rmse and mae in the labels' unit; `intervals` hold srocc's, plcc's and rmse's 95 %."""

    n: int
    srocc: float
    plcc: float
    krcc: float
    rmse: float
    mae: float
    plcc_fitted: float
    rmse_fitted: float
    fitted_form: Form
    intervals: dict[str, tuple[float, float]]

    def as_json(self) -> dict[str, object]:
        """Plain values under the names above; null for a correlation that does not exist."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def agreement(predicted: Values, labels: Values) -> Agreement:
    """All measures of predictions (N,) against labels (N,), on one scale."""
    fitted = fit(predicted, labels)
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
        intervals={measure.__name__: bootstrap_interval(measure, predicted, labels) for measure in (srocc, plcc, rmse)},
    )


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
