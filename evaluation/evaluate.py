"""From one observation of one stream to everything that follows: verdicts, alerts, incident, messages, baselines.

Pure: the same state, camera, observation, policy and clock give the same answer, names included, so that a batch may be
judged again after a crash. Time is the observation's own, never going back unless the clock was set back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from domain.alerts import Alert, AlertState, AlertTransition, Incident, OutboxEntry
from domain.baselines import CameraBaseline
from domain.cameras import Camera, StreamStatus
from domain.clocks import BACKWARD_TOLERANCE, map_times
from domain.faults import Fault, NotAssessable, Verdict, VerdictState
from domain.messages import StreamSnapshot, VerdictChange
from domain.metrics import FrameScores
from domain.verdict_time import VerdictSpan
from evaluation import connection as connections
from evaluation import verdict_time
from evaluation.alerting import alert_states, incidents
from evaluation.alerting.alert_states import FaultTrack
from evaluation.alerting.incidents import CameraIncident
from evaluation.connection import ConnectionHistory
from evaluation.policy import EvaluationContext, Policy
from evaluation.rules.fault_rules import LIGHT_DEPENDENT, RULES
from evaluation.rules.rule import RuleSource
from evaluation.rules.rule_check import RuleResult, never_assessable_reason
from evaluation.scene import scene_state
from evaluation.scene.scene_state import SceneState, learning_until
from evaluation.verdict_time import UNSCORED, CameraTime


@dataclass(frozen=True, slots=True)
class Tick:
    """Time went by and nothing came; with `unscored`, pictures came and were dropped, so that none can be judged."""

    at: datetime
    unscored: bool = False


Observation: TypeAlias = FrameScores | StreamStatus | Tick


@dataclass(frozen=True, slots=True)
class StreamState:
    """All that judging the next observation of a stream needs. `now` is None before the first one."""

    stream_id: str
    now: datetime | None = None
    session_id: str = ""
    """The session of the newest observation; `sequence` is its number, -1 before the first."""
    sequence: int = -1
    connection: ConnectionHistory = ConnectionHistory()
    view: SceneState = SceneState()
    """Light, baselines, and what the picture shows of the scene."""
    tracks: tuple[FaultTrack, ...] = ()
    """One for each fault that was assessed so far."""
    case: CameraIncident = CameraIncident()
    """The incident of this camera."""
    restored: tuple[Alert, ...] = ()
    """Stored alerts that no track has taken over yet."""
    time: CameraTime = CameraTime()
    """Time in each state that is not stored yet."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one observation leaves behind; everything but `state`, `verdicts` and `snapshot` is often empty."""

    state: StreamState
    verdicts: tuple[Verdict, ...]
    """On every fault."""
    changes: tuple[VerdictChange, ...]
    """Verdicts that changed."""
    alerts: tuple[Alert, ...]
    """Alerts that changed, as they are now."""
    transitions: tuple[AlertTransition, ...]
    incidents: tuple[Incident, ...]
    """Incidents that changed, as they are now."""
    outbox: tuple[OutboxEntry, ...]
    """Messages to people that are due."""
    baselines: tuple[CameraBaseline, ...]
    """Baselines that changed."""
    snapshot: StreamSnapshot
    spans: tuple[VerdictSpan, ...] = ()
    """Time in each state since what was written down before."""


def restore_state(
    camera: Camera,
    alerts: Sequence[Alert] = (),
    baselines: Sequence[CameraBaseline] = (),
    incident: Incident | None = None,
    span: VerdictSpan | None = None,
) -> StreamState:
    """Return the state to go on from after a start, from what storage kept.

    `span` is the last time written down: a restart that is over soon enough leaves no gap after it.
    An open incident is announced again under the same key, which the outbox recognises: a crash loses no first message.
    """
    active = tuple(alert for alert in alerts if alert.state is not AlertState.INACTIVE)
    return StreamState(
        camera.name,
        view=scene_state.restore_scene(camera, baselines),
        case=CameraIncident(incident, resumed=incident is not None),
        restored=active,
        time=CameraTime() if span is None else CameraTime(span.until, span.state, span.cause, span.light),
    )


