"""A capacity fitted on loads made by a known rule is that rule; points it was not fitted on are held against it."""

from dataclasses import replace

import pytest

from lab.bench.cluster.growth.capacity import PARTS, Capacity, CostLine, LoadPoint, check_capacity, fit_capacity

IDLE = {"ingest": 0.01, "worker": 0.05, "broker": 0.1, "postgres": 0.02, "redis": 0.0}
EACH_S = {"ingest": 0.005, "worker": 0.04, "broker": 0.002, "postgres": 0.001, "redis": 0.0005}


def point(cameras: int, workers: int = 1) -> LoadPoint:
    """Return what would be measured where the rule holds exactly, at one frame a second and camera."""
    rate = float(cameras)
    cores = {part: IDLE[part] * (workers if part == "worker" else 1) + EACH_S[part] * rate for part in PARTS}
    return LoadPoint(
        cameras=cameras,
        workers=workers,
        seconds=20.0,
        taken_per_s=rate,
        stored_per_s=rate,
        refused=0,
        behind=0,
        lag_p50_s=0.2,
        lag_p95_s=0.4,
        cores=cores,
        wire_bytes_per_frame=3e5,
        broker_bytes_per_frame=3e5,
        table_bytes_per_frame=1e3,
        log_bytes_per_frame=2e3,
    )


def test_the_rule_that_made_the_points_is_found() -> None:
    found = fit_capacity([point(1), point(4), point(16)])
    assert found.fitted_on == ((1, 1), (4, 1), (16, 1))
    for part in PARTS:
        assert found.lines[part].idle_cores == pytest.approx(IDLE[part], abs=1e-9)
        assert found.lines[part].core_s_per_frame == pytest.approx(EACH_S[part])


def test_points_of_two_workers_or_too_much_load_are_not_fitted_but_checked() -> None:
    overloaded = replace(point(64), stored_per_s=20.0, behind=880)
    points = [point(1), point(4), overloaded, point(4, workers=2)]
    capacity = fit_capacity(points)
    assert capacity.fitted_on == ((1, 1), (4, 1))
    rate, cores = check_capacity(capacity, points, cores=8)
    # One thread of one worker: (1 - .05) / .04 frames a second.
    assert (rate.what, rate.measured) == ("frames/s", 20.0)
    assert rate.predicted == pytest.approx(23.75)
    assert rate.off == pytest.approx(0.1875)
    # Idle parts .01 + 2 * .05 + .1 + .02, and 4 frames at .0485 s each.
    assert cores.what == "cores"
    assert cores.predicted == pytest.approx(0.23 + 4 * 0.0485)


def test_a_small_machine_is_full_before_its_workers_are() -> None:
    capacity = Capacity({part: CostLine(IDLE[part], EACH_S[part]) for part in PARTS}, ())
    assert capacity.most_frames_per_s(cores=1, workers=2) == pytest.approx((1 - 0.23) / 0.0485)


def test_one_load_fits_nothing() -> None:
    with pytest.raises(ValueError, match="nothing can be fitted"):
        fit_capacity([point(1)])
