"""Every port; those of access, notifiers, reports and quiet times are in files of their own and imported here.

Each store, queue, live state and notifier has one contract test for all of its adapters (`tests/contract/`). One
protocol is elsewhere: `Detector` (`detectors/models/pictures.py`), which speaks tensors.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.access import EVERY_CAMERA, AccessScope
from domain.access_ports import AccessStore, AuditStore, SignOnService
from domain.alerts import Alert, AlertTransition, AnswerCount, Incident, IncidentFilter, IncidentState, OutboxEntry
from domain.alerts import IncidentLogEntry as LogEntry
from domain.baselines import CameraBaseline
from domain.camera_changes import CameraChange, CameraEdit
from domain.cameras import Camera, CameraTestResult, StreamCounters
from domain.frames import Frame
from domain.messages import Batch, BatchResult, DeadLetter, Delivery, StreamMessage, StreamSnapshot, VerdictChange
from domain.notifier_ports import AnsweringNotifier, DigestNotifier, Notifier, ReceiverTester
from domain.quiet_time_ports import MaintenancePlanner, QuietTimeStore, ShadowLog
from domain.records import AuditEntry, Resolution, ScorePoint, StoredScores, StreamSession
from domain.report_ports import ReportDelivery, ReportMaker, ReportStore
from domain.verdict_time import VerdictSpan

__all__ = [
    "ANNOUNCED_S",
    "WANTED_S",
    "AccessStore",
    "AlertStore",
    "AnsweringNotifier",
    "AuditStore",
    "CameraLeases",
    "CameraTester",
    "Clock",
    "DatabaseLock",
    "DigestNotifier",
    "FrameSource",
    "LiveState",
    "MaintenancePlanner",
    "Notifier",
    "QuietTimeStore",
    "ReceiverTester",
    "ReportDelivery",
    "ReportMaker",
    "ReportStore",
    "ScoreStore",
    "ShadowLog",
    "SignOnService",
    "StreamConsumer",
    "StreamPublisher",
    "StreamStore",
]


class Clock(Protocol):
    """Time as the process sees it; tests simulate it."""

    def now(self) -> datetime:
        """Return the present in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; a simulated clock moves instead."""
        ...


class FrameSource(Protocol):
    """One session with one stream."""

    def frames(self) -> Iterator[Frame]:
        """Yield the frames the sampling plan asks for, `sequence` rising by one from 0.

        Raises `SourceUnavailable` (or `LoginRefused`, `CodecUnsupported`) when the stream cannot be opened or goes on
        no more; a file simply ends.
        """
        ...

    def counters(self) -> StreamCounters:
        """Return what this session counted so far."""
        ...

    def close(self) -> None:
        """End the session; called by the thread that reads it."""
        ...


class StreamPublisher(Protocol):
    """Ingest's end of the transport."""

    def publish(self, message: StreamMessage) -> bool:
        """Hand over one message, in order per stream. False when a frame was refused because the buffer is full.

        A `StreamStatus` is never refused. Raises `FrameRejected` for a frame that cannot travel.
        """
        ...

    def close(self) -> None:
        """Deliver what is buffered, then end."""
        ...


class StreamConsumer(Protocol):
    """The workers' end of the transport."""

    def poll(self, max_messages: int, timeout_s: float) -> Batch:
        """Return the next messages as one batch, empty when none came in time. The batch before must be committed."""
        ...

    def commit(self, batch: Batch) -> None:
        """Declare the batch done; what is not committed is delivered again after a restart (at least once)."""
        ...

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """Send one message to the dead letters with its reason."""
        ...

    def lag(self) -> int:
        """Return how many messages wait."""
        ...

    def assignment_of(self, stream_id: str) -> int | None:
        """Return the number of the assignment under which this stream comes here, None where it goes elsewhere.

        A number that changed means that another worker may have evaluated the stream in between.
        """
        ...

    def count_unreadable(self) -> int:
        """Return how many messages could not be decoded and became dead letters."""
        ...

    def count_expired(self) -> int:
        """Return how many messages the transport deleted before they were read, as far as this consumer saw."""
        ...

    def close(self) -> None: ...


