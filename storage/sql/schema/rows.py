"""The result of a batch as rows: pure, one function a table."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from json import dumps
from typing import Any, TypeAlias

from domain.alerts import Alert, AlertTransition, Incident, OutboxEntry
from domain.baselines import CameraBaseline
from domain.cameras import StreamStatus
from domain.frames import FrameRef
from domain.messages import OVERTAKEN, BatchResult, DeadLetter, VerdictChange, is_overtaken
from domain.metrics import FrameScores
from domain.retention import utc_midnight
from storage.sql.schema.documents import (
    EVIDENCE,
    INCIDENT,
    PARTS,
    STATISTICS,
    encode_record,
    encode_verdict_evidence,
    pack_structure,
)
from storage.sql.schema.score_rows import PackedScores, model_set_id

Rows: TypeAlias = list[dict[str, Any]]


def model_set_rows(scores: Iterable[FrameScores]) -> Rows:
    """Name each distinct set of model fingerprints by a hash of itself, so that a frame's row holds the name only."""
    distinct = {frozenset(score.models.items()) for score in scores if score.models}
    return [{"id": model_set_id(models), "models": dumps(dict(sorted(models)))} for models in distinct]


def model_day_rows(scores: Iterable[FrameScores]) -> Rows:
    """Return on which days (UTC) each set of models scored."""
    days = {(utc_midnight(score.ref.received_at), frozenset(score.models.items())) for score in scores if score.models}
    return [{"day": day, "model_set": model_set_id(models)} for day, models in days]


def metric_set_rows(packed: Iterable[PackedScores]) -> Rows:
    """Return each distinct metric set once."""
    distinct = {each.metric_set.set_id: each.metric_set for each in packed}
    return [
        {
            "id": set_id,
            "metrics": dumps(each.metrics),
            "missing": dumps(each.missing) if each.missing else None,
            "model_set": model_set_id(each.models.items()) if each.models else None,
        }
        for set_id, each in distinct.items()
    ]


def frame_rows(scores: Sequence[FrameScores], packed: Sequence[PackedScores]) -> Rows:
    """Return one row a frame; `packed` are the numbers of `scores`, in the same order."""
    return [
        {
            "stream_id": score.ref.stream_id,
            "received_at": score.ref.received_at,
            "session_id": score.ref.session_id,
            "sequence": score.ref.sequence,
            "pts_s": score.ref.pts_s,
            "missing": dumps(stored.missing) if stored.missing else None,
            "metric_set": stored.metric_set.set_id,
            "numbers": stored.numbers,
        }
        for score, stored in zip(scores, packed, strict=True)
    ]


def minute_rows(scores: Iterable[FrameScores]) -> Rows:
    minutes = {(score.ref.stream_id, score.ref.received_at.replace(second=0, microsecond=0)) for score in scores}
    return [{"stream_id": stream_id, "minute": minute} for stream_id, minute in sorted(minutes)]


