"""What the picture-fault model saw is judged without a past, and an installation without it judges as before."""

from datetime import timedelta

import numpy as np
import pytest

from domain.cameras import Camera
from domain.faults import Fault, VerdictState
from domain.frames import FrameRef
from domain.metrics import FrameScores, TimedValue
from evaluation.evaluate import Evaluation, evaluate_observation, restore_state
from evaluation.policy import Policy
from tests.fakes.ports import START
from tests.unit.evaluation.camera_timeline import DAY

KINDS = {
    "defocus": Fault.BLUR,
    "motion_blur": Fault.BLUR,
    "condensation": Fault.LOW_CONTRAST,
    "drops": Fault.LOW_CONTRAST,
    "dirt": Fault.LOW_CONTRAST,
    "fog": Fault.LOW_CONTRAST,
    "burnt_out": Fault.TOO_BRIGHT,
    "too_dark": Fault.TOO_DARK,
    "purple": Fault.IR_CUT,
    "colour_cast": Fault.COLOUR_CAST,
    "noise": Fault.NOISE,
    "compression": Fault.BLOCKINESS,
    "torn": Fault.CORRUPT_PICTURE,
    "covered_part": Fault.COVERED,
    "covered": Fault.COVERED,
    "slate": Fault.PLACEHOLDER,
}
CAMERA = Camera("gate", "rtsp://camera.test/1")
HEALTHY = {f"picture_fault_{kind}": 0.001 for kind in KINDS}


def judge(values: dict[str, float], earlier: dict[str, TimedValue] | None = None) -> Evaluation:
    ref = FrameRef("gate", "s1", 0, None, START)
    scores = FrameScores(ref, {**DAY, **values}, earlier=earlier or {}, width=352, height=288)
    return evaluate_observation(restore_state(CAMERA), CAMERA, scores, Policy.for_pictures())


def state(judged: Evaluation, fault: Fault) -> VerdictState:
    return next(verdict.state for verdict in judged.verdicts if verdict.fault is fault)


@pytest.mark.parametrize(("kind", "fault"), KINDS.items())
def test_a_camera_without_a_past_is_called_for_what_its_picture_shows(kind: str, fault: Fault) -> None:
    judged = judge({**HEALTHY, f"picture_fault_{kind}": 0.999})
    assert state(judged, fault) is VerdictState.FAULT
    reason = next(verdict.reason for verdict in judged.verdicts if verdict.fault is fault)
    assert f"picture_fault_{kind}" in reason
    called = {verdict.fault for verdict in judged.verdicts if verdict.state is VerdictState.FAULT}
    assert called == {fault}


@pytest.mark.parametrize("fault", sorted(set(KINDS.values())))
def test_a_picture_without_a_fault_is_called_nothing(fault: Fault) -> None:
    assert state(judge(HEALTHY), fault) is VerdictState.OK


@pytest.mark.parametrize("fault", [Fault.COVERED, Fault.COLOUR_CAST])
def test_without_the_model_what_needs_a_baseline_still_waits_for_one(fault: Fault) -> None:
    assert state(judge({}), fault) is VerdictState.NOT_ASSESSABLE


@pytest.mark.parametrize("fault", sorted(set(KINDS.values()) - {Fault.COVERED, Fault.COLOUR_CAST}))
def test_without_the_model_the_other_bounds_judge_alone(fault: Fault) -> None:
    assert state(judge({}), fault) is VerdictState.OK


@pytest.mark.parametrize(("age_s", "called"), [(10, True), (60, True), (61, False)])
def test_a_look_counts_for_the_frames_after_it_for_a_minute(age_s: float, called: bool) -> None:
    look = TimedValue(0.999, START - timedelta(seconds=age_s))
    judged = judge({}, {"picture_fault_defocus": look})
    assert (state(judged, Fault.BLUR) is VerdictState.FAULT) is called


def test_what_other_models_measured_earlier_decides_nothing() -> None:
    judged = judge({}, {"luma_mean": TimedValue(0.99, START), "image_quality": TimedValue(1.0, START)})
    assert all(verdict.state is not VerdictState.FAULT for verdict in judged.verdicts)


def test_a_detector_s_own_kind_of_number_is_judged_like_any_other() -> None:
    judged = judge({metric: np.float64(value) for metric, value in HEALTHY.items()})
    assert state(judged, Fault.BLUR) is VerdictState.OK
    judged = judge({**HEALTHY, "picture_fault_defocus": np.float64(0.999)})
    assert state(judged, Fault.BLUR) is VerdictState.FAULT


@pytest.mark.parametrize(
    ("luma", "probability", "called"), [(0.85, 0.2, True), (0.85, 0.01, False), (0.7, 0.2, False), (0.85, None, False)]
)
def test_a_very_bright_picture_that_never_reaches_white_is_burnt_out_where_the_model_suspects_it(
    luma: float, probability: float | None, called: bool
) -> None:
    seen = {} if probability is None else {**HEALTHY, "picture_fault_burnt_out": probability}
    judged = judge({**seen, "luma_mean": luma, "clipped_share": 0.0})
    assert (state(judged, Fault.TOO_BRIGHT) is VerdictState.FAULT) is called
