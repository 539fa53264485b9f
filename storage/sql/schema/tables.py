"""The schema as the code sees it. Alembic (`storage/migrations`) owns what is in the database; a test keeps both equal.

Passwords in `cameras.url` are stored as given, because a camera must be opened with them: the SQLite file is readable
by its owner alone, and no other column, log or answer holds them; `camera_changes` holds addresses without secrets.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    text,
)

from storage.sql.schema.access_tables import api_keys, users
from storage.sql.schema.column_types import Document, UtcTime
from storage.sql.schema.naming import metadata
from storage.sql.schema.quiet_time_tables import maintenance, maintenance_schedules, snoozes

__all__ = ["api_keys", "maintenance", "maintenance_schedules", "metadata", "snoozes", "users"]

NOT_DELIVERED = text("delivered_at IS NULL")

cameras = Table(
    "cameras",
    metadata,
    Column("name", String, primary_key=True),
    Column("url", String, nullable=False),
    Column("site", String, nullable=False),
    Column("camera_group", String, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("settings", Document, nullable=False),
    Column("accepted_at", UtcTime),
    Column("accepted_by", String, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    # SQLite numbers rows by itself only in a column declared INTEGER.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("done_by", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("detail", String, nullable=False),
    *(Column(name, String, nullable=False, server_default="") for name in ("camera", "site", "client", "via")),
    Index(None, "camera", "id"),
    Index(None, "site", "id"),
)

camera_changes = Table(
    "camera_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("done_by", String, nullable=False),
    Column("action", String, nullable=False),
    Column("camera", String, nullable=False),
    Column("hidden", Boolean, nullable=False),
    Column("before_values", Document),
    Column("after_values", Document),
    Index(None, "camera", "id"),
)

settings_cameras = Table(
    "settings_cameras",
    metadata,
    Column("name", String, primary_key=True),
    Column("digest", String, nullable=False),
)

incident_log = Table(
    "incident_log",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("done_by", String, nullable=False),
    Column("incident_id", String, nullable=False),
    Column("action", String, nullable=False),
    Column("value", String, nullable=False),
    Column("note", String, nullable=False),
    Index(None, "incident_id", "id"),
)

leases = Table(
    "leases",
    metadata,
    Column("camera", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("fence", BigInteger, nullable=False, server_default="0"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("stream_id", String, nullable=False),
    Column("session_id", String, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("frames_offered", BigInteger, nullable=False),
    Column("dropped_before", BigInteger, nullable=False),
    Column("dropped_total", BigInteger, nullable=False),
    PrimaryKeyConstraint("stream_id", "session_id"),
)

model_sets = Table(
    "model_sets",
    metadata,
    Column("id", String, primary_key=True),
    Column("models", Document, nullable=False),
)

metric_sets = Table(
    "metric_sets",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("metrics", Document, nullable=False),
    Column("missing", Document),
    Column("model_set", String),
)

frames = Table(
    "frames",
    metadata,
    Column("stream_id", String, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("session_id", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("pts_s", Float(53)),
    Column("scores", Document),
    Column("missing", Document),
    Column("model_set", String),
    Column("metric_set", BigInteger),
    Column("numbers", LargeBinary),
    PrimaryKeyConstraint("stream_id", "received_at", "session_id", "sequence"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (received_at)",
)

unfolded = Table(
    "unfolded",
    metadata,
    Column("stream_id", String, nullable=False),
    Column("minute", UtcTime, nullable=False),
    PrimaryKeyConstraint("stream_id", "minute"),
    sqlite_with_rowid=False,
)

rollups = Table(
    "rollups",
    metadata,
    Column("stream_id", String, nullable=False),
    Column("metric", String, nullable=False),
    Column("resolution", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("mean", Float(53), nullable=False),
    Column("low", Float(53), nullable=False),
    Column("high", Float(53), nullable=False),
    Column("frames", BigInteger, nullable=False),
    PrimaryKeyConstraint("stream_id", "resolution", "metric", "at"),
    Index(None, "resolution", "at"),
    sqlite_with_rowid=False,
)

watermarks = Table(
    "watermarks",
    metadata,
    Column("name", String, primary_key=True),
    Column("at", UtcTime, nullable=False),
)

verdict_changes = Table(
    "verdict_changes",
    metadata,
    Column("stream_id", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("fault", String, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("evidence", Document, nullable=False),
    PrimaryKeyConstraint("stream_id", "at", "fault"),
    Index(None, "stream_id", "fault", "at"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("stream_id", String, nullable=False),
    Column("fault", String, nullable=False),
    Column("state", String, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("incident_id", String, nullable=False),
    Column("flaps", Integer, nullable=False),
    Column("evidence", Document, nullable=False),
    PrimaryKeyConstraint("stream_id", "fault"),
)

transitions = Table(
    "transitions",
    metadata,
    Column("stream_id", String, nullable=False),
    Column("fault", String, nullable=False),
    Column("session_id", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("from_state", String, nullable=False),
    Column("to_state", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("incident_id", String, nullable=False),
    Column("evidence", Document, nullable=False),
    PrimaryKeyConstraint("stream_id", "fault", "session_id", "sequence", "to_state"),
    Index(None, "stream_id", "at"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", String, primary_key=True),
    Column("stream_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("resolved_at", UtcTime),
    Column("document", Document, nullable=False),
    Column("acknowledged_by", String, nullable=False),
    Column("acknowledged_at", UtcTime),
    Column("acknowledge_reason", String, nullable=False),
    Column("fault", String, nullable=False, server_default=""),
    Column("site", String, nullable=False, server_default=""),
    Column("severity", String, nullable=False, server_default=""),
    Column("assigned_to", String, nullable=False, server_default=""),
    Column("answer", String, nullable=False, server_default=""),
    Column("answered_by", String, nullable=False, server_default=""),
    Column("answered_at", UtcTime),
    Index(None, "answer", "fault", "stream_id"),
    Index(None, "fault", "opened_at"),
    Index(None, "site", "opened_at"),
    Index(None, "assigned_to", "opened_at"),
    Index(None, "opened_at"),
    Index(None, "stream_id", "opened_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("key", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("incident", Document, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcTime),
    Column("last_error", String, nullable=False),
    Column("delivered_at", UtcTime),
    Index("ix_outbox_waiting", "created_at", sqlite_where=NOT_DELIVERED, postgresql_where=NOT_DELIVERED),
)

shadow_messages = Table(
    "shadow_messages",
    metadata,
    Column("key", String, nullable=False),
    Column("receiver", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("incident_id", String, nullable=False),
    Column("incident", Document, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("key", "receiver"),
    Index(None, "at"),
    Index(None, "incident_id"),
)

baselines = Table(
    "learned_references",
    metadata,
    Column("stream_id", String, nullable=False),
    Column("mode", String, nullable=False),
    Column("state", String, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("frames", BigInteger, nullable=False),
    Column("statistics", Document, nullable=False),
    Column("structure", LargeBinary),
    Column("reason", String, nullable=False),
    Column("accepted_by", String, nullable=False),
    Column("parts", Document),
    PrimaryKeyConstraint("stream_id", "mode"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("stream_id", String, nullable=False),
    Column("session_id", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("reason", String, nullable=False),
    PrimaryKeyConstraint("stream_id", "session_id", "sequence"),
    Index(None, "received_at"),
)

dropped_frames = Table(
    "dropped_frames",
    metadata,
    Column("stream_id", String, nullable=False),
    Column("session_id", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("stream_id", "session_id", "sequence"),
    Index(None, "received_at"),
)

verdict_time = Table(
    "verdict_time",
    metadata,
    Column("stream_id", String, nullable=False),
    Column("began_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime, nullable=False),
    Column("state", String, nullable=False),
    Column("cause", String, nullable=False),
    Column("light", String, nullable=False),
    PrimaryKeyConstraint("stream_id", "began_at"),
    sqlite_with_rowid=False,
)

watch_changes = Table(
    "watch_changes",
    metadata,
    Column("stream_id", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("watched", Boolean, nullable=False),
    Column("site", String, nullable=False),
    Column("camera_group", String, nullable=False),
    PrimaryKeyConstraint("stream_id", "at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("incident_id", String, nullable=False),
    Column("key", String, nullable=False),
    Column("receiver", String, nullable=False),
    Column("planned_at", UtcTime, nullable=False),
    Column("delivered_at", UtcTime),
    PrimaryKeyConstraint("key", "receiver"),
    Index(None, "incident_id"),
    Index(None, "planned_at"),
)

model_days = Table(
    "model_days",
    metadata,
    Column("day", UtcTime, nullable=False),
    Column("model_set", String, nullable=False),
    PrimaryKeyConstraint("day", "model_set"),
)
