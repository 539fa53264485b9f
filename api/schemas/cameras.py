"""What the API answers about cameras."""

from datetime import datetime
from functools import lru_cache

from pydantic import BaseModel

from api.camera_status import STATE_WORDS, CameraState, CameraStatus
from api.check_counts import CheckCounts
from api.schemas.values import (
    EvidenceAnswer,
    FaultAnswer,
    Number,
    RecordAnswer,
    SafeText,
    Time,
    VerdictAnswer,
    fault_answer,
)
from domain.alerts import IncidentState
from domain.baselines import LightMode
from domain.cameras import Camera, ConnectionState, SamplingMode, StreamCounters
from domain.messages import StreamSnapshot
from domain.text.camera_urls import redact_text


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
    """The present state of one camera. `age_s` is the age of its last frame; null where that is not known."""

    name: str
    site: str
    group: str
    tags: list[str]
    state: CameraState
    state_word: str
    """The word of the page for `state`."""
    severity: str
    """Of the headline; "" without a fault."""
    headline: FaultAnswer | None
    """The fault that explains the others."""
    reason: str
    """Why the state is what it is."""
    since: Time | None
    """When the incident was opened, or when the fault was first seen."""
    evidence: EvidenceAnswer | None
    """The number behind the reason."""
    symptoms: list[FaultAnswer]
    """Faults that the headline explains."""
    checks: ChecksAnswer
    """How many checks were made, and why not the others."""
    connection: ConnectionState | None
    """Null where nothing is known of its stream."""
    last_frame_at: Time | None
    age_s: float | None
    fps: Number
    """Frames a second that the camera sends."""
    bitrate_bps: Number
    """Bits a second that the camera sends."""
    mode: LightMode | None
    """The light of the picture."""
    judged_at: Time | None
    """When its newest frame was evaluated."""
    incident_id: str
    """Of its open incident, "" where there is none."""
    acknowledged_by: str
    """Who took the open incident on, "" for nobody."""


class PlanAnswer(RecordAnswer):
    mode: SamplingMode
    interval_s: float
    judge_s: float
    every_s: float


class CountersAnswer(RecordAnswer):
    """Totals since the process started to read this camera, and what its stream is like."""

    packets: int
    """Packets of the video stream."""
    frames_decoded: int
    frames_offered: int
    """Frames chosen by the sampling plan."""
    frames_dropped: int
    """Of these, the ones that were dropped before they were scored."""
    corrupt_frames: int
    """Frames in which the decoder found damage."""
    decode_errors: int
    reconnects: int
    qp: Number
    """Mean luma quantiser, in the codec's own units; null where it is not known."""
    gop_s: Number
    """Seconds between key frames."""
    width: int
    """Pixels; 0 before the first picture."""
    height: int
    codec: str


class ReferenceAnswer(BaseModel):
    """What is normal for this camera in one light mode: (low, high) per metric are the 5th and 95th percentile."""

    mode: LightMode
    state: str
    """How far learning has come."""
    frames: int
    """Frames it was learned from."""
    updated_at: Time
    reason: str
    """Why it was refused, "" where it was not."""
    accepted_by: str
    """Who declared it normal, "" where it was learned."""
    normal: dict[str, tuple[Number, Number]]


class SessionAnswer(RecordAnswer):
    session_id: str
    started_at: Time
    last_seen_at: Time
    state: ConnectionState
    reason: SafeText
    frames_offered: int
    frames_dropped: int


class CameraDetailAnswer(CameraAnswer):
    """A camera with its settings, counters, baselines and latest connections.

    `learning_until` is when the baseline of the present light is learned at the earliest; null where none is being
    learned.
    """

    address: str
    """Without its login."""
    enabled: bool
    plan: PlanAnswer
    ptz: bool
    lit_at_night: bool
    analogue: bool
    masks: int
    """How many parts of the picture are masked."""
    learning_until: Time | None
    accepted_at: Time | None
    """When somebody accepted the present view as normal."""
    accepted_by: str
    counters: CountersAnswer | None
    """Null where nothing is known of its stream."""
    references: list[ReferenceAnswer]
    """What is normal, by light."""
    sessions: list[SessionAnswer]
    """The latest connections, newest first."""


class CamerasAnswer(BaseModel):
    """Cameras, worst first. `counts` counts every camera by state; `store` is "" or why the store is unavailable.

    `live` is "" or why the live state is unavailable, and that this was read from the database.
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
    """When its newest frame was evaluated."""
    mode: LightMode | None
    settling: bool
    """The light has just changed, and the picture is given time."""
    verdicts: list[VerdictAnswer]
    scores: dict[str, Number]
    """By key of the metric."""
    measured_at: dict[str, Time]


@lru_cache(maxsize=4096)
def checks_answer(checks: CheckCounts) -> ChecksAnswer:
    waiting = [WaitingAnswer(reason=reason, count=count) for reason, count in checks.waiting]
    return ChecksAnswer(done=checks.done, of=checks.of, off=checks.off, text=checks.text, waiting=waiting)


def camera_answer(camera: Camera, status: CameraStatus, snapshot: StreamSnapshot | None, now: datetime) -> CameraAnswer:
    """Put together one camera's answer; a snapshot that says nothing about now must be given as None."""
    stream = snapshot.status if snapshot is not None else None
    counters = stream.counters if stream is not None else StreamCounters()
    last_frame_at = stream.last_frame_at if stream is not None else None
    incident = snapshot.incident if snapshot is not None else None
    is_open = incident is not None and incident.state is IncidentState.OPEN
    return CameraAnswer(
        name=camera.name,
        site=camera.site,
        group=camera.group,
        tags=list(camera.tags),
        state=status.state,
        state_word=STATE_WORDS[status.state],
        severity=status.severity,
        headline=None if status.headline is None else fault_answer(status.headline),
        reason=redact_text(status.reason),
        since=status.since,
        evidence=None if status.headline is None else EvidenceAnswer.model_validate(status.evidence),
        symptoms=[fault_answer(fault) for fault in status.symptoms],
        checks=checks_answer(status.checks),
        connection=stream.state if stream is not None else None,
        last_frame_at=last_frame_at,
        age_s=None if last_frame_at is None else max(0.0, (now - last_frame_at).total_seconds()),
        fps=counters.fps,
        bitrate_bps=counters.bitrate_bps,
        mode=snapshot.mode if snapshot is not None else None,
        judged_at=snapshot.at if snapshot is not None else None,
        incident_id=incident.incident_id if incident is not None and is_open else "",
        acknowledged_by=incident.acknowledged_by if incident is not None and is_open else "",
    )
