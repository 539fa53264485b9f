"""One warning for a connection that comes and goes, in place of a message for each loss.

A camera flaps from its sixth reconnection within an hour on. It is steady again after half an hour without one, and
lost when no picture comes for ten minutes: then the loss itself is announced.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.alerts import Incident, IncidentState, NotificationKind
from domain.cameras import Camera, ConnectionState, SamplingMode, StreamStatus
from domain.faults import Fault
from domain.text.addresses import parse_address
from evaluation.alerting.incidents import make_outbox_entry, stable_id
from notification.grouping import GroupUpdate

WINDOW = timedelta(hours=1)
RECONNECTS = 6
STEADY_AFTER = timedelta(minutes=30)
LOST_AFTER = timedelta(minutes=10)
_SAMPLE_EVERY = timedelta(seconds=5)
_DELIVERING = (ConnectionState.LIVE, ConnectionState.RESTING)


@dataclass
class _CameraHistory:
    """The last hour of one connection."""

    reconnects: int | None = None
    attempts: int = 0
    """Attempts to connect again since a picture came."""
    frames: int = 0
    delivering: bool = False
    times: deque[datetime] = field(default_factory=deque)
    samples: deque[tuple[datetime, bool]] = field(default_factory=deque)
    delivered_at: datetime | None = None

    def add(self, status: StreamStatus, now: datetime) -> None:
        count, frames = status.counters.reconnects, status.counters.frames_decoded
        delivering = status.state in _DELIVERING
        if self.reconnects is not None and count > self.reconnects:
            self.attempts = min(self.attempts + count - self.reconnects, 100)
        # An attempt after which no picture comes is none: a camera that stays away is lost, and does not come and go.
        if self.attempts and (delivering or frames > self.frames):
            self.times.extend([now] * (self.attempts if self.delivering else 1))
            self.attempts = 0
        self.reconnects, self.frames, self.delivering = count, frames, delivering
        if delivering or self.delivered_at is None:
            self.delivered_at = now
        self.samples.append((now, delivering))
        while self.times and self.times[0] <= now - WINDOW:
            self.times.popleft()
        while self.samples and self.samples[0][0] <= now - WINDOW:
            self.samples.popleft()

    def share_delivered(self) -> float:
        """Return the share of the looks of the last hour at which pictures came."""
        return sum(delivering for _, delivering in self.samples) / max(1, len(self.samples))


def _rests_by_plan(camera: Camera) -> bool:
    """Return whether its sessions end because they should: a patrol's visits, and a recording that begins again."""
    address = parse_address(camera.url)
    is_file = address is not None and address.scheme.lower() == "file"
    return is_file or camera.plan.mode is SamplingMode.PATROL


class FlapWatch:
    """Watches the connections of all cameras; `read_statuses` gives what is known of them now."""

    def __init__(self, read_statuses: Callable[[], Mapping[str, StreamStatus]]) -> None:
        self._read_statuses = read_statuses
        self._histories: dict[str, _CameraHistory] = {}
        self._open: dict[str, Incident] | None = None
        self._looked_at: datetime | None = None

    def since(self) -> Mapping[str, datetime]:
        """Return since when the warning of each camera is open."""
        return {name: incident.opened_at for name, incident in (self._open or {}).items()}

    def look(
        self, cameras: Collection[Camera], stored: Callable[[], Sequence[Incident]], now: datetime
    ) -> list[GroupUpdate]:
        """Return what to store and to tell. `stored` gives the open incidents, asked once after a start."""
        if self._open is None:
            self._open = {each.members[0]: each for each in stored() if each.flapping}
        if self._looked_at is not None and timedelta(0) <= now - self._looked_at < _SAMPLE_EVERY:
            return []
        self._looked_at = now
        statuses = self._read_statuses()
        present = {camera.name: camera for camera in cameras if camera.enabled and not _rests_by_plan(camera)}
        for name in self._histories.keys() - present.keys():
            del self._histories[name]
        steps = [self._end(name, "no longer watched", now, tell=False) for name in self._open.keys() - present.keys()]
        for name, status in statuses.items():
            if name in present:
                steps += self._look_at(present[name], status, now)
        return steps

    def _look_at(self, camera: Camera, status: StreamStatus, now: datetime) -> list[GroupUpdate]:
        history = self._histories.setdefault(camera.name, _CameraHistory())
        history.add(status, now)
        assert self._open is not None
        warning = self._open.get(camera.name)
        if warning is None:
            return [self._begin(camera, history, now)] if len(history.times) >= RECONNECTS else []
        last = max((warning.updated_at, *history.times))
        if history.delivered_at is not None and now - history.delivered_at >= LOST_AFTER:
            history.times.clear()
            return [self._end(camera.name, "the connection is lost", now)]
        if now - last >= STEADY_AFTER:
            history.times.clear()
            return [self._end(camera.name, "the connection is steady again", now)]
        return []

    def _begin(self, camera: Camera, history: _CameraHistory, now: datetime) -> GroupUpdate:
        share = history.share_delivered()
        incident = Incident(
            incident_id=stable_id("flapping", camera.name, now.isoformat()),
            stream_id="",
            headline=Fault.SIGNAL_LOSS,
            state=IncidentState.OPEN,
            opened_at=now,
            updated_at=now,
            site=camera.site,
            group=camera.group,
            members=(camera.name,),
            summary=(
                f"{camera.name}: the connection comes and goes, {len(history.times)} times within an hour; "
                f"pictures came in {share:.0%} of the time"
            ),
            flapping=True,
        )
        assert self._open is not None
        self._open[camera.name] = incident
        return GroupUpdate(incident, (make_outbox_entry(incident, NotificationKind.FIRING, now),))

    def _end(self, name: str, summary: str, now: datetime, *, tell: bool = True) -> GroupUpdate:
        assert self._open is not None
        ended = replace(
            self._open.pop(name),
            state=IncidentState.RESOLVED,
            updated_at=now,
            resolved_at=now,
            recovered=(name,),
            summary=f"{name}: {summary}",
        )
        return GroupUpdate(ended, (make_outbox_entry(ended, NotificationKind.RESOLVED, now),) if tell else ())
