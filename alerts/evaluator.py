"""From one observation of one stream to everything that follows: verdicts, alerts, incident, messages, references.

Pure: the same state, camera, observation, policy and clock give the same answer, names included, so that a unit may be
judged again after a crash. Time is the observation's own, never going back unless the clock was set back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from alerts import connection as connections
from alerts import incidents, states, viewing
from alerts.connection import Connection
from alerts.incidents import Case
from alerts.judging import Outcome, standing_objection
from alerts.policy import Moment, Policy
from alerts.rules import LIGHT_DEPENDENT, RULES, Source
from alerts.states import Track
from alerts.viewing import View
from domain.alerts import Alert, AlertState, AlertTransition, Incident, OutboxEntry
from domain.clocks import SET_BACK, with_times
from domain.quality import Fault, FrameScores, Reference, Verdict, VerdictState
from domain.streams import Camera, StreamStatus
from domain.units import StreamSnapshot, VerdictChange

UNSCORED = "frames dropped unscored: scoring is too far behind"


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
    sequence: int = -1
    connection: Connection = Connection()
    view: View = View()
    tracks: tuple[Track, ...] = ()
    case: Case = Case()
    restored: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What one observation leaves behind; everything but `state`, `verdicts` and `snapshot` is often empty."""

    state: StreamState
    verdicts: tuple[Verdict, ...]
    changes: tuple[VerdictChange, ...]
    alerts: tuple[Alert, ...]
    transitions: tuple[AlertTransition, ...]
    incidents: tuple[Incident, ...]
    outbox: tuple[OutboxEntry, ...]
    references: tuple[Reference, ...]
    snapshot: StreamSnapshot


def restored(
    camera: Camera,
    alerts: Sequence[Alert] = (),
    references: Sequence[Reference] = (),
    incident: Incident | None = None,
) -> StreamState:
    """Return the state to go on from after a start, from what storage kept.

    An open incident is told again under the same key, which the outbox recognises: a crash loses no first message.
    """
    kept = tuple(alert for alert in alerts if alert.state is not AlertState.INACTIVE)
    return StreamState(
        camera.name,
        view=viewing.restored(camera, references),
        case=Case(incident, resumed=incident is not None),
        restored=kept,
    )


def evaluate(
    state: StreamState, camera: Camera, observation: Observation, policy: Policy, clock: datetime | None = None
) -> Judged:
    """Judge one observation. Costs well under a millisecond on one core.

    `clock` is the time where it is judged. An observation far ahead of it counts as of a little later than it, so that
    one wrong clock or message does not end the judging of a stream; a state that is ahead of it was left by a clock
    that was set back, and moves back with all its times.
    """
    if clock is not None:
        observation = _not_ahead(observation, clock)
        state = _not_ahead_of(state, clock)
    at = observation.at if isinstance(observation, Tick) else _received_at(observation)
    if clock is not None:
        at = min(at, clock + SET_BACK)
    if state.now is None:
        # What storage kept may be of a clock that was wrong; nothing began later than now.
        state = with_times(state, lambda kept: min(kept, at))
    now = at if state.now is None else max(at, state.now)
    moment = Moment(camera, now, policy)
    before = state.tracks or _fresh_tracks(state, camera, policy, now)
    taken = _observed(replace(state, now=now, tracks=before), observation, moment)
    tracks = tuple(
        states.sampled(track, taken.outcomes[track.fault], now, policy) if track.fault in taken.outcomes else track
        for track in taken.state.tracks
    )
    return _judged(before, replace(taken.state, tracks=tracks), taken.references, moment)


def moved(state: StreamState, by: timedelta) -> StreamState:
    """Return the state as the clock was set by so much: everything in it stays as old as it is."""
    return with_times(state, lambda at: at + by)


def _not_ahead(observation: Observation, clock: datetime) -> Observation:
    """Return a status with its times no later than a little after the clock; frames keep theirs, which name them."""
    if isinstance(observation, StreamStatus) and observation.received_at > clock + SET_BACK:
        return with_times(observation, lambda at: min(at, clock + SET_BACK))
    return observation


def _not_ahead_of(state: StreamState, clock: datetime) -> StreamState:
    if state.now is None or state.now - clock <= SET_BACK:
        return state
    return moved(state, clock - state.now)


@dataclass(frozen=True, slots=True)
class _Taken:
    """An observation taken in: the state with its new knowledge, and what the observation says of which fault."""

    state: StreamState
    outcomes: Mapping[Fault, Outcome]
    references: tuple[Reference, ...] = ()


def _observed(state: StreamState, observation: Observation, moment: Moment) -> _Taken:
    state, learned = _accepting(state, moment)
    latched = frozenset(track.fault for track in state.tracks if track.latched)
    if isinstance(observation, FrameScores):
        ref = observation.ref
        looked = viewing.looked(state.view, observation, state.connection, latched, moment)
        tracks = state.tracks
        if looked.relit:
            tracks = tuple(states.restarted(t, moment.now) if _depends_on_light(t.fault) else t for t in tracks)
        if looked.learned:
            tracks = tuple(states.acquainted(t, moment.now, moment.policy) for t in tracks)
        state = replace(state, view=looked.view, tracks=tracks, session_id=ref.session_id, sequence=ref.sequence)
        return _Taken(state, looked.outcomes, learned + looked.references)
    if isinstance(observation, StreamStatus):
        connection = connections.advanced(state.connection, observation, moment.now, moment.policy)
        outcomes = _from_status(connection, state.view, latched, moment)
        session, sequence = observation.session_id, observation.sequence
        state = replace(state, connection=connections.settled(connection), session_id=session, sequence=sequence)
        return _Taken(state, outcomes, learned)
    return _Taken(state, _from_tick(observation, state, moment), learned)


