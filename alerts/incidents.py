"""One incident a camera: told once under the name of its cause, brought up to date when a stronger cause shows, and
ended when all its alerts have ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from alerts.implications import explains, rank, roots
from alerts.policy import Moment
from alerts.rules import RULES
from domain.alerts import Alert, AlertState, Incident, IncidentState, NotificationKind, OutboxEntry
from domain.quality import FAULT_LABELS, Fault, Verdict


@dataclass(frozen=True, slots=True)
class Case:
    """The incident of one camera, None while nothing is wrong; `told` once its first message is in the outbox.

    A `resumed` one may have been told before a restart: it is told again under the same key, and its end in any case.
    """

    incident: Incident | None = None
    told: bool = False
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What one observation did to a case: incidents to store and messages to send, both often empty."""

    case: Case
    incidents: tuple[Incident, ...] = ()
    outbox: tuple[OutboxEntry, ...] = ()


def fingerprint(*parts: str) -> str:
    """Return a name that the same facts give again after a crash: 16 hexadecimal digits of SHA-256."""
    return sha256("\n".join(parts).encode()).hexdigest()[:16]


def entry(incident: Incident, kind: NotificationKind, now: datetime, *, detail: str = "") -> OutboxEntry:
    """Return the message of this kind about this incident; its key is the same whenever it is made again."""
    key = ":".join(part for part in (incident.incident_id, kind.value, detail) if part)
    return OutboxEntry(key, kind, incident, now)


def stepped(case: Case, alerts: Sequence[Alert], verdicts: Sequence[Verdict], moment: Moment) -> Step:
    """Return the case after the alerts moved on. `alerts` are those that are not inactive."""
    firing = [alert for alert in alerts if alert.state is AlertState.FIRING]
    if case.incident is None:
        if not firing:
            return Step(case)
        return _tell(_opened(firing, moment), alerts, verdicts, moment)
    if not firing:
        return _closed(case, moment.now)
    if not case.told:
        return _tell(case, alerts, verdicts, moment)
    return _updated(case, firing, verdicts, moment)


def _opened(firing: Sequence[Alert], moment: Moment) -> Case:
    first = min(firing, key=lambda alert: (alert.since, rank(alert.fault)))
    began = first.evidence.since or first.since
    identity = fingerprint(moment.camera.name, first.fault.value, began.isoformat())
    headline = roots([alert.fault for alert in firing])[0]
    return Case(
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


def _tell(case: Case, alerts: Sequence[Alert], verdicts: Sequence[Verdict], moment: Moment) -> Step:
    """Tell the incident, or wait a little: for company, and longer for a pending fault that would explain it."""
    assert case.incident is not None
    before = case.incident
    firing = [alert for alert in alerts if alert.state is AlertState.FIRING]
    incident = _described(before, firing, verdicts, moment)
    waited_s = (moment.now - incident.opened_at).total_seconds()
    pending = [alert.fault for alert in alerts if alert.state is AlertState.PENDING]
    explained = any(explains(cause, incident.headline) for cause in pending)
    wait_s = moment.policy.explanation_wait_s if explained else moment.policy.incident_settle_s
    if waited_s < wait_s:
        changed = waited_s == 0 or incident.headline is not before.headline
        return Step(replace(case, incident=incident), (incident,) if changed else ())
    return Step(Case(incident, told=True), (incident,), (entry(incident, NotificationKind.FIRING, moment.now),))


def _updated(case: Case, firing: Sequence[Alert], verdicts: Sequence[Verdict], moment: Moment) -> Step:
    """Name the stronger cause, or one more cause of its own, in an update; symptoms come and go silently."""
    assert case.incident is not None
    before = case.incident
    after = _described(before, firing, verdicts, moment)
    known = {before.headline, *before.symptoms}
    new_cause = any(root not in known for root in roots([*(alert.fault for alert in firing), before.headline]))
    if after.headline is before.headline and not new_cause:
        if set(after.symptoms) <= set(before.symptoms):
            return Step(case)
        return Step(replace(case, incident=after), (after,))
    named = fingerprint(after.headline, *sorted(after.symptoms))
    return Step(
        replace(case, incident=after), (after,), (entry(after, NotificationKind.UPDATE, moment.now, detail=named),)
    )


def _closed(case: Case, now: datetime) -> Step:
    """End the incident; an event that nobody can mend ends without a word."""
    assert case.incident is not None
    faults = (case.incident.headline, *case.incident.symptoms)
    summary = f"{case.incident.stream_id}: {FAULT_LABELS[case.incident.headline]} is over"
    ended = replace(case.incident, state=IncidentState.RESOLVED, updated_at=now, resolved_at=now, summary=summary)
    silent = not (case.told or case.resumed) or all(RULES[fault].alert.event for fault in faults)
    messages = () if silent else (entry(ended, NotificationKind.RESOLVED, now),)
    return Step(Case(), (ended,), messages)


def _described(incident: Incident, firing: Sequence[Alert], verdicts: Sequence[Verdict], moment: Moment) -> Incident:
    """Return the incident under its strongest cause so far, with everything else it showed as symptoms."""
    causes = list(roots([alert.fault for alert in firing]))
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
