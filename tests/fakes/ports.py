"""Fakes of the ports, plain and in memory; the contract tests hold them to what the real adapters promise."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.alerts import (
    AlarmAnswer,
    Alert,
    AlertTransition,
    AnswerCount,
    Incident,
    IncidentAction,
    IncidentFilter,
    IncidentLogEntry,
    IncidentState,
    OutboxEntry,
)
from domain.baselines import CameraBaseline, LightMode
from domain.errors import NotifierUnavailable, StoreUnavailable
from domain.faults import Fault
from domain.frames import Frame
from domain.messages import BatchResult, DeadLetter, StreamMessage, StreamSnapshot, VerdictChange
from domain.metrics import FrameScores
from domain.records import AuditEntry, Resolution, ScorePoint, StoredScores, StreamSession
from domain.shadow import ShadowMessage
from domain.verdict_time import VerdictSpan
from tests.fakes.latest import build_latest
from tests.fakes.stream_store import FakeStreamStore

__all__ = [
    "START",
    "FakeAlertStore",
    "FakeClock",
    "FakeNotifier",
    "FakePublisher",
    "FakeScoreStore",
    "FakeStreamStore",
]

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_RAW_DAYS = 7


class FakeClock:
    """`Clock` that moves only when told; sleeping moves it."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class FakePublisher:
    """`StreamPublisher` that keeps what it is given; refuses frames while `full`."""

    def __init__(self) -> None:
        self.messages: list[StreamMessage] = []
        self.full = False
        self.closed = False

    def publish(self, message: StreamMessage) -> bool:
        if self.full and isinstance(message, Frame):
            return False
        self.messages.append(message)
        return True

    def close(self) -> None:
        self.closed = True


class FakeNotifier:
    """`Notifier` that keeps what it is told; refuses while `away`."""

    name = "fake"

    def __init__(self) -> None:
        self.sent: list[OutboxEntry] = []
        self.away = False

    def send(self, entry: OutboxEntry) -> None:
        if self.away:
            raise NotifierUnavailable("the receiver is unavailable")
        self.sent.append(entry)