def _from_tick(tick: Tick, state: StreamState, moment: Moment) -> dict[Fault, Outcome]:
    silent = state.connection.silent(moment.now, moment.policy)
    if not silent and not tick.unscored:
        return {}
    why = "ingest silent" if silent else UNSCORED
    asked = (fault for fault, rule in RULES.items() if silent or rule.source is Source.FRAME)
    return {fault: Outcome(None, _standing(fault, moment.camera) or why) for fault in asked}


def _accepting(state: StreamState, moment: Moment) -> tuple[StreamState, tuple[Reference, ...]]:
    """Act on the operator's acceptance of the present view as soon as enough of it is in memory."""
    if not viewing.awaits_acceptance(state.view, moment.camera):
        return state, ()
    accepted = viewing.accepted(state.view, moment)
    if accepted is None:
        return state, ()
    tracks = tuple(states.pardoned(t, moment.now) if RULES[t.fault].source is Source.FRAME else t for t in state.tracks)
    return replace(state, view=accepted.view, tracks=tracks), accepted.references


def _received_at(observation: FrameScores | StreamStatus) -> datetime:
    return observation.ref.received_at if isinstance(observation, FrameScores) else observation.received_at


def _fresh_tracks(state: StreamState, camera: Camera, policy: Policy, now: datetime) -> tuple[Track, ...]:
    kept = {alert.fault: alert for alert in state.restored}
    tracks = (states.started(camera.name, fault, policy, now) for fault in RULES)
    return tuple(states.resumed(t, kept[t.fault]) if t.fault in kept else t for t in tracks)


def _depends_on_light(fault: Fault) -> bool:
    return RULES[fault].source is Source.FRAME or fault in LIGHT_DEPENDENT


def _standing(fault: Fault, camera: Camera) -> str:
    return standing_objection(RULES[fault], camera)


def _from_status(connection: Connection, view: View, latched: frozenset[Fault], moment: Moment) -> dict[Fault, Outcome]:
    """Judge what a status says; while no picture can come, say so of every picture fault."""
    outcomes = connections.judged(connection, moment.camera)
    scene = viewing.scene(view, connections.measured(connection), {}, moment)
    why = connections.why_not_judged(connection)
    for fault, rule in RULES.items():
        if rule.source is Source.STATUS:
            outcomes[fault] = viewing.judged_in_light(rule, scene, view, why, latched=fault in latched)
        elif rule.source is Source.FRAME and why:
            outcomes[fault] = Outcome(None, _standing(fault, moment.camera) or why)
    return outcomes


def _judged(before: Sequence[Track], state: StreamState, references: tuple[Reference, ...], moment: Moment) -> Judged:
    """Draw the consequences of the tracks' steps: transitions, the incident and its messages, the snapshot."""
    verdicts = tuple(track.verdict for track in state.tracks)
    active = tuple(track.alert for track in state.tracks if track.alert.state is not AlertState.INACTIVE)
    step = incidents.stepped(state.case, active, verdicts, moment)
    incident = step.case.incident or state.case.incident
    old = {track.fault: track.alert for track in before}
    tracks = tuple(
        states.belonging(track, incident.incident_id)
        if incident is not None and track.alert.state is not old[track.fault].state
        else track
        for track in state.tracks
    )
    moved = tuple(track.alert for track in tracks if track.alert.state is not old[track.fault].state)
    state = replace(state, tracks=tracks, case=step.case, restored=())
    return Judged(
        state=state,
        verdicts=verdicts,
        changes=_changes(before, tracks, moment.now),
        alerts=moved,
        transitions=tuple(_transition(state, old[alert.fault].state, alert) for alert in moved),
        incidents=step.incidents,
        outbox=step.outbox,
        references=references,
        snapshot=_snapshot(state, verdicts, tuple(a for a in active if a.state is not AlertState.RESOLVED)),
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


def _changes(before: Sequence[Track], after: Sequence[Track], now: datetime) -> tuple[VerdictChange, ...]:
    """Return the verdicts that say something else than before; a number that moved within one is no change."""
    changes = []
    for old, new in zip(before, after, strict=True):
        reworded = new.verdict.state is VerdictState.NOT_ASSESSABLE and new.verdict.reason != old.verdict.reason
        if new.verdict.state is not old.verdict.state or reworded:
            changes.append(VerdictChange(new.alert.stream_id, new.verdict, now))
    return tuple(changes)


def _snapshot(state: StreamState, verdicts: tuple[Verdict, ...], active: tuple[Alert, ...]) -> StreamSnapshot:
    assert state.now is not None
    earlier = state.view.earlier
    return StreamSnapshot(
        stream_id=state.stream_id,
        at=state.now,
        status=state.connection.status,
        mode=state.view.light.mode,
        settling=state.view.light.settling(state.now),
        verdicts=verdicts,
        values={**{metric: measured.value for metric, measured in earlier.items()}, **state.view.values},
        measured_at={metric: measured.at for metric, measured in earlier.items()},
        alerts=active,
        incident=state.case.incident,
    )