def evaluate_observation(
    state: StreamState, camera: Camera, observation: Observation, policy: Policy, clock: datetime | None = None
) -> Evaluation:
    """Judge one observation. Costs well under a millisecond on one core.

    `clock` is the time where it is judged. An observation far ahead of it counts as of a little later than it, so that
    one wrong clock or message does not end the judging of a stream; a state that is ahead of it was left by a clock
    that was set back, and moves back with all its times.
    """
    if clock is not None:
        observation = _clamp_to_clock(observation, clock)
        state = _shift_to_clock(state, clock)
    at = observation.at if isinstance(observation, Tick) else _received_at(observation)
    if clock is not None:
        at = min(at, clock + BACKWARD_TOLERANCE)
    if state.now is None:
        # What storage kept may be of a clock that was wrong; nothing began later than now.
        state = map_times(state, lambda time: min(time, at))
    now = at if state.now is None else max(at, state.now)
    moment = EvaluationContext(camera, now, policy)
    before = state.tracks or _fresh_tracks(state, camera, policy, now)
    step = _apply_observation(replace(state, now=now, tracks=before), observation, moment)
    tracks = tuple(
        alert_states.add_sample(track, step.outcomes[track.fault], now, policy)
        if track.fault in step.outcomes
        else track
        for track in step.state.tracks
    )
    return _build_evaluation(before, replace(step.state, tracks=tracks), step.baselines, moment)


def shift_times(state: StreamState, by: timedelta) -> StreamState:
    """Return the state as the clock was set by so much: everything in it stays as old as it is."""
    return map_times(state, lambda at: at + by)


def _clamp_to_clock(observation: Observation, clock: datetime) -> Observation:
    """Return a status with its times no later than a little after the clock; frames keep theirs, which name them."""
    if isinstance(observation, StreamStatus) and observation.received_at > clock + BACKWARD_TOLERANCE:
        return map_times(observation, lambda at: min(at, clock + BACKWARD_TOLERANCE))
    return observation


def _shift_to_clock(state: StreamState, clock: datetime) -> StreamState:
    if state.now is None or state.now - clock <= BACKWARD_TOLERANCE:
        return state
    return shift_times(state, clock - state.now)


@dataclass(frozen=True, slots=True)
class _ObservationResult:
    """An observation taken in: the state with its new knowledge, and what the observation says of which fault."""

    state: StreamState
    outcomes: Mapping[Fault, RuleResult]
    baselines: tuple[CameraBaseline, ...] = ()


def _apply_observation(state: StreamState, observation: Observation, moment: EvaluationContext) -> _ObservationResult:
    state, learned = _apply_acceptance(state, moment)
    latched = frozenset(track.fault for track in state.tracks if track.latched)
    if isinstance(observation, FrameScores):
        ref = observation.ref
        looked = scene_state.judge_frame(state.view, observation, state.connection, latched, moment)
        tracks = state.tracks
        if looked.mode_changed:
            tracks = tuple(
                alert_states.restart_windows(t, moment.now) if _depends_on_light(t.fault) else t for t in tracks
            )
        if looked.learned:
            tracks = tuple(alert_states.prime_track(t, moment.now, moment.policy) for t in tracks)
        state = replace(state, view=looked.view, tracks=tracks, session_id=ref.session_id, sequence=ref.sequence)
        return _ObservationResult(state, looked.outcomes, learned + looked.baselines)
    if isinstance(observation, StreamStatus):
        connection = connections.update_connection(state.connection, observation, moment.now, moment.policy)
        outcomes = _judge_status(connection, state.view, latched, moment)
        session, sequence = observation.session_id, observation.sequence
        state = replace(
            state, connection=connections.clear_change_events(connection), session_id=session, sequence=sequence
        )
        return _ObservationResult(state, outcomes, learned)
    return _ObservationResult(state, _judge_tick(observation, state, moment), learned)


def _judge_tick(tick: Tick, state: StreamState, moment: EvaluationContext) -> dict[Fault, RuleResult]:
    is_silent = state.connection.is_silent(moment.now, moment.policy)
    if not is_silent and not tick.unscored:
        return {}
    reason, cause = ("ingest silent", None) if is_silent else (UNSCORED, NotAssessable.UNSCORED)
    faults = (fault for fault, rule in RULES.items() if is_silent or rule.source is RuleSource.FRAME)
    never = {fault: _never_assessable_reason(fault, moment.camera) for fault in faults}
    return {
        fault: RuleResult(None, own) if own else RuleResult(None, reason, cause=cause) for fault, own in never.items()
    }


def _apply_acceptance(state: StreamState, moment: EvaluationContext) -> tuple[StreamState, tuple[CameraBaseline, ...]]:
    """Act on the operator's acceptance of the present view as soon as enough of it is in memory."""
    if not scene_state.awaits_acceptance(state.view, moment.camera):
        return state, ()
    accepted = scene_state.learn_accepted_view(state.view, moment)
    if accepted is None:
        return state, ()
    tracks = tuple(
        alert_states.clear_after_accept(t, moment.now) if RULES[t.fault].source is RuleSource.FRAME else t
        for t in state.tracks
    )
    return replace(state, view=accepted.view, tracks=tracks), accepted.baselines


def _received_at(observation: FrameScores | StreamStatus) -> datetime:
    return observation.ref.received_at if isinstance(observation, FrameScores) else observation.received_at


