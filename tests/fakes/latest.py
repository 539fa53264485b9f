"""What was judged last of a stream, from what a `FakeScoreStore` was given."""

from collections.abc import Sequence

from domain.alerts import Alert, AlertState, Incident, IncidentState
from domain.cameras import StreamCounters, StreamStatus
from domain.faults import Fault
from domain.messages import StreamSnapshot, VerdictChange
from domain.metrics import FrameScores
from domain.records import StreamSession


def build_latest(
    name: str,
    frames: Sequence[FrameScores],
    sessions: Sequence[StreamSession],
    *,
    changes: Sequence[VerdictChange],
    incidents: Sequence[Incident],
    alerts: Sequence[Alert],
) -> StreamSnapshot | None:
    """Return the snapshot; `frames` and `sessions` are the stream's own, the rest may be of others too."""
    session = max(sessions, key=lambda each: each.last_seen_at, default=None)
    last_frame_at = frames[-1].ref.received_at if frames else None
    times = [each.ref.received_at for each in frames[-1:]] + [each.last_seen_at for each in sessions]
    if not times:
        return None
    status = (
        None
        if session is None
        else StreamStatus(
            stream_id=name,
            session_id=session.session_id,
            sequence=session.frames_offered - 1,
            received_at=session.last_seen_at,
            state=session.state,
            reason=session.reason,
            last_frame_at=last_frame_at,
            counters=StreamCounters(frames_offered=session.frames_offered, frames_dropped=session.frames_dropped),
        )
    )
    verdicts = {each.verdict.fault: each.verdict for each in changes if each.stream_id == name}
    still_open = [each for each in incidents if each.stream_id == name and each.state is IncidentState.OPEN]
    active = (AlertState.PENDING, AlertState.FIRING)
    return StreamSnapshot(
        stream_id=name,
        at=max(times),
        status=status,
        verdicts=tuple(verdicts[fault] for fault in Fault if fault in verdicts),
        values=frames[-1].values if frames else {},
        alerts=tuple(each for each in alerts if each.stream_id == name and each.state in active),
        incident=max(still_open, key=lambda each: each.opened_at, default=None),
    )
