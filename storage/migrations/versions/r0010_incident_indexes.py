"""Incidents are counted by answer, and found by fault, site and person, without reading them all."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_index("ix_incidents_answer_fault_stream_id", "incidents", ["answer", "fault", "stream_id"])
    for name in ("fault", "site", "assigned_to"):
        op.create_index(f"ix_incidents_{name}_opened_at", "incidents", [name, "opened_at"])
