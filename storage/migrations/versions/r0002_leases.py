"""Which ingest process reads a camera."""

import sqlalchemy as sa
from alembic import op

from storage.sql.schema.column_types import UtcTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("camera", sa.String, nullable=False),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("camera", name="pk_leases"),
    )
