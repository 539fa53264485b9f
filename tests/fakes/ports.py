"""Fakes of the ports, plain and in memory; the contract tests hold them to what the real adapters promise."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.access import EVERY_CAMERA, AccessScope
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
from domain.baselines import CameraBaseline
from domain.errors import NotifierUnavailable, StoreUnavailable
from domain.frames import Frame
from domain.messages import StreamMessage
from domain.records import AuditEntry
from domain.shadow import BEGINS, ShadowMessage
from domain.verdict_time import VerdictSpan
from tests.fakes.score_store import FakeScoreStore
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


class FakeShadowLog:
    """`ShadowLog` in memory, beside the alert store that knows what was delivered."""

    def __init__(self, alerts: "FakeAlertStore | None" = None) -> None:
        self._alerts = alerts or FakeAlertStore()
        self.kept: dict[tuple[str, str], ShadowMessage] = {}
        self.away = False

    def record(self, message: ShadowMessage) -> None:
        self._require()
        self.kept.setdefault((message.key, message.receiver), message)

    def holds(self, incident_id: str, receiver: str) -> bool:
        self._require()
        return any(
            (each.incident.incident_id, each.receiver) == (incident_id, receiver) and each.kind in BEGINS
            for each in self.kept.values()
        )

    def was_notified(self, incident_id: str, receiver: str) -> bool:
        self._require()
        return any(
            at is not None and (key.partition(":")[0], name) == (incident_id, receiver) and (key, name) not in self.kept
            for (key, name), at in self._alerts.planned.items()
        )

    def messages(
        self, since: datetime, until: datetime, *, limit: int = 10_000, scope: AccessScope = EVERY_CAMERA
    ) -> Sequence[ShadowMessage]:
        self._require()
        listed = sorted(self.kept.values(), key=lambda each: (each.key, each.receiver))
        listed.sort(key=lambda each: each.at, reverse=True)
        visible = (each for each in listed if self._alerts.sees_incident(scope, each.incident))
        return [each for each in visible if since <= each.at < until][:limit]

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

    def alerts(self, stream_id: str | None = None, *, scope: AccessScope = EVERY_CAMERA) -> Sequence[Alert]:
        found = self._scores.alerts
        mine = [found[key] for key in sorted(found) if stream_id is None or key[0] == stream_id]
        return [each for each in mine if self._streams.sees(scope, each.stream_id)]

    def baselines(self, stream_id: str) -> Sequence[CameraBaseline]:
        found = self._scores.baselines
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
        filters: IncidentFilter | None = None,
    ) -> Sequence[Incident]:
        found = [
            incident
            for incident in self._scores.incidents.values()
            if (state is None or incident.state is state)
            and (stream_id is None or incident.stream_id == stream_id)
            and (before is None or incident.opened_at < before)
            and (filters is None or self._is_asked(incident, filters))
        ]
        return sorted(found, key=lambda each: (each.opened_at, each.incident_id), reverse=True)[:limit]

    def count_answers(self, filters: IncidentFilter) -> Sequence[AnswerCount]:
        found = [each for each in self._scores.incidents.values() if self._is_asked(each, filters)]
        counted = Counter((each.stream_id if each.answer else "", each.headline, each.answer) for each in found)
        return [AnswerCount(*key, count) for key, count in counted.items()]

    def sees_incident(self, scope: AccessScope, incident: Incident) -> bool:
        return self._streams.sees_incident(scope, incident)

    def _is_asked(self, incident: Incident, filters: IncidentFilter) -> bool:
        return filters.accepts(incident) and self._streams.sees_incident(filters.scope, incident)

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
