"""Records the contract tests are about."""

from datetime import timedelta

import numpy as np

from domain.alerts import Alert, AlertState, AlertTransition, Incident, IncidentState, NotificationKind, OutboxEntry
from domain.baselines import BaselineState, CameraBaseline, LightMode, Statistic
from domain.cameras import ConnectionState, StreamCounters, StreamStatus
from domain.faults import Evidence, Fault
from domain.frames import Frame, FrameFormat, FrameRef
from domain.metrics import FrameScores
from tests.fakes.ports import START

EVIDENCE = Evidence("sharpness", "1", 0.25, 0.5, None, LightMode.NIGHT, START, 12)


def frame(stream_id: str = "gate", sequence: int = 0, *, session_id: str = "s1") -> Frame:
    ref = FrameRef(stream_id, session_id, sequence, sequence / 3, START + timedelta(seconds=sequence))
    luma = np.random.default_rng(sequence).integers(0, 256, (6, 8), dtype=np.uint8)
    chroma = np.full((3, 4), sequence % 256, dtype=np.uint8)
    return Frame(ref, FrameFormat(8, 6, "yuv420p"), (luma, chroma, chroma + 1), key_frame=True, qp=23.5)


def status(
    stream_id: str = "gate",
    sequence: int = 0,
    *,
    session_id: str = "s1",
    dropped: int = 0,
    state: ConnectionState = ConnectionState.LIVE,
) -> StreamStatus:
    counters = StreamCounters(frames_offered=sequence + 1, frames_dropped=dropped, fps=25.0)
    at = START + timedelta(seconds=sequence, milliseconds=500)
    return StreamStatus(stream_id, session_id, sequence, at, state, "as expected", at, counters)


def scores(stream_id: str = "gate", sequence: int = 0, *, at_s: float | None = None, **values: float) -> FrameScores:
    """Return the scores of a frame received `at_s` seconds after the start, by default one a second."""
    received_at = START + timedelta(seconds=sequence if at_s is None else at_s)
    ref = FrameRef(stream_id, "s1", sequence, sequence / 3, received_at)
    return FrameScores(
        ref, values or {"sharpness": 0.5, "noise_sigma": 2.25}, {"shift": "no picture before"}, {"luma": "1"}
    )


def incident(incident_id: str = "gate/blur/1", *, opened_s: float = 0, **changes: object) -> Incident:
    opened_at = START + timedelta(seconds=opened_s)
    members: dict[str, object] = {
        "incident_id": incident_id,
        "stream_id": "gate",
        "headline": Fault.BLUR,
        "state": IncidentState.OPEN,
        "opened_at": opened_at,
        "updated_at": opened_at,
        "site": "Harbour",
        "group": "switch 4",
        "symptoms": (Fault.LOW_CONTRAST, Fault.BLOCKINESS),
        "summary": "gate: out of focus",
        "evidence": EVIDENCE,
    }
    return Incident(**{**members, **changes})  # type: ignore[arg-type]


def entry(key: str = "gate/blur/1/firing", *, created_s: float = 0) -> OutboxEntry:
    return OutboxEntry(key, NotificationKind.FIRING, incident(), START + timedelta(seconds=created_s))


def alert(*, state: AlertState = AlertState.FIRING, updated_s: float = 0) -> Alert:
    at = START + timedelta(seconds=updated_s)
    return Alert("gate", Fault.BLUR, state, START, at, "gate/blur/1", 2, EVIDENCE)


def transition(sequence: int = 0, to_state: AlertState = AlertState.FIRING) -> AlertTransition:
    at = START + timedelta(seconds=sequence)
    return AlertTransition(
        "gate", Fault.BLUR, "s1", sequence, AlertState.PENDING, to_state, at, "gate/blur/1", EVIDENCE
    )


def baseline(*, updated_s: float = 0, frames: int = 900) -> CameraBaseline:
    structure = np.random.default_rng(1).random((3, 4, 10), dtype=np.float32)
    structure[0, 0] = np.nan
    return CameraBaseline(
        stream_id="gate",
        mode=LightMode.NIGHT,
        state=BaselineState.LEARNED,
        started_at=START,
        updated_at=START + timedelta(seconds=updated_s),
        frames=frames,
        statistics={"sharpness": Statistic(0.5, 0.4, 0.6, frames), "edge_width": Statistic(3.0, 1.0, float("inf"), 9)},
        structure=structure,
    )
