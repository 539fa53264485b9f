"""The state of a camera as a whole, and the time it spent in it: written down with every observation. Pure.

A state holds from one observation to the next. Where the next comes late, nothing is claimed of the time between.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.baselines import LightMode
from domain.cameras import ConnectionState, SamplingMode
from domain.faults import Fault, NotAssessable, Verdict, VerdictState
from domain.verdict_time import LEARNING, CameraNotAssessable, TimeState, Unknown, VerdictSpan
from evaluation.alerting.alert_states import TOO_FEW_FRAMES
from evaluation.alerting.root_cause import root_causes
from evaluation.connection import ConnectionHistory
from evaluation.policy import EvaluationContext
from evaluation.rules.fault_rules import RULES
from evaluation.rules.rule import RuleSource
from evaluation.rules.rule_check import never_assessable_reason
from evaluation.scene import light_mode
from evaluation.scene.scene_state import SceneState

UNSCORED = "frames dropped unscored: scoring is too far behind"
_WAITING = (TOO_FEW_FRAMES, "nothing seen yet")
"""Reasons of a check whose window is still empty."""


@dataclass(frozen=True, slots=True)
class CameraTime:
    """In which state a camera is, and up to when its time was written down; `at` is None before the first time."""

    at: datetime | None = None
    state: TimeState = TimeState.UNKNOWN
    cause: str = Unknown.INGEST_SILENT
    light: LightMode | None = None


def write_time(before: CameraTime, now: CameraTime, stream_id: str, reach_s: float) -> tuple[VerdictSpan, ...]:
    """Return the span that ends with this observation; none where nothing was observed for longer than `reach_s`."""
    if before.at is None or now.at is None or not 0 < (now.at - before.at).total_seconds() <= reach_s:
        return ()
    return (VerdictSpan(stream_id, before.at, now.at, before.state, before.cause, before.light),)


def camera_time(
    before: CameraTime,
    verdicts: Sequence[Verdict],
    connection: ConnectionHistory,
    view: SceneState,
    moment: EvaluationContext,
) -> CameraTime:
    """Return the state of the camera as a whole after one observation.

    A fault is named by its headline. A patrol's state holds between its visits. A known state also holds while too few
    pictures were judged since to tell another, as after a restart.
    """
    now = CameraTime(moment.now, light=view.light.mode or before.light)
    faults = [each.fault for each in verdicts if _costs_time(each)]
    if faults:
        return replace(now, state=TimeState.FAULT, cause=root_causes(faults)[0].value)
    blind = _unknown_cause(verdicts, connection, view, moment)
    if blind is not None:
        return replace(now, state=TimeState.UNKNOWN, cause=blind)
    obstacle = _not_assessable_cause(verdicts, connection, view, moment)
    if obstacle is None:
        cause = "" if view.of(view.light.mode).usable is not None else LEARNING
        return replace(now, state=TimeState.OK, cause=cause)
    if _holds(before, obstacle, connection, moment):
        return replace(before, at=moment.now)
    return replace(now, state=TimeState.NOT_ASSESSABLE, cause=obstacle)


_BETWEEN_VISITS = (CameraNotAssessable.RESTING, CameraNotAssessable.CONNECTING, CameraNotAssessable.TOO_FEW_PICTURES)


def _holds(
    before: CameraTime, cause: CameraNotAssessable, connection: ConnectionHistory, moment: EvaluationContext
) -> bool:
    """Return whether the state before still counts although the picture cannot be judged at this moment."""
    if before.at is None or before.state is TimeState.UNKNOWN:
        return False
    if _on_patrol(connection):
        return cause in _BETWEEN_VISITS
    if (moment.now - before.at).total_seconds() > moment.policy.silent_s:
        return False
    still_down = before.state is TimeState.FAULT and connection.down is not None and before.cause == connection.down
    return cause is CameraNotAssessable.TOO_FEW_PICTURES or (cause is CameraNotAssessable.CONNECTING and still_down)


def _costs_time(verdict: Verdict) -> bool:
    """Return whether a verdict makes the camera unusable: not a passing notice, nor the note on a scene long unlit."""
    if verdict.state is not VerdictState.FAULT or RULES[verdict.fault].alert.event:
        return False
    return verdict.fault is not Fault.TOO_DARK or bool(verdict.evidence.metric)


def _on_patrol(connection: ConnectionHistory) -> bool:
    return connection.status is not None and connection.status.plan.mode is SamplingMode.PATROL


def _unknown_cause(
    verdicts: Sequence[Verdict], connection: ConnectionHistory, view: SceneState, moment: EvaluationContext
) -> Unknown | None:
    if connection.is_silent(moment.now, moment.policy):
        return Unknown.INGEST_SILENT
    if any(verdict.cause is NotAssessable.UNSCORED for verdict in verdicts):
        return Unknown.SCORING_BEHIND
    never_heard = connection.status is None and not view.values
    return Unknown.INGEST_SILENT if never_heard else None


def _not_assessable_cause(
    verdicts: Sequence[Verdict], connection: ConnectionHistory, view: SceneState, moment: EvaluationContext
) -> CameraNotAssessable | None:
    """Return why the picture cannot be judged as a whole, None where it is judged."""
    if connection.is_resting:
        return CameraNotAssessable.RESTING
    if connection.status is not None and connection.status.state is not ConnectionState.LIVE:
        return CameraNotAssessable.CONNECTING
    light = view.light
    if light.is_settling(moment.now):
        return CameraNotAssessable.SETTLING
    if light.unlit and not moment.camera.lit_at_night:
        return CameraNotAssessable.UNLIT
    if light_mode.is_light_changing(light, view.values):
        return CameraNotAssessable.LIGHT_CHANGING
    return _unchecked_cause(verdicts, moment)


def _unchecked_cause(verdicts: Sequence[Verdict], moment: EvaluationContext) -> CameraNotAssessable | None:
    checks = [
        verdict
        for verdict in verdicts
        if RULES[verdict.fault].source is RuleSource.FRAME
        and not never_assessable_reason(RULES[verdict.fault], moment.camera)
    ]
    if any(verdict.state is VerdictState.OK for verdict in checks):
        return None
    waiting = any(verdict.reason in _WAITING for verdict in checks)
    return CameraNotAssessable.TOO_FEW_PICTURES if waiting else CameraNotAssessable.NO_CHECK
