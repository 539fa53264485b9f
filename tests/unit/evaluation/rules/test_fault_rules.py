from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from domain.faults import Fault, VerdictState
from evaluation.alerting.root_cause import IMPLIES, PRECEDENCE, explains, root_causes
from evaluation.policy import Policy
from evaluation.rules.fault_rules import RULES
from evaluation.rules.rule import Rule
from evaluation.rules.thresholds import Threshold, ThresholdBasis, WorseSide
from evaluation.scene.background import COMPARISON_METRICS
from evaluation.scene.freeze import ACTIVE_LEVELS
from tests.unit.evaluation.camera_timeline import DAY, HOME, NIGHT, CameraTimeline

ALL_BOUNDS = [
    pytest.param(bound, id=f"{fault}-{bound.metric}")
    for fault, rule in RULES.items()
    for bounds in rule.any_of
    for bound in bounds
]


def test_every_fault_has_exactly_one_rule_and_one_place_in_the_order() -> None:
    assert set(RULES) == set(Fault)
    assert sorted(PRECEDENCE) == sorted(Fault)


@pytest.mark.parametrize("bound", ALL_BOUNDS)
def test_the_clear_bound_lies_on_the_good_side_of_the_fault_bound(bound: Threshold) -> None:
    assert bound.fault > bound.clear if bound.worse is WorseSide.HIGH else bound.fault < bound.clear


@pytest.mark.parametrize("bound", ALL_BOUNDS)
def test_a_keener_setting_never_asks_for_more(bound: Threshold) -> None:
    for sensitivity in range(2, 11):
        keen, dull = bound.at(sensitivity)[0], bound.at(sensitivity - 1)[0]
        assert keen <= dull if bound.worse is WorseSide.HIGH else keen >= dull, sensitivity


@pytest.mark.parametrize("bound", ALL_BOUNDS)
def test_the_neutral_setting_leaves_the_table_as_it_is(bound: Threshold) -> None:
    assert bound.at(5) == (bound.fault, bound.clear)


@pytest.mark.parametrize("rule", RULES.values(), ids=[str(fault) for fault in RULES])
def test_an_alert_takes_twice_as_long_to_clear_as_to_raise(rule: Rule) -> None:
    assert rule.alert.keep_firing_for_s == 2 * rule.alert.hold_for_s


@pytest.mark.parametrize("rule", RULES.values(), ids=[str(fault) for fault in RULES])
def test_a_rule_that_only_compares_with_the_reference_says_that_it_needs_one(rule: Rule) -> None:
    compares = set(COMPARISON_METRICS)
    relative = [
        any(bound.against is not ThresholdBasis.ABSOLUTE or bound.metric in compares for bound in bounds)
        for bounds in rule.any_of
    ]
    assert rule.needs_baseline or not rule.any_of or not all(relative)


@pytest.mark.parametrize(
    ("fault", "hold_for_s"),
    [(Fault.SIGNAL_LOSS, 60), (Fault.LOW_FPS, 60), (Fault.BLUR, 300), (Fault.CAMERA_MOVED, 180), (Fault.FREEZE, 60)],
)
def test_production_times_are_those_the_field_asks_for(fault: Fault, hold_for_s: float) -> None:
    assert RULES[fault].alert.hold_for_s == hold_for_s


def test_a_scene_counts_as_active_only_above_the_bound_of_a_frozen_one() -> None:
    (frozen,) = (b for bounds in RULES[Fault.FREEZE].any_of for b in bounds if b.metric == "change_median")
    assert max(frozen.at(10)) < ACTIVE_LEVELS


def test_no_two_faults_explain_each_other() -> None:
    pairs = [(a, b) for a in Fault for b in Fault if explains(a, b) and explains(b, a)]
    assert pairs == []


def test_a_covered_lens_is_the_root_of_all_it_brings() -> None:
    seen = {Fault.COVERED, Fault.BLUR, Fault.LOW_CONTRAST, Fault.TOO_DARK, Fault.BLACK}
    assert root_causes(seen) == (Fault.COVERED,)


