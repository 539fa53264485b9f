"""On real label tables the measures, the fit and the F-test equal scipy's and statsmodels'.

What predicts is the strength that a distorted picture's name tells, full of ties, and the labels with seeded noise.
"""

import csv
import os
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.diagnostic import het_goldfeldquandt

from lab.training.measures.correlations import krcc, plcc, rmse, srocc
from lab.training.measures.logistic_fit import LogisticForm, fit_logistic, logistic
from lab.training.measures.significance import f_test, residuals
from lab.training.samples import Values

pytestmark = pytest.mark.data
STRENGTH = {"CSIQ": r"\.(\d)\.png$", "TID2013": r"_(\d)\.bmp$", "KADID-10k": r"_(\d\d)\.png$"}
TABLES = ("BIQ2021", "CSIQ", "KADID-10k", "KonIQ-10k", "LIVE", "LIVE_Challenge", "SPAQ", "TID2013")
MOST_ROWS = 3000
"""A seeded choice of these: Kendall's tau takes quadratic time."""


def labels_and_predictions(name: str) -> tuple[Values, Values]:
    if "SIGHTLINE_DATA" not in os.environ:
        pytest.skip("set SIGHTLINE_DATA to the shared data folder")
    path = Path(os.environ["SIGHTLINE_DATA"]) / "mos" / f"{name}.txt"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    generator = np.random.default_rng(5)
    if len(rows) > MOST_ROWS:
        rows = [rows[index] for index in generator.choice(len(rows), MOST_ROWS, replace=False)]
    labels = np.array([float(row["score"]) for row in rows])
    if name in STRENGTH:
        found = [re.search(STRENGTH[name], row["dis_img_path"]) for row in rows]
        return labels, np.array([float(match[1]) for match in found if match])
    return labels, labels + labels.std() * generator.standard_normal(len(labels))


@pytest.mark.parametrize("name", TABLES)
def test_correlations_and_errors_equal_scipys(name: str) -> None:
    labels, predicted = labels_and_predictions(name)
    assert len(labels) == len(predicted) > 700
    assert srocc(predicted, labels) == pytest.approx(stats.spearmanr(predicted, labels).statistic, abs=1e-12)
    assert plcc(predicted, labels) == pytest.approx(stats.pearsonr(predicted, labels).statistic, abs=1e-12)
    assert krcc(predicted, labels) == pytest.approx(stats.kendalltau(predicted, labels).statistic, abs=1e-12)
    assert rmse(predicted, labels) == pytest.approx(float(np.linalg.norm(predicted - labels)) / len(labels) ** 0.5)


@pytest.mark.parametrize("name", TABLES)
def test_the_fitted_logistic_is_no_worse_than_another_solvers(name: str) -> None:
    """Scipy's trust-region solver from models.md's start, on raw predictions, ends at the same residual."""
    labels, predicted = labels_and_predictions(name)
    start = (labels.max(), labels.min(), predicted.mean(), predicted.std() / 4)
    other, _ = optimize.curve_fit(logistic, predicted, labels, start, method="trf", max_nfev=20_000)
    ours = fit_logistic(predicted, labels)
    assert ours.form is LogisticForm.LOGISTIC
    assert rmse(ours.fitted, labels) <= rmse(logistic(predicted, *other), labels) * (1 + 1e-6)


@pytest.mark.parametrize("name", TABLES)
def test_the_f_test_on_residuals_equals_statsmodels(name: str) -> None:
    labels, predicted = labels_and_predictions(name)
    generator = np.random.default_rng(6)
    poorer = predicted + 0.5 * predicted.std() * generator.standard_normal(len(predicted))
    first, second = residuals(predicted, labels), residuals(poorer, labels)
    together, constant = np.concatenate([second, first]), np.ones((2 * len(labels), 1))
    ratio, p, _ = het_goldfeldquandt(
        together, constant, split=len(labels), alternative="decreasing", result_object=False
    )
    found = f_test(first, second)
    assert found.statistic == pytest.approx(ratio, rel=1e-9)
    assert found.p_smaller == pytest.approx(p, rel=1e-6, abs=1e-300)
    assert found.statistic < 1
