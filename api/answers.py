"""The shapes of the answers (OpenAPI is made from them) and how the domain's records become them.

Times are ISO 8601 in UTC. null means not known or unbounded. Addresses stand here only with their credentials hidden.
"""

import math
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel

from api.checks import Checks
from api.standing import STATE_WORDS, CameraState, Standing
from domain.alerts import AlertState, Incident, IncidentState
from domain.quality import FAULT_LABELS, Evidence, Fault, LightMode, Verdict, VerdictState
from domain.records import Resolution
from domain.streams import Camera, ConnectionState, SamplingMode, StreamCounters
from domain.units import StreamSnapshot
from domain.urls import redacted


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


Time = Annotated[datetime, AfterValidator(_utc)]
Number = Annotated[float | None, AfterValidator(lambda value: value if value is None else _finite(value))]


class Problem(BaseModel):
    """Every refusal and failure: one sentence that says what is wrong."""

    error: str


class EvidenceAnswer(BaseModel):
    """The number behind a verdict; `normal_low` and `normal_high` bound what would be normal."""

    metric: str
    unit: str
    value: Number
    normal_low: Number
    normal_high: Number
    mode: LightMode | None
    since: Time | None
    frames_judged: int


class FaultAnswer(BaseModel):
    """A fault by key, and as a guard would call it."""

    fault: Fault
    label: str


class VerdictAnswer(FaultAnswer):
    """One of three answers about one fault; `reason` is set unless the state is ok."""

    state: VerdictState
    reason: str
    evidence: EvidenceAnswer


class WaitingAnswer(BaseModel):
    reason: str
    count: int


class ChecksAnswer(BaseModel):
    """How many checks gave an answer: `done` of `of`; `off` more are switched off or do not apply."""

    done: int
    of: int
    off: int
    text: str
    waiting: list[WaitingAnswer]


class CameraAnswer(BaseModel):
    """One camera as it stands now. `age_s` is the age of its last frame; null where that is not known."""

    name: str
    site: str
    group: str
    state: CameraState
    state_word: str
    severity: str
    headline: FaultAnswer | None
    reason: str
    since: Time | None
    evidence: EvidenceAnswer | None
    symptoms: list[FaultAnswer]
    checks: ChecksAnswer
    connection: ConnectionState | None
    last_frame_at: Time | None
    age_s: float | None
    fps: Number
    bitrate_bps: Number
    mode: LightMode | None
    judged_at: Time | None
    incident_id: str
    acknowledged_by: str


class PlanAnswer(BaseModel):
    mode: SamplingMode
    interval_s: float
    judge_s: float
    every_s: float


class CountersAnswer(BaseModel):
    """Totals since the process started to read this camera, and what its stream is like."""

    packets: int
    frames_decoded: int
    frames_offered: int
    frames_dropped: int
    corrupt_frames: int
    decode_errors: int
    reconnects: int
    qp: Number
    gop_s: Number
    width: int
    height: int
    codec: str


class ReferenceAnswer(BaseModel):
    """What is normal for this camera in one light mode: (low, high) per metric are the 5th and 95th percentile."""

    mode: LightMode
    state: str
    frames: int
    updated_at: Time
    reason: str
    accepted_by: str
    normal: dict[str, tuple[Number, Number]]


class SessionAnswer(BaseModel):
    session_id: str
    started_at: Time
    last_seen_at: Time
    state: ConnectionState
    reason: str
    frames_offered: int
    frames_dropped: int


class CameraDetailAnswer(CameraAnswer):
    """A camera with its settings, counters, references and latest connections."""

    address: str
    enabled: bool
    plan: PlanAnswer
    ptz: bool
    lit_at_night: bool
    analogue: bool
    masks: int
    accepted_at: Time | None
    accepted_by: str
    counters: CountersAnswer | None
    references: list[ReferenceAnswer]
    sessions: list[SessionAnswer]


class CamerasAnswer(BaseModel):
    """Cameras, worst first. `counts` counts every camera by state; `store` is "" or why the store is away.

    `live` is "" or why the live state is away, and that this was read from the database.
    """

    now: Time
    counts: dict[CameraState, int]
    cameras: list[CameraAnswer]
    store: str
    live: str


class LatestAnswer(BaseModel):
    """Everything judged last about one camera; `known` is false where that is not known, and then nothing is listed.

    `measured_at` gives the time of those scores that were measured before the last picture.
    """

    name: str
    known: bool
    judged_at: Time | None
    mode: LightMode | None
    settling: bool
    verdicts: list[VerdictAnswer]
    scores: dict[str, Number]
    measured_at: dict[str, Time]


class PointAnswer(BaseModel):
    """Mean, least and greatest of `count` frames from `at` on."""

    at: Time
    mean: Number
    low: Number
    high: Number
    count: int


class ScoresAnswer(BaseModel):
    """`series` maps metric to its points, oldest first; `thinned` says that neighbours were joined."""

    name: str
    since: Time
    until: Time
    resolution: Resolution
    thinned: bool
    series: dict[str, list[PointAnswer]]


class AlertAnswer(FaultAnswer):
    camera: str
    state: AlertState
    since: Time
    updated_at: Time
    incident_id: str
    flaps: int
    evidence: EvidenceAnswer


class ChangeAnswer(VerdictAnswer):
    at: Time


