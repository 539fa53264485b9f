"""What operators do: the log of incidents, answers to alarms, changes of cameras. Both logs are append-only."""

import sqlalchemy as sa
from alembic import op

from storage.sql.schema.column_types import Document, UtcTime

revision = "0007"
down_revision = "0006"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    for name in ("fault", "site", "severity", "assigned_to", "answer", "answered_by"):
        op.add_column("incidents", sa.Column(name, sa.String, nullable=False, server_default=""))
    op.add_column("incidents", sa.Column("answered_at", UtcTime))
    postgres = op.get_bind().dialect.name == "postgresql"
    fields = {"fault": "headline", "site": "site", "severity": "severity"}
    found = {
        column: f"document->>'{key}'" if postgres else f"json_extract(document, '$.{key}')"
        for column, key in fields.items()
    }
    op.execute("UPDATE incidents SET " + ", ".join(f"{name} = COALESCE({of}, '')" for name, of in found.items()))
    op.create_table(
        "incident_log",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("done_by", sa.String, nullable=False),
        sa.Column("incident_id", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("value", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident_log"),
    )
    op.create_index("ix_incident_log_incident_id_id", "incident_log", ["incident_id", "id"])
    op.create_table(
        "camera_changes",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("done_by", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("camera", sa.String, nullable=False),
        sa.Column("hidden", sa.Boolean, nullable=False),
        sa.Column("before_values", Document),
        sa.Column("after_values", Document),
        sa.PrimaryKeyConstraint("id", name="pk_camera_changes"),
    )
    op.create_index("ix_camera_changes_camera_id", "camera_changes", ["camera", "id"])
    op.create_table(
        "settings_cameras",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings_cameras"),
    )
    for table in ("incident_log", "camera_changes"):
        _protect(table, postgres=postgres)


def _protect(table: str, *, postgres: bool) -> None:
    """Make a table append-only in the database itself."""
    refusal = f"{table} is append-only"
    if postgres:
        op.execute(
            f"CREATE FUNCTION refuse_{table}_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{refusal}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_{table}_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )
