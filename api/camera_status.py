"""The status of a camera in one word, from what is known now. Pure; what is not known is called unknown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from api.check_counts import CheckCounts, count_checks
from domain.alerts import AlertState, IncidentState
from domain.cameras import Camera, ConnectionState
from domain.faults import Evidence, Fault, NotAssessable, Verdict, VerdictState
from domain.messages import StreamSnapshot
from evaluation.alerting.root_cause import rank, root_causes

STALE_AFTER_S = 30.0
"""A snapshot older than this says nothing about now, even where it has not expired yet: scoring lags."""


class CameraState(StrEnum):
    FAULT = "fault"
    UNKNOWN = "unknown"
    """Nothing is known of now."""
    SUSPECTED = "suspected"
    """A fault is seen, but has not lasted long enough for an alert."""
    NOT_ASSESSABLE = "not_assessable"
    """The camera sends statuses, but no check could be made."""
    OK = "ok"
    OFF = "off"
    """The operator switched this camera off."""


STATE_WORDS: Mapping[CameraState, str] = {
    CameraState.FAULT: "Fault",
    CameraState.UNKNOWN: "Unknown",
    CameraState.SUSPECTED: "Suspected",
    CameraState.NOT_ASSESSABLE: "Not assessable",
    CameraState.OK: "OK",
    CameraState.OFF: "Switched off",
}

_DELIVERING_STATES = (ConnectionState.LIVE, ConnectionState.RESTING)

_URGENCY = {
    (CameraState.FAULT, "critical"): 0,
    (CameraState.FAULT, "warning"): 1,
    (CameraState.UNKNOWN, ""): 2,
    (CameraState.SUSPECTED, ""): 3,
    (CameraState.NOT_ASSESSABLE, ""): 4,
    (CameraState.FAULT, "info"): 5,
    (CameraState.OK, ""): 6,
    (CameraState.OFF, ""): 7,
}


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """The state of one camera as people read it."""

    state: CameraState
    reason: str = ""
    """Why the state is what it is."""
    headline: Fault | None = None
    """The fault that explains the others; None without one."""
    severity: str = ""
    """Of the headline; "" without one."""
    since: datetime | None = None
    """When the incident was opened, or when the fault was first seen."""
    evidence: Evidence = Evidence()
    """The number behind the reason."""
    symptoms: tuple[Fault, ...] = ()
    """Faults that the headline explains."""
    checks: CheckCounts = CheckCounts(0, 0, 0)
    """How many checks were made, and why not the others."""

    @property
    def urgency(self) -> tuple[int, int]:
        """Order cameras worst first: by state and severity, then by the headline's precedence."""
        level = _URGENCY.get((self.state, self.severity), 1)
        return level, -1 if self.headline is None else rank(self.headline)


def is_stale(snapshot: StreamSnapshot, now: datetime) -> bool:
    """Return whether a snapshot is too old to say anything about `now`."""
    return (now - snapshot.at).total_seconds() > STALE_AFTER_S


def derive_camera_status(camera: Camera, snapshot: StreamSnapshot | None, now: datetime) -> CameraStatus:
    """Return the status of `camera` at `now`; `snapshot` is its live state, None where that is unknown."""
    if not camera.enabled:
        return CameraStatus(CameraState.OFF, "switched off in the settings")
    if snapshot is None:
        nothing = count_checks(camera, ())
        return CameraStatus(CameraState.UNKNOWN, "nothing arrived lately, neither picture nor status", checks=nothing)
    if is_stale(snapshot, now):
        age_s = (now - snapshot.at).total_seconds()
        nothing = count_checks(camera, ())
        return CameraStatus(CameraState.UNKNOWN, f"last judged {age_s:.0f} s ago, scoring is behind", checks=nothing)
    checks = count_checks(camera, snapshot.verdicts)
    return (
        _status_of_alert(snapshot, checks)
        or _status_of_suspicion(snapshot, checks)
        or _status_without_fault(snapshot, checks)
    )


def _status_of_alert(snapshot: StreamSnapshot, checks: CheckCounts) -> CameraStatus | None:
    """Return the status of a camera with an open incident or a firing alert, else None."""
    incident = snapshot.incident
    if incident is not None and incident.state is IncidentState.OPEN:
        reason, evidence = _current_evidence(snapshot, incident.headline, incident.summary, incident.evidence)
        return CameraStatus(
            CameraState.FAULT, reason, incident.headline, incident.severity, incident.opened_at, evidence,
            incident.symptoms, checks,
        )  # fmt: skip
    firing = {alert.fault: alert for alert in snapshot.alerts if alert.state is AlertState.FIRING}
    if not firing:
        return None
    headline = root_causes(firing)[0]
    alert = firing[headline]
    reason, evidence = _current_evidence(snapshot, headline, "", alert.evidence)
    symptoms = tuple(sorted(set(firing) - {headline}, key=rank))
    return CameraStatus(CameraState.FAULT, reason, headline, "warning", alert.since, evidence, symptoms, checks)


def _current_evidence(snapshot: StreamSnapshot, fault: Fault, summary: str, evidence: Evidence) -> tuple[str, Evidence]:
    """Return the present reason and evidence of a fault, those of its incident where the fault is not seen now."""
    verdict = _find_verdict(snapshot, fault)
    if verdict is not None and verdict.state is VerdictState.FAULT:
        return verdict.reason, verdict.evidence
    if verdict is not None and verdict.state is VerdictState.OK:
        return "good again; resolved once it stays so", verdict.evidence
    reason = f"not assessable now: {verdict.reason}" if verdict is not None else ""
    return "; ".join(part for part in (summary, reason) if part), evidence


def _status_of_suspicion(snapshot: StreamSnapshot, checks: CheckCounts) -> CameraStatus | None:
    """Return the status of a camera with a fault that has no alert yet, else None."""
    bad = {verdict.fault: verdict for verdict in snapshot.verdicts if verdict.state is VerdictState.FAULT}
    if not bad:
        return None
    headline = root_causes(bad)[0]
    verdict = bad[headline]
    symptoms = tuple(sorted(set(bad) - {headline}, key=rank))
    return CameraStatus(
        CameraState.SUSPECTED, verdict.reason, headline, "", verdict.evidence.since, verdict.evidence, symptoms, checks
    )


def _status_without_fault(snapshot: StreamSnapshot, checks: CheckCounts) -> CameraStatus:
    """Return the status of a camera without a fault; one without pictures is not called OK."""
    reason = snapshot.status.reason if snapshot.status is not None else ""
    if snapshot.status is None or snapshot.status.state not in _DELIVERING_STATES:
        return CameraStatus(
            CameraState.NOT_ASSESSABLE, reason or "no picture comes, and the reason is not known yet", checks=checks
        )
    unscored = next((verdict for verdict in snapshot.verdicts if verdict.cause is NotAssessable.UNSCORED), None)
    if unscored is not None:
        return CameraStatus(CameraState.NOT_ASSESSABLE, unscored.reason, checks=checks)
    if checks.done == 0:
        most = checks.waiting[0][0] if checks.waiting else "every check is switched off"
        return CameraStatus(CameraState.NOT_ASSESSABLE, reason or most, checks=checks)
    return CameraStatus(
        CameraState.OK, "settling after a change of light" if snapshot.settling else reason, checks=checks
    )


def _find_verdict(snapshot: StreamSnapshot, fault: Fault) -> Verdict | None:
    return next((verdict for verdict in snapshot.verdicts if verdict.fault is fault), None)
