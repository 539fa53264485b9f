"""What one camera shows alone is its own; what all show is the light."""

import pytest

from domain.faults import Fault
from evaluation.fleet import LEAST_CAMERAS, compare_cameras


def site(count: int, purple: float, others: float = 0.03) -> dict[str, dict[str, float]]:
    """`count` cameras of which the first measures `purple`."""
    return {f"camera {place}": {"purple_share": purple if place == 0 else others} for place in range(count)}


def test_the_one_purple_camera_of_a_site_is_called_with_its_number() -> None:
    found = compare_cameras(site(LEAST_CAMERAS, 0.35))
    assert list(found) == ["camera 0"]
    (finding,) = found["camera 0"]
    assert finding.fault is Fault.IR_CUT
    assert "0.35" in finding.reason
    assert f"0 of {LEAST_CAMERAS - 1} others" in finding.reason


@pytest.mark.parametrize("others", [0.15, 0.9])
def test_a_purple_evening_is_no_fault_of_any_camera(others: float) -> None:
    assert not compare_cameras(site(30, 0.9, others))


def test_a_tenth_of_the_others_may_be_purple_too() -> None:
    cameras = site(21, 0.5)
    cameras["camera 1"]["purple_share"] = cameras["camera 2"]["purple_share"] = 0.6
    assert set(compare_cameras(cameras)) == {"camera 0", "camera 1", "camera 2"}
    cameras["camera 3"]["purple_share"] = 0.6
    assert not compare_cameras(cameras)


@pytest.mark.parametrize("purple", [0.0, 0.1, 0.24])
def test_a_slight_tint_is_not_called(purple: float) -> None:
    assert not compare_cameras(site(50, purple))


def test_a_few_cameras_say_nothing_and_a_grey_one_is_not_compared() -> None:
    assert not compare_cameras(site(LEAST_CAMERAS - 1, 0.7))
    cameras = site(LEAST_CAMERAS, 0.7)
    cameras["camera 1"].clear()
    assert not compare_cameras(cameras)


def test_lamplight_is_not_compared() -> None:
    cameras = site(LEAST_CAMERAS + 1, 0.7)
    cameras["camera 0"]["luma_mean"] = 0.1
    assert not compare_cameras(cameras)
    cameras["camera 0"]["luma_mean"] = 0.4
    assert set(compare_cameras(cameras)) == {"camera 0"}


@pytest.mark.parametrize(("probability", "called"), [(0.001, False), (0.1, True)])
def test_where_the_model_runs_it_must_agree(probability: float, called: bool) -> None:
    cameras = site(LEAST_CAMERAS, 0.5)
    for numbers in cameras.values():
        numbers["picture_fault_purple"] = 0.001
    cameras["camera 0"]["picture_fault_purple"] = probability
    assert bool(compare_cameras(cameras)) is called
