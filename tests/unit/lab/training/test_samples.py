"""Scores of one scale are put on another, whichever way is better."""

import numpy as np
import pytest

from lab.training.samples import PERCENT, UNIT, Scale


def test_a_differential_score_is_turned_around() -> None:
    dmos = Scale(worst=100.0, best=0.0)
    assert dmos.convert(np.array([0.0, 25.0, 100.0]), PERCENT).tolist() == [100.0, 75.0, 0.0]


def test_five_points_become_shares_and_come_back() -> None:
    five = Scale(1.0, 5.0)
    values = np.array([1.0, 2.0, 4.5])
    assert five.convert(values, UNIT).tolist() == [0.0, 0.25, 0.875]
    assert UNIT.convert(five.convert(values, UNIT), five).tolist() == pytest.approx(values.tolist())
