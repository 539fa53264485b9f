from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from domain.alerts import AlertState
from domain.faults import Fault, VerdictState
from evaluation.alerting.alert_states import ALERT_TRANSITIONS, FaultTrack, add_sample, restart_windows, start_track
from evaluation.policy import Policy
from evaluation.rules.rule_check import RuleResult
from tests.fakes.ports import START

POLICY = Policy()
BAD, GOOD, UNKNOWN = RuleResult(True, "bad"), RuleResult(False), RuleResult(None, "not now")


class Samples:
    """Drives one track with outcomes at a steady pace."""

    def __init__(self, fault: Fault = Fault.BLUR, policy: Policy = POLICY, step_s: float = 1.0) -> None:
        self.policy, self.step_s = policy, step_s
        self.now = START
        self.track: FaultTrack = start_track("gate", fault, policy, START)
        self.states = [self.track.alert.state]

    def feed(self, outcome: RuleResult, seconds: float) -> AlertState:
        for _ in range(round(seconds / self.step_s)):
            self.now += timedelta(seconds=self.step_s)
            self.track = add_sample(self.track, outcome, self.now, self.policy)
            if self.track.alert.state is not self.states[-1]:
                self.states.append(self.track.alert.state)
        return self.track.alert.state


def test_a_fault_fires_after_its_hold_time_and_resolves_after_twice_that() -> None:
    samples = Samples()
    assert samples.feed(BAD, 290) is AlertState.PENDING
    assert samples.feed(BAD, 15) is AlertState.FIRING
    assert samples.feed(GOOD, 590) is AlertState.FIRING
    assert samples.feed(GOOD, 20) is AlertState.RESOLVED
    assert samples.feed(GOOD, POLICY.flap_memory_s + 10) is AlertState.INACTIVE


def test_fewer_than_three_frames_make_no_fault() -> None:
    samples = Samples()
    samples.feed(BAD, 2)
    assert samples.track.verdict.state is VerdictState.NOT_ASSESSABLE


def test_a_fault_seen_in_less_than_four_fifths_of_the_samples_never_fires() -> None:
    samples = Samples()
    for _ in range(200):
        samples.feed(BAD, 7)
        samples.feed(GOOD, 3)
    assert AlertState.FIRING not in samples.states


def test_another_light_is_not_judged_by_the_clear_bound_of_a_fault_before_it() -> None:
    samples = Samples(Fault.NOISE)
    samples.feed(BAD, 30)
    assert samples.track.latched
    samples.track = restart_windows(samples.track, samples.now)
    assert not samples.track.latched
    assert samples.track.verdict.state is VerdictState.NOT_ASSESSABLE


def test_a_firing_alert_outlives_another_light() -> None:
    samples = Samples(Fault.NOISE)
    samples.feed(BAD, 310)
    samples.track = restart_windows(samples.track, samples.now)
    assert samples.track.latched
    assert samples.track.alert.state is AlertState.FIRING


def test_torn_pictures_fire_though_each_key_frame_heals_them() -> None:
    healing = Samples(Fault.CORRUPT_PICTURE)
    for _ in range(180):
        healing.feed(BAD, 2)
        healing.feed(GOOD, 1)
    assert AlertState.FIRING in healing.states
    seldom = Samples(Fault.CORRUPT_PICTURE)
    for _ in range(180):
        seldom.feed(BAD, 1)
        seldom.feed(GOOD, 2)
    assert AlertState.FIRING not in seldom.states


def test_a_fault_seen_in_nine_tenths_of_the_samples_fires() -> None:
    samples = Samples()
    for _ in range(60):
        samples.feed(BAD, 9)
        samples.feed(GOOD, 1)
    assert samples.track.alert.state is AlertState.FIRING


def test_what_cannot_be_judged_neither_raises_nor_clears() -> None:
    samples = Samples()
    samples.feed(BAD, 200)
    assert samples.feed(UNKNOWN, 10_000) is AlertState.PENDING
    assert samples.feed(BAD, 50) is AlertState.PENDING, "200 s and 50 s were judged, not 10,250"
    assert samples.feed(BAD, 60) is AlertState.FIRING
    samples.feed(GOOD, 300)
    assert samples.feed(UNKNOWN, 10_000) is AlertState.FIRING
    assert samples.feed(GOOD, 200) is AlertState.FIRING
    assert samples.feed(GOOD, 150) is AlertState.RESOLVED


def test_the_verdict_of_what_cannot_be_judged_carries_the_reason() -> None:
    samples = Samples()
    samples.feed(UNKNOWN, 1)
    assert samples.track.verdict.state is VerdictState.NOT_ASSESSABLE
    assert samples.track.verdict.reason == "not now"


def test_key_frames_that_come_seldom_are_judged_all_the_same() -> None:
    samples = Samples(step_s=20.0)
    assert samples.feed(BAD, 400) is AlertState.FIRING


def test_each_flap_doubles_the_time_to_clear_up_to_a_limit() -> None:
    samples = Samples(Fault.SIGNAL_LOSS)
    took = []
    for _ in range(6):
        samples.feed(BAD, 70)
        assert samples.track.alert.state is AlertState.FIRING
        seconds = 0
        while samples.feed(GOOD, 1) is AlertState.FIRING:
            seconds += 1
        took.append(seconds)
    assert [round(b / a, 1) for a, b in pairwise(took)] == pytest.approx([2, 2, 2, 1, 1], abs=0.1)
    assert samples.track.alert.flaps == 5


def test_flaps_are_forgotten_after_an_hour_of_peace() -> None:
    samples = Samples(Fault.SIGNAL_LOSS)
    samples.feed(BAD, 70)
    samples.feed(GOOD, 130 + 3700)
    samples.feed(BAD, 70)
    assert samples.track.alert.flaps == 0


def test_an_event_fires_once_is_shown_for_a_while_and_never_resolves() -> None:
    samples = Samples(Fault.RESOLUTION_CHANGED)
    samples.feed(BAD, 1)
    samples.feed(GOOD, 700)
    assert samples.states == [AlertState.INACTIVE, AlertState.FIRING, AlertState.INACTIVE]


def test_a_clip_is_announced_at_once() -> None:
    samples = Samples(policy=Policy.for_clips())
    assert samples.feed(BAD, 3) is AlertState.FIRING


def test_a_single_photograph_is_judged_by_its_one_sample() -> None:
    samples = Samples(policy=Policy.for_pictures())
    samples.feed(BAD, 1)
    assert samples.track.verdict.state is VerdictState.FAULT


@pytest.mark.parametrize("seed", range(20))
def test_no_state_follows_another_unless_the_table_says_so(seed: int) -> None:
    random = np.random.default_rng(seed)
    allowed = {(before, after) for (before, _), after in ALERT_TRANSITIONS.items()}
    samples = Samples(policy=replace(POLICY, raise_s=5.0))
    for _ in range(200):
        samples.feed((BAD, GOOD, UNKNOWN)[random.integers(3)], float(random.integers(1, 30)))
    assert AlertState.FIRING in samples.states
    assert set(pairwise(samples.states)) <= allowed


def test_since_is_when_it_began_and_not_when_it_was_noticed() -> None:
    samples = Samples()
    samples.feed(GOOD, 100)
    samples.feed(BAD, 305)
    since = samples.track.alert.evidence.since
    assert since is not None
    assert (since - START).total_seconds() == 101
