"""The score store in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.alerts import (
    Alert,
    AlertTransition,
    Incident,
    OutboxEntry,
)
from domain.baselines import CameraBaseline, LightMode
from domain.errors import StoreUnavailable
from domain.faults import Fault
from domain.messages import BatchResult, DeadLetter, StreamSnapshot, VerdictChange
from domain.metrics import FrameScores
from domain.records import Resolution, ScorePoint, StoredScores, StreamSession
from domain.verdict_time import VerdictSpan
from tests.fakes.latest import build_latest
from tests.fakes.stream_store import FakeStreamStore

_RAW_DAYS = 7


class FakeScoreStore:
    """`ScoreStore` in memory; `away` makes it unavailable, `units` holds what was added, in order."""

    def __init__(self, streams: FakeStreamStore | None = None) -> None:
        self.away = False
        self.units: list[BatchResult] = []
        self.alerts: dict[tuple[str, Fault], Alert] = {}
        self.transitions: dict[tuple[str, Fault, str, int, str], AlertTransition] = {}
        self.incidents: dict[str, Incident] = {}
        self.outbox: dict[str, OutboxEntry] = {}
        self.baselines: dict[tuple[str, LightMode], CameraBaseline] = {}
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
        for baseline in result.baselines:
            learned = self.baselines.get((baseline.stream_id, baseline.mode))
            if learned is None or learned.updated_at <= baseline.updated_at:
                self.baselines[baseline.stream_id, baseline.mode] = baseline
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
