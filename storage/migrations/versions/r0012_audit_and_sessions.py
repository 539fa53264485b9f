"""The audit says of which camera and from where; sessions end, the first administrator and kiosk links are kept."""

import sqlalchemy as sa
from alembic import op

from storage.sql.schema.column_types import UtcTime

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for name in ("camera", "site", "client", "via"):
        op.add_column("audit", sa.Column(name, sa.String, nullable=False, server_default=""))
    op.create_table(
        "server_secrets",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("secret", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_server_secrets"),
    )
    op.create_table(
        "setup_tokens",
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("expires_at", UtcTime, nullable=False),
        sa.Column("used", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_setup_tokens"),
    )
    op.create_table(
        "ended_sessions",
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("until", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_ended_sessions"),
    )
    op.create_table(
        "kiosk_links",
        sa.Column("link_id", sa.String, nullable=False),
        sa.Column("site", sa.String),
        sa.Column("made_by", sa.String, nullable=False),
        sa.Column("made_at", UtcTime, nullable=False),
        sa.Column("until", UtcTime, nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("link_id", name="pk_kiosk_links"),
    )
