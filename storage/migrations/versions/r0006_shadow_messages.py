"""What shadow mode kept from receivers."""

import sqlalchemy as sa
from alembic import op

from storage.sql.schema.column_types import Document, UtcTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "shadow_messages",
        sa.Column("key", sa.String, nullable=False),
        sa.Column("receiver", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("incident_id", sa.String, nullable=False),
        sa.Column("incident", Document, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("key", "receiver", name="pk_shadow_messages"),
    )
    op.create_index("ix_shadow_messages_at", "shadow_messages", ["at"])
    op.create_index("ix_shadow_messages_incident_id", "shadow_messages", ["incident_id"])
