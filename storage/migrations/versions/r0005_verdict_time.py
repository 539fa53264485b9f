"""Time in each state, when cameras were watched, maintenance, and which models scored on which day.

What was kept before is carried over: verdict changes tell the state, sessions and frames of any camera that Sightline
ran. Where it cannot be told that it ran, the time is unknown.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.sql.schema.column_types import UtcTime

revision = "0005"
down_revision = "0004"

_DAY = timedelta(days=1)
_SILENT = timedelta(seconds=30)
"""Sessions and minutes of frames that lie no further apart show that Sightline ran in between."""
_MINUTE = timedelta(minutes=1)
_PRECEDENCE = (
    "login_refused", "signal_loss", "codec_unsupported", "no_frames", "placeholder", "covered", "black", "freeze",
    "decode_errors", "corrupt_picture", "bitrate_starved", "snow", "ir_cut", "camera_moved", "glare", "too_bright",
    "too_dark", "low_contrast", "blur", "stripes", "shake", "colour_cast", "noise", "blockiness", "low_fps",
)  # fmt: skip
"""As it was when this was written; a fault later in it is explained by one before, which is all that counts here."""
_PICTURE = ("black", "too_bright", "low_contrast", "blur", "corrupt_picture")
"""Checks that need no baseline: where none of them could be made, the picture could not be judged."""
_CAUSES = (
    ("settling", "settling"),
    ("scene unlit", "unlit"),
    ("the light is changing", "light_changing"),
    ("too few", "too_few_pictures"),
    ("nothing seen", "too_few_pictures"),
    ("resting", "resting"),
    ("connecting", "connecting"),
)
_BLIND = (("ingest silent", "ingest_silent"), ("frames dropped unscored", "scoring_behind"))

_spans = sa.table(
    "verdict_time",
    sa.column("stream_id", sa.String),
    sa.column("began_at", UtcTime),
    sa.column("ended_at", UtcTime),
    sa.column("state", sa.String),
    sa.column("cause", sa.String),
    sa.column("light", sa.String),
)
_watches = sa.table(
    "watch_changes",
    sa.column("stream_id", sa.String),
    sa.column("at", UtcTime),
    sa.column("watched", sa.Boolean),
    sa.column("site", sa.String),
    sa.column("camera_group", sa.String),
)


def upgrade() -> None:
    _create_tables()
    connection = op.get_bind()
    changes = sa.table(
        "verdict_changes", *(sa.column(name) for name in ("stream_id", "fault", "state", "reason")), _time("at")
    )
    running = _running(connection)
    for name, site, group, enabled, since in _cameras(connection):
        first = {"stream_id": name, "at": since, "watched": True, "site": site, "camera_group": group}
        connection.execute(sa.insert(_watches), [first])
        told = sa.select(changes.c.at, changes.c.fault, changes.c.state, changes.c.reason)
        steps = connection.execute(told.where(changes.c.stream_id == name).order_by(changes.c.at)).all()
        rows = list(spans_of(name, since, [tuple(step) for step in steps], running))
        for start in range(0, len(rows), 1000):
            connection.execute(sa.insert(_spans), rows[start : start + 1000])
        if not enabled:
            # When it was switched off was not kept: it counts as watched for as long as anything was heard of it.
            until = max(
                [since + timedelta(seconds=1), *(row["ended_at"] for row in rows if row["cause"] != "before_records")]
            )
            connection.execute(sa.insert(_watches), [{**first, "at": until, "watched": False}])


def _create_tables() -> None:
    op.create_table(
        "verdict_time",
        sa.Column("stream_id", sa.String, nullable=False),
        sa.Column("began_at", UtcTime, nullable=False),
        sa.Column("ended_at", UtcTime, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("cause", sa.String, nullable=False),
        sa.Column("light", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "began_at", name="pk_verdict_time"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watch_changes",
        sa.Column("stream_id", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("watched", sa.Boolean, nullable=False),
        sa.Column("site", sa.String, nullable=False),
        sa.Column("camera_group", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "at", name="pk_watch_changes"),
    )
    op.create_table(
        "maintenance",
        sa.Column("window_id", sa.String, nullable=False),
        sa.Column("since", UtcTime, nullable=False),
        sa.Column("until", UtcTime, nullable=False),
        sa.Column("camera", sa.String, nullable=False),
        sa.Column("site", sa.String, nullable=False),
        sa.Column("camera_group", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("announced_by", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("window_id", name="pk_maintenance"),
    )
    op.create_table(
        "model_days",
        sa.Column("day", UtcTime, nullable=False),
        sa.Column("model_set", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("day", "model_set", name="pk_model_days"),
    )


def _time(name: str) -> Any:
    return sa.column(name, UtcTime)


def _cameras(connection: sa.Connection) -> Iterator[tuple[str, str, str, bool, datetime]]:
    """Give every camera and since when it is watched: its first audit entry, or the first that was heard of it."""
    names = ("name", "site", "camera_group", "enabled")
    cameras = sa.table("cameras", *(sa.column(name) for name in names))
    audit = sa.table("audit", sa.column("action"), sa.column("subject"), _time("at"))
    first = sa.select(audit.c.subject, sa.func.min(audit.c.at).label("at")).where(audit.c.action == "put camera")
    added = {row.subject: row.at for row in connection.execute(first.group_by(audit.c.subject))}
    sessions = sa.table("sessions", sa.column("stream_id"), _time("started_at"))
    heard = sa.select(sessions.c.stream_id, sa.func.min(sessions.c.started_at).label("at"))
    began = {row.stream_id: row.at for row in connection.execute(heard.group_by(sessions.c.stream_id))}
    for name, site, group, enabled in connection.execute(sa.select(*(cameras.c[each] for each in names))):
        known = [at for at in (added.get(name), began.get(name)) if at is not None]
        yield name, site, group, bool(enabled), min(known, default=datetime.now(UTC))


def _running(connection: sa.Connection) -> list[tuple[datetime, datetime]]:
    """Return when Sightline ran: while any camera had a session, or a minute of frames was rolled up."""
    sessions = sa.table("sessions", _time("started_at"), _time("last_seen_at"))
    rollups = sa.table("rollups", sa.column("resolution"), _time("at"))
    seen = [tuple(row) for row in connection.execute(sa.select(sessions.c.started_at, sessions.c.last_seen_at))]
    minutes = sa.select(rollups.c.at).where(rollups.c.resolution == "minute").distinct()
    seen += [(at, at + _MINUTE) for at in connection.execute(minutes).scalars()]
    joined: list[tuple[datetime, datetime]] = []
    for since, until in sorted(seen):
        if joined and since - joined[-1][1] <= _SILENT:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    return joined


def spans_of(
    name: str,
    since: datetime,
    steps: Iterable[tuple[datetime, str, str, str]],
    running: Iterable[tuple[datetime, datetime]],
) -> Iterator[dict[str, Any]]:
    """Give the rows of one camera from `since` on: its state while Sightline ran, unknown in between. Pure.

    `steps` are (time, fault, state, reason) of its verdict changes, oldest first.
    """
    states = _states(since, steps)
    at = since
    for began, ended in running:
        for a, b, state, cause in _pieces(states, max(began, at), ended):
            if at < a:
                yield from _days(name, at, a, "unknown", "before_records")
            yield from _days(name, a, b, state, cause)
            at = b


def _pieces(
    states: list[tuple[datetime, str, str]], began: datetime, ended: datetime
) -> Iterator[tuple[datetime, datetime, str, str]]:
    for index, (at, state, cause) in enumerate(states):
        until = states[index + 1][0] if index + 1 < len(states) else ended
        a, b = max(at, began), min(until, ended)
        if a < b:
            yield a, b, state, cause


def _states(since: datetime, steps: Iterable[tuple[datetime, str, str, str]]) -> list[tuple[datetime, str, str]]:
    """Return from when on the camera was in which state; before its first verdict it is unknown."""
    verdicts: dict[str, tuple[str, str]] = {}
    states = [(since, "unknown", "before_records")]
    for at, fault, state, reason in steps:
        verdicts[fault] = (state, reason)
        found = (max(at, since), *_state(verdicts))
        if states[-1][0] == found[0]:
            states[-1] = found
        elif states[-1][1:] != found[1:]:
            states.append(found)
    return states


def _state(verdicts: dict[str, tuple[str, str]]) -> tuple[str, str]:
    bad = [fault for fault in _PRECEDENCE if verdicts.get(fault, ("", ""))[0] == "fault"]
    if bad:
        return "fault", bad[0]
    open_reasons = [verdicts[fault][1] for fault in _PICTURE if verdicts.get(fault, ("", ""))[0] == "not_assessable"]
    for said, cause in _BLIND:
        if any(reason.startswith(said) for reason in open_reasons):
            return "unknown", cause
    for said, cause in _CAUSES:
        if any(reason.startswith(said) for reason in open_reasons):
            return "not_assessable", cause
    judged = any(verdicts.get(fault, ("", ""))[0] == "ok" for fault in _PICTURE)
    return ("ok", "") if judged else ("not_assessable", "no_check")


def _days(name: str, since: datetime, until: datetime, state: str, cause: str) -> Iterator[dict[str, Any]]:
    """Give the span as rows that lie within one day in UTC each."""
    while since < until:
        midnight = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
        end = min(until, midnight)
        yield {
            "stream_id": name, "began_at": since, "ended_at": end, "state": state, "cause": cause, "light": "",
        }  # fmt: skip
        since = end