@pytest.mark.parametrize(
    ("cause", "symptom"),
    [
        (Fault.CAMERA_MOVED, Fault.COVERED),
        (Fault.TOO_BRIGHT, Fault.LOW_CONTRAST),
        (Fault.CORRUPT_PICTURE, Fault.CAMERA_MOVED),
        (Fault.PLACEHOLDER, Fault.CAMERA_MOVED),
    ],
)
def test_of_two_that_come_together_the_cause_is_announced(cause: Fault, symptom: Fault) -> None:
    assert root_causes({cause, symptom}) == (cause,)


def test_unrelated_faults_are_both_roots_in_order_of_precedence() -> None:
    assert root_causes([Fault.NOISE, Fault.RESOLUTION_CHANGED, Fault.CAMERA_MOVED]) == (
        Fault.CAMERA_MOVED,
        Fault.NOISE,
        Fault.RESOLUTION_CHANGED,
    )


def test_some_root_always_remains_whatever_goes_wrong() -> None:
    for fault in Fault:
        for other in Fault:
            assert root_causes({fault, other})
    assert root_causes(set(Fault))


METRICS_PAGE = Path(__file__).parents[4] / "docs" / "metrics.md"


def test_the_metrics_page_names_every_fault_and_the_metrics_it_is_decided_by() -> None:
    text = METRICS_PAGE.read_text(encoding="utf-8")
    for fault, rule in RULES.items():
        assert f"`{fault}`" in text, fault
        for metric in rule.metrics:
            assert f"`{metric}`" in text, (fault, metric)


def test_the_metrics_page_lists_which_fault_implies_which_as_the_code_does() -> None:
    section = METRICS_PAGE.read_text(encoding="utf-8").split("## Which fault implies which")[1].split("\n## ")[0]
    cells = [row.split("|") for row in section.splitlines() if row.startswith("| `")]
    listed = {row[1].strip(" `"): {word.strip(" `") for word in row[2].split(",")} for row in cells}
    assert listed == {str(cause): {str(fault) for fault in implied} for cause, implied in IMPLIES.items()}


def test_a_grey_camera_s_missing_colour_leaves_no_check_open() -> None:
    grey = {**NIGHT, "saturation": 0.0}
    story = CameraTimeline(policy=replace(Policy(), learn_s=300.0, learn_frames=60))
    story.play(330, grey, step_s=5.0, jitter=0.0)
    lost = HOME.copy()
    lost[:12, :, 1:] = 0.0
    story.play(60, grey, lost, step_s=5.0, jitter=0.0)
    assert story.state.view.values["structure_lost"] > 0.6
    assert story.verdict(Fault.COVERED).state is not VerdictState.NOT_ASSESSABLE


EVENING: Mapping[str, float] = {**DAY, "luma_mean": 0.30, "noise_sigma": 6.0, "noise_floor": 5.2}
"""A colour camera by street lamps: darker than the day, and amplified."""


def test_the_noise_of_an_amplified_evening_is_no_fault_once_the_day_is_learned() -> None:
    story = CameraTimeline()
    story.learn()
    story.play(1800, EVENING, step_s=10.0)
    assert Fault.NOISE not in story.fired


@pytest.mark.parametrize(
    "values", [{**DAY, "noise_floor": 5.2}, {**EVENING, "noise_floor": 10.0}], ids=["usual light", "any light"]
)
def test_noise_in_the_usual_light_or_too_much_in_any_is_a_fault(values: Mapping[str, float]) -> None:
    story = CameraTimeline()
    story.learn()
    story.play(600, values, step_s=10.0)
    assert story.fired == [Fault.NOISE]


def test_until_noise_is_learned_its_absolute_bound_holds() -> None:
    story = CameraTimeline()
    story.play(900, EVENING, step_s=10.0)
    assert story.fired == [Fault.NOISE]


def test_a_night_whose_usual_noise_is_near_the_absolute_bound_is_judged_by_what_is_usual() -> None:
    night = {**NIGHT, "noise_floor": 4.2}
    story = CameraTimeline()
    story.learn(night)
    story.play(900, {**night, "noise_floor": 5.2}, step_s=10.0)
    assert Fault.NOISE not in story.fired
    story.play(900, {**night, "noise_floor": 8.0}, step_s=10.0)
    assert story.fired == [Fault.NOISE]
