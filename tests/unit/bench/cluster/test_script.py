"""The script of a chaos run: one fault a camera, one after the other, and a camera that stays well."""

import pytest

from bench.cluster.script import APART_S, CLEAR_S, LASTS_S, WELL_S, Part, begins_s, over_s, script
from domain.quality import Fault

CAMERAS = ("a", "b", "c")


def test_each_camera_but_the_last_has_one_fault_after_the_well_time() -> None:
    first, second, last = script(CAMERAS)
    assert (first.fault, first.from_s, first.until_s) == (Fault.FREEZE, WELL_S, WELL_S + LASTS_S)
    assert (second.fault, second.from_s) == (Fault.SIGNAL_LOSS, WELL_S + APART_S)
    assert last == Part("c")


@pytest.mark.parametrize(("at_s", "shown"), [(9.9, None), (10.0, Fault.FREEZE), (19.9, Fault.FREEZE), (20.0, None)])
def test_a_fault_is_shown_from_its_begin_until_before_its_end(at_s: float, shown: Fault | None) -> None:
    assert Part("a", Fault.FREEZE, 10.0, 20.0).shows(at_s) is shown


def test_a_run_is_over_once_the_last_alert_had_time_to_end() -> None:
    parts = script(CAMERAS)
    assert begins_s(parts) == WELL_S
    assert over_s(parts) == WELL_S + APART_S + LASTS_S + CLEAR_S
    assert begins_s([Part("a")]) == over_s([Part("a")]) == 0.0
