"""The alert of one fault: what is not in `ALERT_TRANSITIONS` does not happen.

A verdict follows the last seconds; an alert asks that the fault lasts. Time counts only while it can be judged: what
is not assessable neither raises nor clears.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.alerts import Alert, AlertState
from domain.faults import Evidence, Fault, Verdict, VerdictState
from evaluation.alerting.sample_window import SampleWindow
from evaluation.policy import Policy
from evaluation.rules.fault_rules import RULES
from evaluation.rules.rule import Rule
from evaluation.rules.rule_check import RuleResult

GIVE_UP_SHARE = 0.5
"""A pending alert is dropped when fewer of its samples than this are bad."""
CONTINUOUS = float("inf")
TOO_FEW_FRAMES = "too few frames yet"
"""The reason of a check whose window holds fewer samples than a verdict needs."""


class AlertSignal(StrEnum):
    """What a sample can mean to an alert."""

    BAD = "bad"
    GIVEN_UP = "given_up"
    HELD = "held"
    CLEARED = "cleared"
    HAPPENED = "happened"
    FORGOTTEN = "forgotten"


ALERT_TRANSITIONS: Mapping[tuple[AlertState, AlertSignal], AlertState] = {
    (AlertState.INACTIVE, AlertSignal.BAD): AlertState.PENDING,
    (AlertState.INACTIVE, AlertSignal.HAPPENED): AlertState.FIRING,
    (AlertState.PENDING, AlertSignal.HELD): AlertState.FIRING,
    (AlertState.PENDING, AlertSignal.GIVEN_UP): AlertState.INACTIVE,
    (AlertState.FIRING, AlertSignal.CLEARED): AlertState.RESOLVED,
    (AlertState.FIRING, AlertSignal.FORGOTTEN): AlertState.INACTIVE,
    (AlertState.RESOLVED, AlertSignal.BAD): AlertState.PENDING,
    (AlertState.RESOLVED, AlertSignal.HAPPENED): AlertState.FIRING,
    (AlertState.RESOLVED, AlertSignal.FORGOTTEN): AlertState.INACTIVE,
}


@dataclass(frozen=True, slots=True)
class FaultTrack:
    """One fault of one stream through time."""

    fault: Fault
    recent: SampleWindow
    """The verdict's window."""
    verdict: Verdict
    """The newest one."""
    held: SampleWindow
    """The alert's window."""
    alert: Alert
    progress_s: float = 0.0
    """Judged seconds towards the next state."""
    sampled_at: datetime | None = None
    """The last judged sample; None after one that could not be judged."""
    bad_since: datetime | None = None
    """When the present run of bad samples began."""
    resolved_at: datetime | None = None
    """When the alert last ended."""

    @property
    def latched(self) -> bool:
        """While the fault lasts, its clear bound decides."""
        standing = self.verdict.state is VerdictState.FAULT
        return standing or self.alert.state in (AlertState.PENDING, AlertState.FIRING)


def start_track(stream_id: str, fault: Fault, policy: Policy, now: datetime) -> FaultTrack:
    """Return the track of a fault nothing is known about yet."""
    rule = RULES[fault]
    window_s = rule.window_s if rule.window_s is not None else policy.verdict_window_s
    frame_count = min(rule.kept_frames or 0, policy.verdict_min_frames)
    return FaultTrack(
        fault=fault,
        recent=SampleWindow(float(window_s or 0.0), max(frame_count, _least_frames(rule, policy))),
        verdict=Verdict(fault, VerdictState.NOT_ASSESSABLE, "nothing seen yet"),
        held=SampleWindow(policy.hold_for_s(RULES[fault].alert), policy.verdict_min_frames),
        alert=Alert(stream_id, fault, AlertState.INACTIVE, now, now),
    )


def resume_track(track: FaultTrack, alert: Alert) -> FaultTrack:
    """Return `track` going on from a stored alert, as after a restart; a pending one keeps the time it has waited."""
    pending = alert.state is AlertState.PENDING
    return replace(
        track,
        alert=alert,
        bad_since=alert.evidence.since or alert.since,
        sampled_at=alert.since if pending else None,
        resolved_at=alert.updated_at if alert.state is AlertState.RESOLVED else None,
    )


