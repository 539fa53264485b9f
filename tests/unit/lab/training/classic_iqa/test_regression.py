"""The regression learns a smooth function of the features, chooses inside what it is given, and forgets nothing."""

import numpy as np
import pytest
import torch

from lab.training.classic_iqa.regression import fit_regression, solve_regression
from lab.training.measures.correlations import srocc

RNG = np.random.default_rng(3)
FEATURES = RNG.normal(size=(240, 36))
BADNESS = 50 + 15 * np.tanh(FEATURES[:, 0]) + 10 * FEATURES[:, 1] * 0.3
SCENES = [f"scene {row // 4}" for row in range(240)]


def test_it_predicts_what_it_was_not_fitted_to() -> None:
    fit = fit_regression(FEATURES[:200], BADNESS[:200], SCENES[:200])
    predicted = fit.regression(torch.from_numpy(FEATURES[200:])).numpy()
    assert srocc(predicted, BADNESS[200:]) > 0.85
    assert fit.held_out_srocc > 0.85


def test_shuffled_labels_cannot_be_predicted() -> None:
    fit = fit_regression(FEATURES, RNG.permutation(BADNESS), SCENES)
    assert abs(fit.held_out_srocc) < 0.3


def test_it_is_the_same_for_the_same_seed_and_skips_what_was_not_measured() -> None:
    holed = FEATURES.copy()
    holed[5] = np.nan
    first, second = (fit_regression(holed, BADNESS, SCENES) for _ in range(2))
    probe = torch.from_numpy(FEATURES[:3])
    assert torch.equal(first.regression(probe), second.regression(probe))
    assert first.regression(probe).isfinite().all()


def test_a_small_ridge_goes_through_every_point() -> None:
    """As many vectors as rows: the system is solved exactly."""
    rows, labels = torch.from_numpy(FEATURES[:20]), torch.from_numpy(BADNESS[:20])
    torch.testing.assert_close(solve_regression(rows, labels, 0.1, 1e-9, seed=0)(rows), labels, atol=1e-3, rtol=0)


def test_a_large_ridge_says_the_mean() -> None:
    rows, labels = torch.from_numpy(FEATURES[:20]), torch.from_numpy(BADNESS[:20])
    assert solve_regression(rows, labels, 0.1, 1e9, seed=0)(rows).numpy() == pytest.approx(
        BADNESS[:20].mean(), abs=1e-3
    )
