"""A camera's baseline is learned in parts; one stored before has none, and each part is as the whole was."""

import sqlalchemy as sa
from alembic import op

from storage.sql.schema.column_types import Document

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("learned_references", sa.Column("parts", Document, nullable=True))