def add_sample(track: FaultTrack, outcome: RuleResult, now: datetime, policy: Policy) -> FaultTrack:
    """Return `track` after one sample: the verdict of the last seconds, then the alert."""
    rule = RULES[track.fault]
    if outcome.bad is None:
        verdict = Verdict(track.fault, VerdictState.NOT_ASSESSABLE, outcome.reason, cause=outcome.cause)
        return _expire_alert(replace(track, verdict=verdict, sampled_at=None), now, policy)
    if rule.alert.event:
        return _advance_event(track, outcome, now, policy)
    recent = track.recent.add(now, bad=outcome.bad)
    elapsed = (now - track.sampled_at).total_seconds() if track.sampled_at else 0.0
    state = _verdict_state(track, recent, rule, policy)
    since = track.bad_since
    if state is VerdictState.FAULT or outcome.bad:
        since = since or now
    elif track.alert.state not in (AlertState.PENDING, AlertState.FIRING):
        since = None
    window = track.held.add(now, bad=outcome.bad)
    evidence = replace(outcome.evidence, since=since, frames_judged=window.judged)
    verdict = _verdict(track, state, outcome, evidence)
    track = replace(track, recent=recent, held=window, verdict=verdict, sampled_at=now, bad_since=since)
    return _expire_alert(_advance_alert(track, outcome, elapsed, now, policy), now, policy)


def _least_frames(rule: Rule, policy: Policy) -> int:
    """Return from how many samples a verdict is drawn; never more than the policy's, which a photograph cuts to one."""
    return policy.verdict_min_frames if rule.min_frames is None else min(rule.min_frames, policy.verdict_min_frames)


def _verdict_state(track: FaultTrack, recent: SampleWindow, rule: Rule, policy: Policy) -> VerdictState:
    if recent.judged < _least_frames(rule, policy):
        return VerdictState.NOT_ASSESSABLE
    before = track.verdict.state
    # A photograph's window lasts no time, and its one sample is all there will be.
    window_s = 0.0 if policy.verdict_window_s == 0 else rule.window_s or 0.0
    long_enough = recent.covered_s >= policy.bad_share * window_s
    bad_share = policy.bad_share if rule.bad_share is None else rule.bad_share
    if recent.bad_share >= bad_share and (long_enough or before is VerdictState.FAULT):
        return VerdictState.FAULT
    if recent.bad_share > 1 - policy.bad_share and before is VerdictState.FAULT:
        return VerdictState.FAULT
    return VerdictState.OK


def _verdict(track: FaultTrack, state: VerdictState, outcome: RuleResult, evidence: Evidence) -> Verdict:
    if state is VerdictState.OK:
        return Verdict(track.fault, state, "", evidence)
    if state is VerdictState.NOT_ASSESSABLE:
        return Verdict(track.fault, state, TOO_FEW_FRAMES)
    if outcome.bad:
        return Verdict(track.fault, state, outcome.reason, evidence)
    same = track.verdict.state is VerdictState.FAULT
    return Verdict(track.fault, state, track.verdict.reason if same else RULES[track.fault].says, evidence)


def _advance_alert(
    track: FaultTrack, outcome: RuleResult, elapsed_s: float, now: datetime, policy: Policy
) -> FaultTrack:
    alert, rule = track.alert, RULES[track.fault].alert
    if alert.state in (AlertState.INACTIVE, AlertState.RESOLVED):
        if track.verdict.state is not VerdictState.FAULT:
            return track
        waiting = SampleWindow(policy.hold_for_s(rule), rule.min_frames)
        # The samples that made the verdict count: of a feed of stills there may be no more than these.
        for _ in range(max(1, track.recent.bad)):
            waiting = waiting.add(now, bad=True)
        waited_s = (now - track.bad_since).total_seconds() if track.bad_since else 0.0
        track = _apply_signal(replace(track, held=waiting, progress_s=waited_s), AlertSignal.BAD, now)
        return _advance_alert(track, outcome, 0.0, now, policy)
    if alert.state is AlertState.PENDING:
        return _advance_pending(replace(track, progress_s=track.progress_s + elapsed_s), outcome, now, policy)
    good = track.verdict.state is VerdictState.OK
    standing = track.verdict.state is VerdictState.FAULT
    track = replace(track, progress_s=0.0 if standing else track.progress_s + elapsed_s)
    keep_s = policy.keep_firing_for_s(rule, alert.flaps)
    if good and track.progress_s >= keep_s and track.recent.bad_share <= 1 - policy.bad_share:
        return replace(_apply_signal(track, AlertSignal.CLEARED, now), resolved_at=now, progress_s=0.0, bad_since=None)
    return track


