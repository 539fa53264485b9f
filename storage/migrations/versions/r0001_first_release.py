"""Everything the first release stores."""

import sqlalchemy as sa
from alembic import op

from storage.sql.schema.column_types import Document, UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    _create_cameras()
    _create_sessions()
    _create_frames()
    _create_rollups()
    _create_alerts()
    _create_messages()
    _protect_audit()


def _create_cameras() -> None:
    """Cameras, their revision number, and who changed what."""
    op.create_table(
        "cameras",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("site", sa.String, nullable=False),
        sa.Column("camera_group", sa.String, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("settings", Document, nullable=False),
        sa.Column("accepted_at", UtcTime),
        sa.Column("accepted_by", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cameras"),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("done_by", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.execute("INSERT INTO counters (name, number) VALUES ('cameras', 0)")


def _create_sessions() -> None:
    """Connections, and the model sets frames refer to."""
    op.create_table(
        "sessions",
        sa.Column("stream_id", sa.String, nullable=False),
        sa.Column("session_id", sa.String, nullable=False),
        sa.Column("started_at", UtcTime, nullable=False),
        sa.Column("last_seen_at", UtcTime, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("frames_offered", sa.BigInteger, nullable=False),
        sa.Column("dropped_before", sa.BigInteger, nullable=False),
        sa.Column("dropped_total", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "session_id", name="pk_sessions"),
    )
    op.create_table(
        "model_sets",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("models", Document, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model_sets"),
    )


def _create_frames() -> None:
    """One row a frame; Postgres keeps them in partitions by day."""
    op.create_table(
        "frames",
        sa.Column("stream_id", sa.String, nullable=False),
        sa.Column("received_at", UtcTime, nullable=False),
        sa.Column("session_id", sa.String, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("pts_s", sa.Float(53)),
        sa.Column("scores", Document, nullable=False),
        sa.Column("missing", Document),
        sa.Column("model_set", sa.String),
        sa.PrimaryKeyConstraint("stream_id", "received_at", "session_id", "sequence", name="pk_frames"),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_table(
        "dead_letters",
        sa.Column("stream_id", sa.String, nullable=False),
        sa.Column("session_id", sa.String, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("received_at", UtcTime, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "session_id", "sequence", name="pk_dead_letters"),
    )
    op.create_index("ix_dead_letters_received_at", "dead_letters", ["received_at"])


def _create_rollups() -> None:
    """Minutes not yet folded, what they fold into, and how far retention came."""
    op.create_table(
        "unfolded",
        sa.Column("stream_id", sa.String, nullable=False),
        sa.Column("minute", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "minute", name="pk_unfolded"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollups",
        sa.Column("stream_id", sa.String, nullable=False),
        sa.Column("metric", sa.String, nullable=False),
        sa.Column("resolution", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("mean", sa.Float(53), nullable=False),
        sa.Column("low", sa.Float(53), nullable=False),
        sa.Column("high", sa.Float(53), nullable=False),
        sa.Column("frames", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "resolution", "metric", "at", name="pk_rollups"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_rollups_resolution_at", "rollups", ["resolution", "at"])
    op.create_table(
        "watermarks",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_watermarks"),
    )


def _create_alerts() -> None:
    """What a restart of the evaluation needs."""
    op.create_table(
        "verdict_changes",
        sa.Column("stream_id", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("fault", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("evidence", Document, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "at", "fault", name="pk_verdict_changes"),
    )
    op.create_table(
        "alerts",
        sa.Column("stream_id", sa.String, nullable=False),
        sa.Column("fault", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("since", UtcTime, nullable=False),
        sa.Column("updated_at", UtcTime, nullable=False),
        sa.Column("incident_id", sa.String, nullable=False),
        sa.Column("flaps", sa.Integer, nullable=False),
        sa.Column("evidence", Document, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "fault", name="pk_alerts"),
    )
    op.create_table(
        "transitions",
        sa.Column("stream_id", sa.String, nullable=False),
        sa.Column("fault", sa.String, nullable=False),
        sa.Column("session_id", sa.String, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("from_state", sa.String, nullable=False),
        sa.Column("to_state", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("incident_id", sa.String, nullable=False),
        sa.Column("evidence", Document, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "fault", "session_id", "sequence", "to_state", name="pk_transitions"),
    )
    op.create_index("ix_transitions_stream_id_at", "transitions", ["stream_id", "at"])
    op.create_table(
        "learned_references",
        sa.Column("stream_id", sa.String, nullable=False),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("started_at", UtcTime, nullable=False),
        sa.Column("updated_at", UtcTime, nullable=False),
        sa.Column("frames", sa.BigInteger, nullable=False),
        sa.Column("statistics", Document, nullable=False),
        sa.Column("structure", sa.LargeBinary),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("accepted_by", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "mode", name="pk_learned_references"),
    )


def _create_messages() -> None:
    """What people are notified of."""
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.String, nullable=False),
        sa.Column("stream_id", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("opened_at", UtcTime, nullable=False),
        sa.Column("updated_at", UtcTime, nullable=False),
        sa.Column("resolved_at", UtcTime),
        sa.Column("document", Document, nullable=False),
        sa.Column("acknowledged_by", sa.String, nullable=False),
        sa.Column("acknowledged_at", UtcTime),
        sa.Column("acknowledge_reason", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("incident_id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_opened_at", "incidents", ["opened_at"])
    op.create_index("ix_incidents_stream_id_opened_at", "incidents", ["stream_id", "opened_at"])
    op.create_table(
        "outbox",
        sa.Column("key", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("incident", Document, nullable=False),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", UtcTime),
        sa.Column("last_error", sa.String, nullable=False),
        sa.Column("delivered_at", UtcTime),
        sa.PrimaryKeyConstraint("key", name="pk_outbox"),
    )
    waiting = sa.text("delivered_at IS NULL")
    op.create_index("ix_outbox_waiting", "outbox", ["created_at"], sqlite_where=waiting, postgresql_where=waiting)


def _protect_audit() -> None:
    """Make the audit append-only in the database itself."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
            "FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
        )