class TransitionAnswer(FaultAnswer):
    from_state: AlertState
    to_state: AlertState
    at: Time
    incident_id: str
    evidence: EvidenceAnswer


class IncidentAnswer(BaseModel):
    """What people are told; `members` names the cameras of a group incident, `recovered` those that are back."""

    incident_id: str
    camera: str
    site: str
    group: str
    state: IncidentState
    severity: str
    headline: FaultAnswer
    symptoms: list[FaultAnswer]
    summary: str
    members: list[str]
    recovered: list[str]
    evidence: EvidenceAnswer
    opened_at: Time
    updated_at: Time
    resolved_at: Time | None
    acknowledged_by: str
    acknowledged_at: Time | None
    acknowledge_reason: str


class IncidentsAnswer(BaseModel):
    """Newest first; pass `next_before` as `before` for the next page, null on the last one."""

    incidents: list[IncidentAnswer]
    next_before: Time | None


class MetricAnswer(BaseModel):
    """What a number means; a null bound is unbounded."""

    key: str
    label: str
    unit: str
    low: Number
    high: Number
    direction: str
    source: str


class FaultRuleAnswer(FaultAnswer):
    """When a fault is told by default; `event` faults are told once and do not resolve."""

    severity: str
    hold_for_s: float
    keep_firing_for_s: float
    event: bool
    needs_reference: bool


def evidence_answer(evidence: Evidence) -> EvidenceAnswer:
    return EvidenceAnswer(
        metric=evidence.metric,
        unit=evidence.unit,
        value=evidence.value,
        normal_low=evidence.normal_low,
        normal_high=evidence.normal_high,
        mode=evidence.mode,
        since=evidence.since,
        frames_judged=evidence.frames_judged,
    )


def fault_answer(fault: Fault) -> FaultAnswer:
    return FaultAnswer(fault=fault, label=FAULT_LABELS[fault])


def verdict_answer(verdict: Verdict) -> VerdictAnswer:
    return VerdictAnswer(
        fault=verdict.fault,
        label=FAULT_LABELS[verdict.fault],
        state=verdict.state,
        reason=redacted(verdict.reason),
        evidence=evidence_answer(verdict.evidence),
    )


def checks_answer(checks: Checks) -> ChecksAnswer:
    waiting = [WaitingAnswer(reason=reason, count=count) for reason, count in checks.waiting]
    return ChecksAnswer(done=checks.done, of=checks.of, off=checks.off, text=checks.text, waiting=waiting)


def camera_answer(camera: Camera, standing: Standing, snapshot: StreamSnapshot | None, now: datetime) -> CameraAnswer:
    """Put together one camera's answer; a snapshot that says nothing about now must be given as None."""
    status = snapshot.status if snapshot is not None else None
    counters = status.counters if status is not None else StreamCounters()
    last_frame_at = status.last_frame_at if status is not None else None
    incident = snapshot.incident if snapshot is not None else None
    is_open = incident is not None and incident.state is IncidentState.OPEN
    return CameraAnswer(
        name=camera.name,
        site=camera.site,
        group=camera.group,
        state=standing.state,
        state_word=STATE_WORDS[standing.state],
        severity=standing.severity,
        headline=None if standing.headline is None else fault_answer(standing.headline),
        reason=redacted(standing.reason),
        since=standing.since,
        evidence=None if standing.headline is None else evidence_answer(standing.evidence),
        symptoms=[fault_answer(fault) for fault in standing.symptoms],
        checks=checks_answer(standing.checks),
        connection=status.state if status is not None else None,
        last_frame_at=last_frame_at,
        age_s=None if last_frame_at is None else max(0.0, (now - last_frame_at).total_seconds()),
        fps=counters.fps,
        bitrate_bps=counters.bitrate_bps,
        mode=snapshot.mode if snapshot is not None else None,
        judged_at=snapshot.at if snapshot is not None else None,
        incident_id=incident.incident_id if incident is not None and is_open else "",
        acknowledged_by=incident.acknowledged_by if incident is not None and is_open else "",
    )


def incident_answer(incident: Incident) -> IncidentAnswer:
    return IncidentAnswer(
        incident_id=incident.incident_id,
        camera=incident.stream_id,
        site=incident.site,
        group=incident.group,
        state=incident.state,
        severity=incident.severity,
        headline=fault_answer(incident.headline),
        symptoms=[fault_answer(fault) for fault in incident.symptoms],
        summary=redacted(incident.summary),
        members=list(incident.members),
        recovered=list(incident.recovered),
        evidence=evidence_answer(incident.evidence),
        opened_at=incident.opened_at,
        updated_at=incident.updated_at,
        resolved_at=incident.resolved_at,
        acknowledged_by=incident.acknowledged_by,
        acknowledged_at=incident.acknowledged_at,
        acknowledge_reason=incident.acknowledge_reason,
    )


def counters_answer(counters: StreamCounters) -> CountersAnswer:
    return CountersAnswer(
        packets=counters.packets,
        frames_decoded=counters.frames_decoded,
        frames_offered=counters.frames_offered,
        frames_dropped=counters.frames_dropped,
        corrupt_frames=counters.corrupt_frames,
        decode_errors=counters.decode_errors,
        reconnects=counters.reconnects,
        qp=counters.qp,
        gop_s=counters.gop_s,
        width=counters.width,
        height=counters.height,
        codec=counters.codec,
    )
