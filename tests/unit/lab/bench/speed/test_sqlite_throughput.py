"""The storage benchmark counts what it stored and reports figures that agree with each other."""

import pytest

from lab.bench.speed.sqlite_throughput import run


def test_a_short_run_reports_rates_that_agree_with_its_times() -> None:
    found = run(rounds=8, frames=8, metrics=3, streams=2)
    assert found["sqlite_values_per_s"] == pytest.approx(8 * 3 / (found["unit_ms_median"] / 1e3))
    assert found["sqlite_over_raw_executemany"] == pytest.approx(
        found["sqlite_values_per_s"] / found["sqlite_raw_executemany_values_per_s"]
    )
    assert "SQLite" in found["limited_by"]