class FakeScoreStore:
    """`ScoreStore` in memory; `away` makes it unavailable, `units` holds what was added, in order."""

    def __init__(self, streams: FakeStreamStore | None = None) -> None:
        self.away = False
        self.units: list[BatchResult] = []
        self.alerts: dict[tuple[str, Fault], Alert] = {}
        self.transitions: dict[tuple[str, Fault, str, int, str], AlertTransition] = {}
        self.incidents: dict[str, Incident] = {}
        self.outbox: dict[str, OutboxEntry] = {}
        self.references: dict[tuple[str, LightMode], CameraBaseline] = {}
        self._streams = streams or FakeStreamStore()
        self._dropped_before: dict[tuple[str, str], int] = {}
        self._scores: dict[tuple[str, str, int], FrameScores] = {}
        self._changes: dict[tuple[str, datetime, Fault], VerdictChange] = {}
        self._letters: dict[tuple[str, str, int], DeadLetter] = {}
        self._unfolded: set[tuple[str, datetime]] = set()
        self._points: dict[tuple[str, str, Resolution], dict[datetime, ScorePoint]] = {}
        self._floor: datetime | None = None

    def add(self, result: BatchResult) -> tuple[DeadLetter, ...]:
        if self.away:
            raise StoreUnavailable("the store is unavailable")
        self.units.append(result)
        for ref in result.dropped:
            self._streams.dropped.add((ref.stream_id, ref.session_id, ref.sequence))
        refused = [letter for score in result.scores if (letter := self._add_score(score)) is not None]
        for letter in result.dead_letters:
            self._letters.setdefault((letter.stream_id, letter.session_id, letter.sequence), letter)
        self._add_statuses(result)
        for change in result.verdicts:
            self._changes[change.stream_id, change.at, change.verdict.fault] = change
        self._add_judgement(result)
        return tuple(refused)

    def _add_score(self, score: FrameScores) -> DeadLetter | None:
        ref = score.ref
        if self._floor is not None and ref.received_at < self._floor:
            letter = DeadLetter(ref.stream_id, ref.session_id, ref.sequence, ref.received_at, "received_at is too old")
            self._letters.setdefault((ref.stream_id, ref.session_id, ref.sequence), letter)
            return letter
        self._streams.stored.add((ref.stream_id, ref.session_id, ref.sequence))
        self._scores.setdefault((ref.stream_id, ref.session_id, ref.sequence), score)
        self._unfolded.add((ref.stream_id, ref.received_at.replace(second=0, microsecond=0)))
        return None

    def _add_statuses(self, result: BatchResult) -> None:
        known = self._streams.sessions_by_key
        for status in result.statuses:
            key = (status.stream_id, status.session_id)
            total = status.counters.frames_dropped
            before = self._dropped_before.setdefault(key, total)
            found = known.get(key)
            if found is None or found.last_seen_at <= status.received_at:
                known[key] = StreamSession(
                    stream_id=status.stream_id,
                    session_id=status.session_id,
                    started_at=status.received_at if found is None else found.started_at,
                    last_seen_at=status.received_at,
                    state=status.state,
                    reason=status.reason,
                    frames_offered=status.sequence + 1,
                    frames_dropped=total - before,
                )

    def _add_judgement(self, result: BatchResult) -> None:
        for alert in result.alerts:
            found = self.alerts.get((alert.stream_id, alert.fault))
            if found is None or found.updated_at <= alert.updated_at:
                self.alerts[alert.stream_id, alert.fault] = alert
        for step in result.transitions:
            key = (step.stream_id, step.fault, step.session_id, step.sequence, str(step.to_state))
            self.transitions.setdefault(key, step)
        for reference in result.references:
            learned = self.references.get((reference.stream_id, reference.mode))
            if learned is None or learned.updated_at <= reference.updated_at:
                self.references[reference.stream_id, reference.mode] = reference
        self.add_messages(result.incidents, result.outbox)

    def add_messages(self, incidents: Sequence[Incident], entries: Sequence[OutboxEntry]) -> None:
        for incident in incidents:
            found = self.incidents.get(incident.incident_id)
            if found is None:
                self.incidents[incident.incident_id] = incident
            elif found.updated_at <= incident.updated_at:
                self.incidents[incident.incident_id] = replace(
                    incident,
                    acknowledged_by=found.acknowledged_by,
                    acknowledged_at=found.acknowledged_at,
                    acknowledge_reason=found.acknowledge_reason,
                    assigned_to=found.assigned_to,
                    answer=found.answer,
                    answered_by=found.answered_by,
                    answered_at=found.answered_at,
                )
        for entry in entries:
            self.outbox.setdefault(entry.key, entry)

    def frames(self, stream_id: str, since: datetime, until: datetime, *, limit: int = 1000) -> Sequence[StoredScores]:
        return [
            StoredScores(score.ref, score.values, score.missing, score.models)
            for score in self._between(stream_id, since, until)[:limit]
        ]

    def _between(self, stream_id: str, since: datetime, until: datetime) -> list[FrameScores]:
        mine = [
            score
            for score in self._scores.values()
            if score.ref.stream_id == stream_id and since <= score.ref.received_at < until
        ]
        return sorted(mine, key=lambda score: (score.ref.received_at, score.ref.session_id, score.ref.sequence))

    def history(
        self, stream_id: str, metric: str, since: datetime, until: datetime, resolution: Resolution
    ) -> Sequence[ScorePoint]:
        if resolution is Resolution.FRAME:
            return [
                ScorePoint(score.ref.received_at, value, value, value, 1)
                for score in self._between(stream_id, since, until)
                if (value := score.values.get(metric)) is not None
            ]
        points = self._points.get((stream_id, metric, resolution), {})
        return [points[at] for at in sorted(points) if since <= at < until]

    def verdict_changes(self, stream_id: str, since: datetime, until: datetime) -> Sequence[VerdictChange]:
        keys = sorted(key for key in self._changes if key[0] == stream_id and since <= key[1] < until)
        return [self._changes[key] for key in keys]

    def verdict_spans(
        self, stream_id: str, since: datetime, until: datetime, *, limit: int = 1000
    ) -> Sequence[VerdictSpan]:
        spans = [span for unit in self.units for span in unit.spans if span.stream_id == stream_id]
        touching = [span for span in spans if span.since < until and span.until > since]
        return sorted(touching, key=lambda span: span.since)[-limit:]

    def dead_letters(self, *, limit: int = 100) -> Sequence[DeadLetter]:
        return sorted(self._letters.values(), key=lambda letter: letter.received_at, reverse=True)[:limit]

    def latest(self, stream_ids: Collection[str]) -> Mapping[str, StreamSnapshot]:
        ever = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
        found = {
            name: build_latest(
                name,
                self._between(name, *ever),
                self._streams.sessions(name),
                changes=[change for _, change in sorted(self._changes.items())],
                incidents=list(self.incidents.values()),
                alerts=[alert for _, alert in sorted(self.alerts.items())],
            )
            for name in stream_ids
        }
        return {name: snapshot for name, snapshot in found.items() if snapshot is not None}

    def roll_up(self, now: datetime) -> int:
        folded = 0
        for stream_id, minute in self._unfolded:
            folded += len(self._between(stream_id, minute, minute + timedelta(minutes=1)))
            hour, day = minute.replace(minute=0), minute.replace(hour=0, minute=0)
            self._fold(stream_id, Resolution.MINUTE, minute, timedelta(minutes=1))
            self._fold(stream_id, Resolution.HOUR, hour, timedelta(hours=1))
            self._fold(stream_id, Resolution.DAY, day, timedelta(days=1))
        self._unfolded.clear()
        return folded

    def _fold(self, stream_id: str, resolution: Resolution, at: datetime, span: timedelta) -> None:
        series: dict[str, list[float]] = {}
        for score in self._between(stream_id, at, at + span):
            for metric, value in score.values.items():
                series.setdefault(metric, []).append(value)
        for metric, of in series.items():
            point = ScorePoint(at, sum(of) / len(of), min(of), max(of), len(of))
            self._points.setdefault((stream_id, metric, resolution), {})[at] = point

    def retain(self, now: datetime) -> Mapping[str, int]:
        self.roll_up(now)
        floor = (now - timedelta(days=_RAW_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
        old = [key for key, score in self._scores.items() if score.ref.received_at < floor]
        for key in old:
            del self._scores[key]
        self._floor = floor
        return {"frames": len(old)}


class FakeShadowLog:
    """`ShadowLog` in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], ShadowMessage] = {}
        self.away = False

    def record(self, message: ShadowMessage) -> None:
        self._require()
        self.kept.setdefault((message.key, message.receiver), message)

    def holds(self, incident_id: str, receiver: str) -> bool:
        self._require()
        return any(
            each.incident.incident_id == incident_id and each.receiver == receiver for each in self.kept.values()
        )

    def messages(self, since: datetime, until: datetime, *, limit: int = 10_000) -> Sequence[ShadowMessage]:
        self._require()
        listed = sorted(self.kept.values(), key=lambda each: (each.key, each.receiver))
        listed.sort(key=lambda each: each.at, reverse=True)
        return [each for each in listed if since <= each.at < until][:limit]

    def _require(self) -> None:
        if self.away:
            raise StoreUnavailable("the store is unavailable")


class FakeAlertStore:
    """`AlertStore` over what a `FakeScoreStore` was given."""

    def __init__(self, scores: FakeScoreStore | None = None, streams: FakeStreamStore | None = None) -> None:
        self._scores = scores or FakeScoreStore()
        self._streams = streams or FakeStreamStore()
        self.delivered_at: dict[str, datetime] = {}
        self._log: list[IncidentLogEntry] = []
        self.planned: dict[tuple[str, str], datetime | None] = {}

    def alerts(self, stream_id: str | None = None) -> Sequence[Alert]:
        found = self._scores.alerts
        return [found[key] for key in sorted(found) if stream_id is None or key[0] == stream_id]

    def references(self, stream_id: str) -> Sequence[CameraBaseline]:
        found = self._scores.references
        return [found[key] for key in sorted(found) if key[0] == stream_id]

    def last_span(self, stream_id: str) -> VerdictSpan | None:
        own = [span for unit in self._scores.units for span in unit.spans if span.stream_id == stream_id]
        return max(own, key=lambda span: span.until, default=None)

    def incident(self, incident_id: str) -> Incident | None:
        return self._scores.incidents.get(incident_id)

    def incidents(
        self,
        *,
        state: IncidentState | None = None,
        stream_id: str | None = None,
        limit: int = 100,
        before: datetime | None = None,
        asked: IncidentFilter | None = None,
    ) -> Sequence[Incident]:
        found = [
            incident
            for incident in self._scores.incidents.values()
            if (state is None or incident.state is state)
            and (stream_id is None or incident.stream_id == stream_id)
            and (before is None or incident.opened_at < before)
            and (asked is None or asked.accepts(incident))
        ]
        return sorted(found, key=lambda each: (each.opened_at, each.incident_id), reverse=True)[:limit]

    def count_answers(self, asked: IncidentFilter) -> Sequence[AnswerCount]:
        found = [each for each in self._scores.incidents.values() if asked.accepts(each)]
        counted = Counter((each.stream_id if each.answer else "", each.headline, each.answer) for each in found)
        return [AnswerCount(*key, count) for key, count in counted.items()]

    def transitions(self, stream_id: str, *, limit: int = 100) -> Sequence[AlertTransition]:
        mine = [step for step in self._scores.transitions.values() if step.stream_id == stream_id]
        mine.sort(key=lambda step: (step.fault, step.to_state))
        return sorted(mine, key=lambda step: (step.at, step.sequence), reverse=True)[:limit]

    def acknowledge(self, incident_id: str, *, by: str, reason: str, at: datetime) -> Incident | None:
        incident = self._scores.incidents.get(incident_id)
        if incident is None:
            return None
        if not incident.acknowledged_by:
            incident = replace(incident, acknowledged_by=by, acknowledged_at=at, acknowledge_reason=reason)
            self._scores.incidents[incident_id] = incident
        if incident.acknowledged_by == by:
            self._append(IncidentLogEntry(incident_id, at, by, IncidentAction.ACKNOWLEDGE, "", reason))
        return incident

    def record_work(self, entry: IncidentLogEntry) -> bool:
        incident = self._scores.incidents.get(entry.incident_id)
        if incident is None:
            return False
        if entry.action is IncidentAction.ASSIGN:
            incident = replace(incident, assigned_to=entry.value)
        elif entry.action is IncidentAction.ANSWER:
            answer = AlarmAnswer(entry.value)
            incident = replace(incident, answer=answer, answered_by=entry.by, answered_at=entry.at)
        self._scores.incidents[entry.incident_id] = incident
        self._append(entry)
        return True

    def incident_log(self, incident_id: str) -> Sequence[IncidentLogEntry]:
        return [entry for entry in self._log if entry.incident_id == incident_id]

    def _append(self, entry: IncidentLogEntry) -> None:
        self._log.append(entry)
        said = ": ".join(part for part in (entry.value, entry.note) if part)
        self._streams.append_audit(AuditEntry(entry.at, entry.by, f"{entry.action} incident", entry.incident_id, said))

    def due(self, now: datetime, *, limit: int = 100) -> Sequence[OutboxEntry]:
        waiting = [
            entry
            for entry in self._scores.outbox.values()
            if entry.key not in self.delivered_at and (entry.next_attempt_at is None or entry.next_attempt_at <= now)
        ]
        return sorted(waiting, key=lambda entry: (entry.created_at, entry.key))[:limit]

    def mark_delivered(self, keys: Sequence[str], at: datetime) -> None:
        for key in keys:
            self.delivered_at.setdefault(key, at)

    def postpone(self, keys: Sequence[str], until: datetime, reason: str) -> None:
        for key in keys:
            entry = self._scores.outbox[key]
            self._scores.outbox[key] = replace(entry, attempts=entry.attempts + 1, next_attempt_at=until)

    def put_group(self, incident: Incident, entries: Sequence[OutboxEntry], absorbed: Sequence[str]) -> None:
        self._scores.add_messages([incident], entries)
        self.mark_delivered(absorbed, incident.updated_at)

    def add_messages(self, entries: Sequence[OutboxEntry]) -> None:
        self._scores.add_messages([], entries)

    def plan_deliveries(self, receivers: Mapping[str, Collection[str]], at: datetime) -> None:
        for key, names in receivers.items():
            for name in names:
                self.planned.setdefault((key, name), None)

    def deliveries(self, keys: Collection[str]) -> Mapping[str, Mapping[str, bool]]:
        found: dict[str, dict[str, bool]] = {}
        for (key, name), at in self.planned.items():
            if key in keys:
                found.setdefault(key, {})[name] = at is not None
        return found

    def mark_received(self, deliveries: Collection[tuple[str, str]], at: datetime) -> None:
        for pair in deliveries:
            if self.planned.get(pair, at) is None:
                self.planned[pair] = at

    def receivers_notified(self, incident_ids: Collection[str]) -> Mapping[str, Mapping[str, datetime]]:
        found: dict[str, dict[str, datetime]] = {}
        for (key, name), at in self.planned.items():
            incident_id = key.partition(":")[0]
            if at is not None and incident_id in incident_ids:
                told = found.setdefault(incident_id, {})
                told[name] = min(at, told.get(name, at))
        return found
