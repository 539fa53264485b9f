"""What people answered to alarms, as numbers and as proposals."""

from dataclasses import replace
from datetime import timedelta

import pytest
from scipy import stats

from domain.alerts import AlarmAnswer, Incident, IncidentState
from domain.cameras import Camera, FaultSetting
from domain.faults import Fault
from evaluation.alerting.alarm_precision import (
    SensitivityProposal,
    count_incidents,
    doubtful,
    exact_interval,
    measure_precision,
    propose_sensitivities,
)
from tests.fakes.ports import START

GATE = Camera("gate", "rtsp://h/1")


def answered(fault: Fault = Fault.BLUR, *, right: int = 0, wrong: int = 0, new: int = 0) -> list[Incident]:
    given = [AlarmAnswer.RIGHT] * right + [AlarmAnswer.WRONG] * wrong + [AlarmAnswer.NEW_NORMAL] * new
    plain = Incident("i", "gate", fault, IncidentState.RESOLVED, START, START)
    return [replace(plain, incident_id=f"{fault}{n}", answer=each) for n, each in enumerate(given)]


@pytest.mark.parametrize(("right", "wrong"), [(0, 4), (4, 0), (7, 2), (1, 1), (90, 10)])
def test_the_interval_is_the_exact_one(right: int, wrong: int) -> None:
    expected = stats.binomtest(right, right + wrong).proportion_ci(method="exact")
    assert exact_interval(right, right + wrong) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_precision_counts_right_and_wrong_and_the_new_normal_beside_them() -> None:
    unanswered = replace(answered(right=1)[0], answer=None)
    noise, blur = sorted(
        measure_precision(
            count_incidents([*answered(right=3, wrong=1, new=2), *answered(Fault.NOISE, new=1), unanswered])
        ),
        key=lambda each: each.right,
    )
    assert (blur.fault, blur.right, blur.wrong, blur.new_normal, blur.precision) == (Fault.BLUR, 3, 1, 2, 0.75)
    assert (noise.precision, noise.low, noise.high, noise.new_normal) == (None, 0.0, 1.0, 1)


def test_a_duller_sensitivity_is_proposed_where_more_alarms_were_wrong_than_right() -> None:
    found = propose_sensitivities([GATE], answered(wrong=3, right=2, new=1), {})
    assert found == [SensitivityProposal("gate", Fault.BLUR, 5, 3, 2, 3, 1)]


@pytest.mark.parametrize(
    ("camera", "incidents"),
    [
        (GATE, answered(wrong=2)),
        (GATE, answered(wrong=3, right=3)),
        (GATE, answered(Fault.SIGNAL_LOSS, wrong=9)),
        (replace(GATE, faults={Fault.BLUR: FaultSetting(False)}), answered(wrong=9)),
        (replace(GATE, faults={Fault.BLUR: FaultSetting(True, 1)}), answered(wrong=9)),
        (replace(GATE, name="other"), answered(wrong=9)),
    ],
)
def test_nothing_is_proposed_on_little_or_where_it_means_nothing(camera: Camera, incidents: list[Incident]) -> None:
    assert propose_sensitivities([camera], incidents, {}) == []


def test_only_what_followed_the_last_change_counts() -> None:
    changed = {("gate", Fault.BLUR): START}
    assert propose_sensitivities([GATE], answered(wrong=9), changed) == []
    later = [replace(each, opened_at=START + timedelta(hours=1)) for each in answered(wrong=3)]
    assert len(propose_sensitivities([GATE], [*answered(right=9), *later], changed)) == 1


def test_only_cameras_with_enough_wrong_alarms_are_looked_at() -> None:
    several = [replace(each, stream_id="", members=("a", "b")) for each in answered(wrong=9)]
    counts = count_incidents([*answered(wrong=3), *answered(Fault.NOISE, wrong=2, right=9), *several])
    assert doubtful(counts) == {("gate", Fault.BLUR)}
