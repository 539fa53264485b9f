"""What went through for each camera, kept by the supervisor: nothing is lost uncounted, not even with a process."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.cameras import ConnectionState, StreamCounters, StreamStatus
from domain.clocks import clamp_backward
from domain.frames import Frame
from ingest.supervise.backoff import LOGIN_ATTEMPTS
from ingest.supervise.ipc import ReaderHandover


@dataclass(slots=True)
class CameraCounters:
    """What happened to the frames of one camera after its reader offered them; the reader counts the rest."""

    received: int = 0
    """Frames that came out of the reading process."""
    refused: int = 0
    """Of those, frames the publisher did not take."""
    lost: int = 0
    """Frames a reading process had offered and took with it when it ended."""
    status: StreamStatus | None = None
    """The newest one of the reader."""
    refused_at: tuple[datetime, ...] = ()
    """When the last frames were refused."""
    _refused_session: str = ""
    _latest: datetime | None = None
    _sequence: int = -1
    _session: str = field(default="")

    def frame(self, frame: Frame) -> None:
        """Note a frame on its way."""
        self.received += 1
        self._latest, self._session, self._sequence = frame.ref.received_at, frame.ref.session_id, frame.ref.sequence

    def status_to_send(self, status: StreamStatus) -> StreamStatus:
        """Note a reader's status; return it with everything counted that was dropped after the reader."""
        self.status = status
        self._latest, self._session, self._sequence = status.received_at, status.session_id, status.sequence
        if status.state is ConnectionState.REFUSED and status.session_id != self._refused_session:
            self._refused_session = status.session_id
            self.refused_at = (*self.refused_at, status.received_at)[-LOGIN_ATTEMPTS:]
        elif status.state is ConnectionState.LIVE:
            self.refused_at = ()
        return replace(status, counters=self._count_dropped(status.counters))

    def _count_dropped(self, counters: StreamCounters) -> StreamCounters:
        return replace(counters, frames_dropped=counters.frames_dropped + self.refused + self.lost)

    def count_lost(self) -> None:
        """Count the frames that a process which ended had offered and never sent."""
        if self.status is not None:
            counters = self.status.counters
            self.lost = max(self.lost, counters.frames_offered - counters.frames_dropped - self.received)

    def make_lost_status(self, at: datetime, reason: str) -> StreamStatus | None:
        """Return the status of a camera whose reader ended with its process; it stays so until pictures come."""
        if self.status is None:
            return None
        self._latest = clamp_backward(at, self._latest)
        self.status = replace(
            self.status,
            session_id=self._session,
            sequence=self._sequence,
            received_at=self._latest,
            state=ConnectionState.LOST,
            reason=reason,
        )
        return replace(self.status, counters=self._count_dropped(self.status.counters))

    def handover(self) -> ReaderHandover:
        """Return what the camera's next reader takes over: a failure stays shown until pictures come again."""
        if self.status is None:
            return ReaderHandover(refused_at=self.refused_at, not_before=self._latest)
        failed = self.status.state not in (ConnectionState.LIVE, ConnectionState.RESTING)
        state, reason = (self.status.state, self.status.reason) if failed else (ConnectionState.CONNECTING, "")
        return ReaderHandover(self.status.counters, self.refused_at, self._latest, state, reason)
