"""The script of a chaos run: one fault a camera, one after the other, and a camera that stays well."""

import pytest

from domain.faults import Fault
from lab.bench.cluster.scenario import (
    APART_S,
    CLEAR_S,
    LASTS_S,
    WELL_S,
    CameraScenario,
    build_scenario,
    first_fault_s,
    last_clear_s,
)

CAMERAS = ("a", "b", "c")


def test_each_camera_but_the_last_has_one_fault_after_the_well_time() -> None:
    first, second, last = build_scenario(CAMERAS)
    assert (first.fault, first.from_s, first.until_s) == (Fault.FREEZE, WELL_S, WELL_S + LASTS_S)
    assert (second.fault, second.from_s) == (Fault.SIGNAL_LOSS, WELL_S + APART_S)
    assert last == CameraScenario("c")


@pytest.mark.parametrize(("at_s", "shown"), [(9.9, None), (10.0, Fault.FREEZE), (19.9, Fault.FREEZE), (20.0, None)])
def test_a_fault_is_shown_from_its_begin_until_before_its_end(at_s: float, shown: Fault | None) -> None:
    assert CameraScenario("a", Fault.FREEZE, 10.0, 20.0).shows(at_s) is shown


def test_a_run_is_over_once_the_last_alert_had_time_to_end() -> None:
    parts = build_scenario(CAMERAS)
    assert first_fault_s(parts) == WELL_S
    assert last_clear_s(parts) == WELL_S + APART_S + LASTS_S + CLEAR_S
    assert first_fault_s([CameraScenario("a")]) == last_clear_s([CameraScenario("a")]) == 0.0
