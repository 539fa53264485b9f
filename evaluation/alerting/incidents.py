"""One incident a camera: announced once under the name of its cause, brought up to date when a stronger cause shows,
and ended when all its alerts have ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from domain.alerts import Alert, AlertState, Incident, IncidentState, NotificationKind, OutboxEntry
from domain.faults import FAULT_LABELS, Fault, Verdict
from evaluation.alerting.root_cause import explains, rank, root_causes
from evaluation.policy import EvaluationContext
from evaluation.rules.fault_rules import RULES

_JUDGED_BY_RATE = frozenset({Fault.BITRATE_STARVED})
"""Causes whose number is a mean over `Policy.rate_window_s`: their symptoms show first."""


@dataclass(frozen=True, slots=True)
class CameraIncident:
    """The incident of one camera, None while nothing is wrong; `announced` once its first message is in the outbox.

    A `resumed` one may have been announced before a restart: it is announced again under the same key, and its end in
    any case.
    """

    incident: Incident | None = None
    announced: bool = False
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class IncidentUpdate:
    """What one observation did to a case: incidents to store and messages to send, both often empty."""

    case: CameraIncident
    incidents: tuple[Incident, ...] = ()
    outbox: tuple[OutboxEntry, ...] = ()


def stable_id(*parts: str) -> str:
    """Return a name that the same facts give again after a crash: 16 hexadecimal digits of SHA-256."""
    return sha256("\n".join(parts).encode()).hexdigest()[:16]


def make_outbox_entry(incident: Incident, kind: NotificationKind, now: datetime, *, detail: str = "") -> OutboxEntry:
    """Return the message of this kind about this incident; its key is the same whenever it is made again."""
    key = ":".join(part for part in (incident.incident_id, kind.value, detail) if part)
    return OutboxEntry(key, kind, incident, now)


def update_incident(
    case: CameraIncident, alerts: Sequence[Alert], verdicts: Sequence[Verdict], moment: EvaluationContext
) -> IncidentUpdate:
    """Return the case after the alerts moved on. `alerts` are those that are not inactive."""
    firing = [alert for alert in alerts if alert.state is AlertState.FIRING]
    if case.incident is None:
        if not firing:
            return IncidentUpdate(case)
        return _announce_incident(_open_incident(firing, moment), alerts, verdicts, moment)
    if not firing:
        return _close_incident(case, moment.now)
    if not case.announced:
        return _announce_incident(case, alerts, verdicts, moment)
    return _update_open_incident(case, firing, verdicts, moment)


def _open_incident(firing: Sequence[Alert], moment: EvaluationContext) -> CameraIncident:
    first = min(firing, key=lambda alert: (alert.since, rank(alert.fault)))
    began = first.evidence.since or first.since
    identity = stable_id(moment.camera.name, first.fault.value, began.isoformat())
    headline = root_causes([alert.fault for alert in firing])[0]
    return CameraIncident(
        Incident(
            incident_id=identity,
            stream_id=moment.camera.name,
            headline=headline,
            state=IncidentState.OPEN,
            opened_at=moment.now,
            updated_at=moment.now,
            site=moment.camera.site,
            group=moment.camera.group,
        )
    )


def _announce_incident(
    case: CameraIncident, alerts: Sequence[Alert], verdicts: Sequence[Verdict], moment: EvaluationContext
) -> IncidentUpdate:
    """Tell the incident, or wait a little: for company, and longer for a pending fault that would explain it."""
    assert case.incident is not None
    before = case.incident
    firing = [alert for alert in alerts if alert.state is AlertState.FIRING]
    incident = _describe_incident(before, firing, verdicts, moment)
    waited_s = (moment.now - incident.opened_at).total_seconds()
    pending = [alert.fault for alert in alerts if alert.state is AlertState.PENDING]
    explained = any(explains(cause, incident.headline) for cause in pending)
    wait_s = moment.policy.explanation_wait_s if explained else moment.policy.incident_settle_s
    if any(explains(cause, incident.headline) for cause in _JUDGED_BY_RATE):
        wait_s = max(wait_s, moment.policy.rate_window_s)
    if waited_s < wait_s:
        changed = waited_s == 0 or incident.headline is not before.headline
        return IncidentUpdate(replace(case, incident=incident), (incident,) if changed else ())
    return IncidentUpdate(
        CameraIncident(incident, announced=True),
        (incident,),
        (make_outbox_entry(incident, NotificationKind.FIRING, moment.now),),
    )


def _update_open_incident(
    case: CameraIncident, firing: Sequence[Alert], verdicts: Sequence[Verdict], moment: EvaluationContext
) -> IncidentUpdate:
    """Name the stronger cause, or one more cause of its own, in an update; symptoms come and go silently."""
    assert case.incident is not None
    before = case.incident
    after = _describe_incident(before, firing, verdicts, moment)
    faults = {before.headline, *before.symptoms}
    new_cause = any(root not in faults for root in root_causes([*(alert.fault for alert in firing), before.headline]))
    if after.headline is before.headline and not new_cause:
        if set(after.symptoms) <= set(before.symptoms):
            return IncidentUpdate(case)
        return IncidentUpdate(replace(case, incident=after), (after,))
    named = stable_id(after.headline, *sorted(after.symptoms))
    return IncidentUpdate(
        replace(case, incident=after),
        (after,),
        (make_outbox_entry(after, NotificationKind.UPDATE, moment.now, detail=named),),
    )


def _close_incident(case: CameraIncident, now: datetime) -> IncidentUpdate:
    """End the incident; an event that nobody can repair ends without a message."""
    assert case.incident is not None
    faults = (case.incident.headline, *case.incident.symptoms)
    summary = f"{case.incident.stream_id}: {FAULT_LABELS[case.incident.headline]} is over"
    ended = replace(case.incident, state=IncidentState.RESOLVED, updated_at=now, resolved_at=now, summary=summary)
    silent = not (case.announced or case.resumed) or all(RULES[fault].alert.event for fault in faults)
    messages = () if silent else (make_outbox_entry(ended, NotificationKind.RESOLVED, now),)
    return IncidentUpdate(CameraIncident(), (ended,), messages)


def _describe_incident(
    incident: Incident, firing: Sequence[Alert], verdicts: Sequence[Verdict], moment: EvaluationContext
) -> Incident:
    """Return the incident under its strongest cause so far, with everything else it showed as symptoms."""
    causes = list(root_causes([alert.fault for alert in firing]))
    headline = min(causes, key=rank)
    if rank(incident.headline) < rank(headline):
        headline = incident.headline
    symptoms = {incident.headline, *incident.symptoms, *(alert.fault for alert in firing)} - {headline}
    evidence = next((alert.evidence for alert in firing if alert.fault is headline), incident.evidence)
    reason = next((verdict.reason for verdict in verdicts if verdict.fault is headline and verdict.reason), "")
    noted = headline is Fault.TOO_DARK and not evidence.metric
    return replace(
        incident,
        headline=headline,
        symptoms=tuple(sorted(symptoms, key=rank)),
        severity="info" if noted else RULES[headline].alert.severity,
        summary=_summary(moment.camera.name, headline, reason),
        evidence=evidence,
        updated_at=moment.now,
    )


def _summary(name: str, headline: Fault, reason: str) -> str:
    return f"{name}: {FAULT_LABELS[headline]}" + (f" ({reason})" if reason else "")