class StreamStore(Protocol):
    """Cameras, their sessions, and who changed what."""

    def cameras(self) -> Sequence[Camera]: ...

    def camera(self, name: str) -> Camera | None: ...

    def put_camera(self, camera: Camera, *, by: str, at: datetime) -> None:
        """Insert or replace by name; audited."""

    def add_camera(self, camera: Camera, *, by: str, at: datetime) -> bool:
        """Insert; False, and nothing changed, where the name is taken. Audited."""

    def edit_camera(
        self, name: str, edit: CameraEdit, *, by: str, at: datetime, action: str = "", last_change: int | None = None
    ) -> Camera | None:
        """Replace a camera by what `edit` makes of it, in one transaction, audited; None where there is none.

        `last_change` is the change that the editor saw last: of two who edit what both read, the second one gets
        `CameraChangedMeanwhile`.
        """

    def remove_camera(self, name: str, *, by: str, at: datetime) -> bool:
        """Retire a camera; its scores stay until retention. False when there was none; audited."""

    def accept_view(self, name: str, *, by: str, at: datetime) -> bool:
        """Declare the present view normal (`Camera.accepted_at`). False when there is no such camera;
        audited.
        """

    def revision(self) -> int:
        """Return a number that grows with every change of a camera, so that readers know when to read again."""
        ...

    def sessions(self, stream_id: str, *, limit: int = 100) -> Sequence[StreamSession]:
        """Return sessions, the latest first; their drops are ingest's and the workers' together."""
        ...

    def audit(self, *, limit: int = 100) -> Sequence[AuditEntry]: ...

    def camera_changes(
        self, name: str | None = None, *, limit: int = 100, scope: AccessScope = EVERY_CAMERA
    ) -> Sequence[CameraChange]:
        """Return changes of one camera or of all in the scope, the latest first."""

    def camera_change(self, change_id: int) -> CameraChange | None: ...

    def settings_digests(self) -> Mapping[str, str]:
        """Return the digest of each camera as the settings file last gave it, by name."""

    def note_settings(self, name: str, digest: str) -> None:
        """Remember the digest of a camera of the settings file."""


class CameraTester(Protocol):
    """Tries out a camera's address."""

    def test(self, camera: Camera) -> CameraTestResult:
        """Open the camera once, within limits of time and memory, and say what came of it; nothing is stored."""


class ScoreStore(Protocol):
    """Scores and verdicts over time."""

    def add(self, result: BatchResult) -> tuple[DeadLetter, ...]:
        """Store all of it in one transaction, or nothing; storing the same result again changes nothing.

        Return a dead letter, stored too, for each frame the store itself refused: received outside the time it keeps,
        or read under a lease that counts no more. Raises `StoreUnavailable`.
        """
        ...

    def frames(self, stream_id: str, since: datetime, until: datetime, *, limit: int = 1000) -> Sequence[StoredScores]:
        """Return frames received from `since` on and before `until`, oldest first; so for every such span here."""
        ...

    def history(
        self, stream_id: str, metric: str, since: datetime, until: datetime, resolution: Resolution
    ) -> Sequence[ScorePoint]:
        """Return one metric over time, per frame or rolled up."""
        ...

    def verdict_changes(self, stream_id: str, since: datetime, until: datetime) -> Sequence[VerdictChange]: ...

    def verdict_spans(
        self, stream_id: str, since: datetime, until: datetime, *, limit: int = 1000
    ) -> Sequence[VerdictSpan]:
        """Return the latest `limit` spans that touch the stretch, oldest first; they may reach beyond it."""
        ...

    def dead_letters(self, *, limit: int = 100) -> Sequence[DeadLetter]: ...

    def latest(self, stream_ids: Collection[str]) -> Mapping[str, StreamSnapshot]:
        """Return the last verdicts and scores of each stream, as far as rows hold them; unknown streams are absent.

        `at` is when something was last stored of it. For readers whose live state is unavailable.
        """
        ...

    def roll_up(self, now: datetime) -> int:
        """Fold frames not yet folded into minutes, hours and days; return how many frames were folded."""
        ...

    def retain(self, now: datetime) -> Mapping[str, int]:
        """Delete what is older than its retention; return rows deleted per table."""
        ...


