"""Where a camera stands, in one word, from what is known now. Pure; what is not known is called unknown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.evaluator import UNSCORED
from alerts.implications import rank, roots
from api.checks import Checks, checks
from domain.alerts import AlertState, IncidentState
from domain.quality import Evidence, Fault, Verdict, VerdictState
from domain.streams import Camera, ConnectionState
from domain.units import StreamSnapshot

STALE_AFTER_S = 30.0
"""A judgement older than this says nothing about now, even where it has not expired yet: scoring lags."""


class CameraState(StrEnum):
    FAULT = "fault"
    UNKNOWN = "unknown"
    """Nothing is known of now."""
    SUSPECTED = "suspected"
    """A fault is seen, but has not lasted long enough to be told."""
    NOT_ASSESSABLE = "not_assessable"
    """The camera is heard, but no check could be made."""
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

_DELIVERS = (ConnectionState.LIVE, ConnectionState.RESTING)

_BADNESS = {
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
class Standing:
    """`severity` is set for faults only; `since` is when the incident was opened, or when the fault was first seen."""

    state: CameraState
    reason: str = ""
    headline: Fault | None = None
    severity: str = ""
    since: datetime | None = None
    evidence: Evidence = Evidence()
    symptoms: tuple[Fault, ...] = ()
    checks: Checks = Checks(0, 0, 0)

    @property
    def badness(self) -> tuple[int, int]:
        """Order cameras worst first: by state and severity, then by the headline's precedence."""
        place = _BADNESS.get((self.state, self.severity), 1)
        return place, -1 if self.headline is None else rank(self.headline)


def standing(camera: Camera, snapshot: StreamSnapshot | None, now: datetime) -> Standing:
    """Return where `camera` stands at `now`; `snapshot` is its live state, None where that is unknown."""
    if not camera.enabled:
        return Standing(CameraState.OFF, "switched off in the settings")
    nothing = checks(camera, ())
    if snapshot is None:
        return Standing(CameraState.UNKNOWN, "nothing was heard lately, neither picture nor connection", checks=nothing)
    age_s = (now - snapshot.at).total_seconds()
    if age_s > STALE_AFTER_S:
        return Standing(CameraState.UNKNOWN, f"last judged {age_s:.0f} s ago, scoring is behind", checks=nothing)
    done = checks(camera, snapshot.verdicts)
    return _told(snapshot, done) or _seen(snapshot, done) or _calm(snapshot, done)


def _told(snapshot: StreamSnapshot, done: Checks) -> Standing | None:
    """Return the standing of a camera whose fault was told: it has an open incident, or an alert fires."""
    incident = snapshot.incident
    if incident is not None and incident.state is IncidentState.OPEN:
        reason, evidence = _now(snapshot, incident.headline, incident.summary, incident.evidence)
        return Standing(
            CameraState.FAULT, reason, incident.headline, incident.severity, incident.opened_at, evidence,
            incident.symptoms, done,
        )  # fmt: skip
    firing = {alert.fault: alert for alert in snapshot.alerts if alert.state is AlertState.FIRING}
    if not firing:
        return None
    headline = roots(firing)[0]
    alert = firing[headline]
    reason, evidence = _now(snapshot, headline, "", alert.evidence)
    symptoms = tuple(sorted(set(firing) - {headline}, key=rank))
    return Standing(CameraState.FAULT, reason, headline, "warning", alert.since, evidence, symptoms, done)


def _now(snapshot: StreamSnapshot, fault: Fault, told: str, evidence: Evidence) -> tuple[str, Evidence]:
    """Return the reason and number of this moment; what was told stands in where the fault is not seen now."""
    verdict = _verdict(snapshot, fault)
    if verdict is not None and verdict.state is VerdictState.FAULT:
        return verdict.reason, verdict.evidence
    if verdict is not None and verdict.state is VerdictState.OK:
        return "good again; resolved once it stays so", verdict.evidence
    why = f"cannot be told now: {verdict.reason}" if verdict is not None else ""
    return "; ".join(part for part in (told, why) if part), evidence


def _seen(snapshot: StreamSnapshot, done: Checks) -> Standing | None:
    """Return the standing of a camera on which a fault is seen that was not told yet."""
    bad = {verdict.fault: verdict for verdict in snapshot.verdicts if verdict.state is VerdictState.FAULT}
    if not bad:
        return None
    headline = roots(bad)[0]
    verdict = bad[headline]
    symptoms = tuple(sorted(set(bad) - {headline}, key=rank))
    return Standing(
        CameraState.SUSPECTED, verdict.reason, headline, "", verdict.evidence.since, verdict.evidence, symptoms, done
    )


def _calm(snapshot: StreamSnapshot, done: Checks) -> Standing:
    """Return the standing of a camera without any fault; without pictures it is not called OK all the same."""
    said = snapshot.status.reason if snapshot.status is not None else ""
    if snapshot.status is None or snapshot.status.state not in _DELIVERS:
        return Standing(CameraState.NOT_ASSESSABLE, said or "no picture comes, and it is not yet told why", checks=done)
    if any(verdict.reason == UNSCORED for verdict in snapshot.verdicts):
        return Standing(CameraState.NOT_ASSESSABLE, UNSCORED, checks=done)
    if done.done == 0:
        most = done.waiting[0][0] if done.waiting else "every check is switched off"
        return Standing(CameraState.NOT_ASSESSABLE, said or most, checks=done)
    return Standing(CameraState.OK, "settling after a change of light" if snapshot.settling else said, checks=done)


def _verdict(snapshot: StreamSnapshot, fault: Fault) -> Verdict | None:
    return next((verdict for verdict in snapshot.verdicts if verdict.fault is fault), None)