def _advance_pending(track: FaultTrack, outcome: RuleResult, now: datetime, policy: Policy) -> FaultTrack:
    rule = RULES[track.fault].alert
    hold_s = policy.hold_for_s(rule)
    enough = hold_s == 0 or track.held.judged >= rule.min_frames
    if outcome.bad and enough and track.progress_s >= hold_s and track.held.bad_share >= rule.share:
        flapped = track.resolved_at is not None and (now - track.resolved_at).total_seconds() < policy.flap_memory_s
        fired = replace(track, alert=replace(track.alert, flaps=track.alert.flaps + 1 if flapped else 0))
        keep_s = policy.keep_firing_for_s(rule, fired.alert.flaps)
        return replace(
            _apply_signal(fired, AlertSignal.HELD, now), held=SampleWindow(keep_s, rule.min_frames), progress_s=0.0
        )
    if track.held.bad_share < GIVE_UP_SHARE:
        return replace(_apply_signal(track, AlertSignal.GIVEN_UP, now), progress_s=0.0, bad_since=None)
    return track


def _advance_event(track: FaultTrack, outcome: RuleResult, now: datetime, policy: Policy) -> FaultTrack:
    """An event is shown for `event_shown_s` and does not resolve; it is forgotten."""
    if outcome.bad:
        evidence = replace(outcome.evidence, since=now, frames_judged=1)
        verdict = Verdict(track.fault, VerdictState.FAULT, outcome.reason, evidence)
        track = replace(track, verdict=verdict, bad_since=now, sampled_at=now)
        return _apply_signal(track, AlertSignal.HAPPENED, now) if track.alert.state is not AlertState.FIRING else track
    if track.alert.state is not AlertState.FIRING:
        return replace(track, verdict=Verdict(track.fault, VerdictState.OK))
    return _expire_alert(track, now, policy)


def _expire_alert(track: FaultTrack, now: datetime, policy: Policy) -> FaultTrack:
    """Return `track` with what is long over forgotten."""
    alert = track.alert
    if RULES[track.fault].alert.event and alert.state is AlertState.FIRING:
        if (now - alert.since).total_seconds() >= policy.event_shown_s:
            return replace(
                _apply_signal(track, AlertSignal.FORGOTTEN, now), verdict=Verdict(track.fault, VerdictState.OK)
            )
    elif alert.state is AlertState.RESOLVED and (now - alert.since).total_seconds() >= policy.flap_memory_s:
        return _apply_signal(track, AlertSignal.FORGOTTEN, now)
    return track


def _apply_signal(track: FaultTrack, signal: AlertSignal, now: datetime) -> FaultTrack:
    state = ALERT_TRANSITIONS[track.alert.state, signal]
    evidence = track.verdict.evidence
    return replace(track, alert=replace(track.alert, state=state, since=now, updated_at=now, evidence=evidence))


def prime_track(track: FaultTrack, now: datetime, policy: Policy) -> FaultTrack:
    """Return `track` as its baseline has just been learned: the frames it was learned from were good ones."""
    if track.recent.judged or not RULES[track.fault].needs_baseline:
        return track
    recent = track.recent
    for _ in range(policy.verdict_min_frames):
        recent = recent.add(now, bad=False)
    return replace(track, recent=recent)


def restart_windows(track: FaultTrack, now: datetime) -> FaultTrack:
    """Return `track` with its windows empty, after a mode change: what was pending is dropped, what fires stays."""
    if track.alert.state is AlertState.PENDING:
        track = replace(_apply_signal(track, AlertSignal.GIVEN_UP, now), bad_since=None)
    if track.alert.state is not AlertState.FIRING:
        # Else the old light's verdict would hold the new light's pictures to its clear bound.
        track = replace(track, verdict=Verdict(track.fault, VerdictState.NOT_ASSESSABLE, "the light has just changed"))
    return replace(
        track, recent=track.recent.empty_copy(), held=track.held.empty_copy(), progress_s=0.0, sampled_at=None
    )


def clear_after_accept(track: FaultTrack, now: datetime) -> FaultTrack:
    """Return `track` after its operator accepted the view: a firing alert ends as soon as the verdict is good."""
    firing = track.alert.state is AlertState.FIRING
    return replace(restart_windows(track, now), progress_s=CONTINUOUS if firing else 0.0)


def with_incident(track: FaultTrack, incident_id: str) -> FaultTrack:
    """Return `track` with its alert naming the incident it belongs to."""
    return replace(track, alert=replace(track.alert, incident_id=incident_id)) if incident_id else track