class AlertStore(Protocol):
    """The alert state that a restart needs, and the notifications to send.

    A scope counts as in `AccessScope.sees`: by a camera's present site, and where it is watched no more by the site
    it had. An incident of several cameras is seen by whoever sees them all.
    """

    def alerts(self, stream_id: str | None = None, *, scope: AccessScope = EVERY_CAMERA) -> Sequence[Alert]:
        """Return the alerts of one camera or of all in the scope that are watched, by camera and fault."""
        ...

    def baselines(self, stream_id: str) -> Sequence[CameraBaseline]: ...

    def incident(self, incident_id: str) -> Incident | None: ...

    def incidents(
        self,
        *,
        state: IncidentState | None = None,
        stream_id: str | None = None,
        limit: int = 100,
        before: datetime | None = None,
        filters: IncidentFilter | None = None,
    ) -> Sequence[Incident]:
        """Return incidents, newest first; `filters` narrows them further."""

    def count_answers(self, filters: IncidentFilter) -> Sequence[AnswerCount]:
        """Return how many incidents there are of each camera, fault and answer."""

    def transitions(self, stream_id: str, *, limit: int = 100) -> Sequence[AlertTransition]: ...

    def last_span(self, stream_id: str) -> VerdictSpan | None:
        """Return the last time in a state that was written down of a camera."""

    def acknowledge(self, incident_id: str, *, by: str, reason: str, at: datetime) -> Incident | None:
        """Record who took it on, unless somebody else did; return the incident as it is then. Logged and audited.

        None where there is no such incident. A former acknowledgement stays: compare `acknowledged_by`.
        """

    def record_work(self, entry: LogEntry) -> bool:
        """Append to the incident's log, and set whom it is assigned to or its answer. Audited.

        False where there is no such incident. `acknowledge` appends its own lines.
        """

    def incident_log(self, incident_id: str) -> Sequence[LogEntry]:
        """Return what people did about it, oldest first."""

    def due(self, now: datetime, *, limit: int = 100) -> Sequence[OutboxEntry]:
        """Return undelivered entries whose next attempt is due, oldest first."""

    def mark_delivered(self, keys: Sequence[str], at: datetime) -> None: ...

    def postpone(self, keys: Sequence[str], until: datetime, reason: str) -> None:
        """Count a failed attempt and set the next one."""

    def put_group(self, incident: Incident, entries: Sequence[OutboxEntry], absorbed: Sequence[str]) -> None:
        """Store a group incident and its entries, and mark the absorbed entries delivered, in one transaction."""

    def add_messages(self, entries: Sequence[OutboxEntry]) -> None:
        """Put messages into the outbox; one whose key is there already changes nothing."""
        ...

    def plan_deliveries(self, receivers: Mapping[str, Collection[str]], at: datetime) -> None:
        """Write down to whom each message goes, by its key; repeating it changes nothing."""
        ...

    def deliveries(self, keys: Collection[str]) -> Mapping[str, Mapping[str, bool]]:
        """Return by key and receiver whether it was delivered; a key without a plan is absent."""
        ...

    def mark_received(self, deliveries: Collection[tuple[str, str]], at: datetime) -> None: ...

    def receivers_notified(self, incident_ids: Collection[str]) -> Mapping[str, Mapping[str, datetime]]:
        """Return by incident who got a message about it, and when the first."""
        ...


class CameraLeases(Protocol):
    """Which process reads a camera: one at a time, so that two ingest processes never both log in."""

    def acquire(self, camera: str, holder: str, *, now: datetime, ttl_s: float) -> int | None:
        """Take the camera or keep it; return the token, None while another holder has it.

        A token rises with every change of holder. A holder that comes back late keeps its own while no other took
        the camera, so that what it sent still counts.
        """

    def release(self, camera: str, holder: str) -> None:
        """Give the camera back at once, after the last message was sent; does nothing when another holds it.

        What was sent under this token still counts after the next holder came.
        """

    def fences(self, cameras: Collection[str]) -> Mapping[str, int]:
        """Return the oldest token of each camera that still counts: frames with an older one are refused.

        It is the token of the last holder that took the camera from one who had not given it back.
        """


WANTED_S = 10.0
"""How many seconds a view of a camera counts."""
ANNOUNCED_S = 60.0
"""How many seconds it counts which models a worker has."""


class LiveState(Protocol):
    """The present state of each stream. Nothing here survives a restart; what expired is unknown."""

    def put(self, snapshot: StreamSnapshot) -> None: ...

    def get(self, stream_id: str) -> StreamSnapshot | None: ...

    def all(self) -> Mapping[str, StreamSnapshot]: ...

    def remove(self, stream_id: str) -> None: ...

    def put_picture(self, frame: Frame) -> None:
        """Keep the picture of now, in memory only, the newest per stream."""
        ...

    def picture(self, stream_id: str) -> Frame | None: ...

    def want_picture(self, stream_id: str) -> None:
        """Note that somebody views this camera now; ingest then sends its pictures. Forgotten after ten seconds."""
        ...

    def wanted_pictures(self) -> frozenset[str]:
        """Return the cameras that somebody viewed within ten seconds."""
        ...

    def announce_models(self, names: Collection[str]) -> None:
        """Note that a worker judges with these models, none of them too; ingest sends pictures for no others."""
        ...

    def announced_models(self) -> frozenset[str] | None:
        """Return the models that any worker named within a minute, None where no worker was heard."""
        ...


class DatabaseLock(Protocol):
    """The lock by which one process alone watches and notifies from a database."""

    def check(self) -> str:
        """Return why the lock is no longer held, "" while it is; it is taken again where it is free."""
        ...

    def release(self) -> None: ...