def session_rows(statuses: Iterable[StreamStatus]) -> Rows:
    """Return one row a session: its start from its first status, the rest from its last.

    Counters run over a camera's life, so a session's own drops are those since its first status.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for status in statuses:
        if not status.session_id:
            continue
        row = {
            "stream_id": status.stream_id,
            "session_id": status.session_id,
            "started_at": status.received_at,
            "last_seen_at": status.received_at,
            "state": status.state,
            "reason": status.reason,
            "frames_offered": status.sequence + 1,
            "dropped_before": status.counters.frames_dropped,
            "dropped_total": status.counters.frames_dropped,
        }
        first = rows.get((status.stream_id, status.session_id), row)
        row |= {"started_at": first["started_at"], "dropped_before": first["dropped_before"]}
        rows[status.stream_id, status.session_id] = row
    return list(rows.values())


def offered_rows(result: BatchResult, letters: Iterable[DeadLetter]) -> Rows:
    """Return how many frames each session of the batch has offered at least, as its frames show.

    A session that ends with its process, or its machine, sends no last status; its frames were offered all the same.
    """
    offered: dict[tuple[str, str], int] = {}
    named = [score.ref for score in result.scores]
    for ref in (*named, *result.dropped):
        key = (ref.stream_id, ref.session_id)
        offered[key] = max(offered.get(key, 0), ref.sequence + 1)
    for letter in letters:
        key = (letter.stream_id, letter.session_id)
        if key in offered:
            offered[key] = max(offered[key], letter.sequence + 1)
    return [
        {"stream_id": stream_id, "session_id": session_id, "frames_offered": count}
        for (stream_id, session_id), count in offered.items()
    ]


def verdict_rows(changes: Iterable[VerdictChange]) -> Rows:
    return [
        {
            "stream_id": change.stream_id,
            "at": change.at,
            "fault": change.verdict.fault,
            "state": change.verdict.state,
            "reason": change.verdict.reason,
            "evidence": encode_verdict_evidence(change.verdict),
        }
        for change in changes
    ]


def alert_rows(alerts: Iterable[Alert]) -> Rows:
    return [
        {
            "stream_id": alert.stream_id,
            "fault": alert.fault,
            "state": alert.state,
            "since": alert.since,
            "updated_at": alert.updated_at,
            "incident_id": alert.incident_id,
            "flaps": alert.flaps,
            "evidence": encode_record(EVIDENCE, alert.evidence),
        }
        for alert in alerts
    ]


def transition_rows(transitions: Iterable[AlertTransition]) -> Rows:
    return [
        {
            "stream_id": step.stream_id,
            "fault": step.fault,
            "session_id": step.session_id,
            "sequence": step.sequence,
            "from_state": step.from_state,
            "to_state": step.to_state,
            "at": step.at,
            "incident_id": step.incident_id,
            "evidence": encode_record(EVIDENCE, step.evidence),
        }
        for step in transitions
    ]


def incident_rows(incidents: Iterable[Incident]) -> Rows:
    return [
        {
            "incident_id": incident.incident_id,
            "stream_id": incident.stream_id,
            "state": incident.state,
            "opened_at": incident.opened_at,
            "updated_at": incident.updated_at,
            "resolved_at": incident.resolved_at,
            "document": encode_record(INCIDENT, incident),
            "acknowledged_by": incident.acknowledged_by,
            "acknowledged_at": incident.acknowledged_at,
            "acknowledge_reason": incident.acknowledge_reason,
            "fault": incident.headline,
            "site": incident.site,
            "severity": incident.severity,
        }
        for incident in incidents
    ]


def outbox_rows(entries: Iterable[OutboxEntry]) -> Rows:
    return [
        {
            "key": entry.key,
            "kind": entry.kind,
            "incident": encode_record(INCIDENT, entry.incident),
            "created_at": entry.created_at,
            "attempts": entry.attempts,
            "next_attempt_at": entry.next_attempt_at,
            "last_error": "",
        }
        for entry in entries
    ]


def baseline_rows(baselines: Iterable[CameraBaseline]) -> Rows:
    return [
        {
            "stream_id": baseline.stream_id,
            "mode": baseline.mode,
            "state": baseline.state,
            "started_at": baseline.started_at,
            "updated_at": baseline.updated_at,
            "frames": baseline.frames,
            "statistics": encode_record(STATISTICS, baseline.statistics),
            "structure": pack_structure(baseline.structure),
            "reason": baseline.reason,
            "accepted_by": baseline.accepted_by,
            "parts": encode_record(PARTS, baseline.parts) if baseline.parts else None,
        }
        for baseline in baselines
    ]


def dead_letter_rows(letters: Iterable[DeadLetter]) -> Rows:
    return [
        {
            "stream_id": letter.stream_id,
            "session_id": letter.session_id,
            "sequence": letter.sequence,
            "received_at": letter.received_at,
            "reason": letter.reason,
        }
        for letter in letters
    ]


def reject_outside_window(
    scores: Iterable[FrameScores], floor: datetime | None, ceiling: datetime | None
) -> tuple[DeadLetter, ...]:
    """Return a dead letter for each frame received before `floor` or at or after `ceiling`."""
    letters = []
    for ref in (score.ref for score in scores):
        if floor is not None and ref.received_at < floor:
            letters.append(_dead_letter(ref, f"received_at is before {floor:%Y-%m-%d}, from which on frames are kept"))
        elif ceiling is not None and ref.received_at >= ceiling:
            limit = f"{ceiling:%Y-%m-%d %H:%M} UTC"
            letters.append(_dead_letter(ref, f"received_at is in the future, after {limit}: check the clock of ingest"))
    return tuple(letters)


def reject_stale_leases(scores: Iterable[FrameScores], fences: Mapping[str, int]) -> tuple[DeadLetter, ...]:
    """Return a dead letter for each frame read under a lease that another process has taken since."""
    refs = (score.ref for score in scores)
    return tuple(_dead_letter(ref, OVERTAKEN) for ref in refs if is_overtaken(ref.token, fences.get(ref.stream_id, 0)))


def exclude_rejected(scores: Iterable[FrameScores], letters: Iterable[DeadLetter]) -> list[FrameScores]:
    """Return the scores of frames that have no dead letter."""
    refused = {(letter.stream_id, letter.session_id, letter.sequence) for letter in letters}
    return [s for s in scores if (s.ref.stream_id, s.ref.session_id, s.ref.sequence) not in refused]


def _dead_letter(ref: FrameRef, reason: str) -> DeadLetter:
    return DeadLetter(ref.stream_id, ref.session_id, ref.sequence, ref.received_at, reason)
