"""What several processes need: which lease tokens still count, which frames were dropped, what was judged last."""

import sqlalchemy as sa
from alembic import op

from storage.sql.schema.column_types import UtcTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Before this revision every new token ended all older ones.
    op.add_column("leases", sa.Column("fence", sa.BigInteger, nullable=False, server_default="0"))
    op.execute("UPDATE leases SET fence = token")
    op.create_table(
        "dropped_frames",
        sa.Column("stream_id", sa.String, nullable=False),
        sa.Column("session_id", sa.String, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("received_at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", "session_id", "sequence", name="pk_dropped_frames"),
    )
    op.create_index("ix_dropped_frames_received_at", "dropped_frames", ["received_at"])
    op.create_index("ix_verdict_changes_stream_id_fault_at", "verdict_changes", ["stream_id", "fault", "at"])