def _fresh_tracks(state: StreamState, camera: Camera, policy: Policy, now: datetime) -> tuple[FaultTrack, ...]:
    restored = {alert.fault: alert for alert in state.restored}
    tracks = (alert_states.start_track(camera.name, fault, policy, now) for fault in RULES)
    return tuple(alert_states.resume_track(t, restored[t.fault]) if t.fault in restored else t for t in tracks)


def _depends_on_light(fault: Fault) -> bool:
    return RULES[fault].source is RuleSource.FRAME or fault in LIGHT_DEPENDENT


def _never_assessable_reason(fault: Fault, camera: Camera) -> str:
    return never_assessable_reason(RULES[fault], camera)


def _judge_status(
    connection: ConnectionHistory, view: SceneState, latched: frozenset[Fault], moment: EvaluationContext
) -> dict[Fault, RuleResult]:
    """Judge what a status says; while no picture can come, say so of every picture fault."""
    outcomes = connections.judge_connection(connection, moment.camera)
    scene = scene_state.make_rule_context(view, connections.connection_metrics(connection), {}, moment)
    reason = connections.picture_not_assessable_reason(connection)
    for fault, rule in RULES.items():
        if rule.source is RuleSource.STATUS:
            outcomes[fault] = scene_state.check_status_rule(rule, scene, view, reason, latched=fault in latched)
        elif rule.source is RuleSource.FRAME and reason:
            outcomes[fault] = RuleResult(None, _never_assessable_reason(fault, moment.camera) or reason)
    return outcomes


def _build_evaluation(
    before: Sequence[FaultTrack], state: StreamState, baselines: tuple[CameraBaseline, ...], moment: EvaluationContext
) -> Evaluation:
    """Draw the consequences of the tracks' steps: transitions, the incident and its messages, the snapshot."""
    verdicts = tuple(track.verdict for track in state.tracks)
    active = tuple(track.alert for track in state.tracks if track.alert.state is not AlertState.INACTIVE)
    step = incidents.update_incident(state.case, active, verdicts, moment)
    incident = step.case.incident or state.case.incident
    old = {track.fault: track.alert for track in before}
    tracks = tuple(
        alert_states.with_incident(track, incident.incident_id)
        if incident is not None and track.alert.state is not old[track.fault].state
        else track
        for track in state.tracks
    )
    moved = tuple(track.alert for track in tracks if track.alert.state is not old[track.fault].state)
    time = verdict_time.camera_time(state.time, verdicts, state.connection, state.view, moment)
    spans = verdict_time.write_time(state.time, time, state.stream_id, moment.policy.silent_s)
    state = replace(state, tracks=tracks, case=step.case, restored=(), time=time)
    return Evaluation(
        state=state,
        verdicts=verdicts,
        changes=_changes(before, tracks, moment.now),
        alerts=moved,
        transitions=tuple(_transition(state, old[alert.fault].state, alert) for alert in moved),
        incidents=step.incidents,
        outbox=step.outbox,
        baselines=baselines,
        snapshot=_snapshot(
            state, verdicts, tuple(a for a in active if a.state is not AlertState.RESOLVED), moment.policy
        ),
        spans=spans,
    )


def _transition(state: StreamState, before: AlertState, alert: Alert) -> AlertTransition:
    return AlertTransition(
        stream_id=alert.stream_id,
        fault=alert.fault,
        session_id=state.session_id,
        sequence=state.sequence,
        from_state=before,
        to_state=alert.state,
        at=alert.updated_at,
        incident_id=alert.incident_id,
        evidence=alert.evidence,
    )


def _changes(before: Sequence[FaultTrack], after: Sequence[FaultTrack], now: datetime) -> tuple[VerdictChange, ...]:
    """Return the verdicts that say something else than before; a number that moved within one is no change."""
    changes = []
    for old, new in zip(before, after, strict=True):
        reworded = new.verdict.state is VerdictState.NOT_ASSESSABLE and new.verdict.reason != old.verdict.reason
        if new.verdict.state is not old.verdict.state or reworded:
            changes.append(VerdictChange(new.alert.stream_id, new.verdict, now))
    return tuple(changes)


def _snapshot(
    state: StreamState, verdicts: tuple[Verdict, ...], active: tuple[Alert, ...], policy: Policy
) -> StreamSnapshot:
    assert state.now is not None
    earlier = state.view.earlier
    return StreamSnapshot(
        stream_id=state.stream_id,
        at=state.now,
        status=state.connection.status,
        mode=state.view.light.mode,
        settling=state.view.light.is_settling(state.now),
        verdicts=verdicts,
        values={**{metric: measured.value for metric, measured in earlier.items()}, **state.view.values},
        measured_at={metric: measured.at for metric, measured in earlier.items()},
        alerts=active,
        incident=state.case.incident,
        learning_until=learning_until(state.view, policy),
    )
