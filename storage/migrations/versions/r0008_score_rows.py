"""The numbers of a frame become a float32 array, and what names them is stored once for many frames.

Rows from before keep their JSON document and are read as they are, so that a large database is brought up at once; they
go with their retention.
"""

import sqlalchemy as sa
from alembic import op

from storage.sql.schema.column_types import Document

revision = "0008"
down_revision = "0007"

_REQUIRED, _OPTIONAL = "scores TEXT NOT NULL", "scores TEXT"


def upgrade() -> None:
    op.create_table(
        "metric_sets",
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("metrics", Document, nullable=False),
        sa.Column("missing", Document),
        sa.Column("model_set", sa.String),
        sa.PrimaryKeyConstraint("id", name="pk_metric_sets"),
    )
    op.add_column("frames", sa.Column("metric_set", sa.BigInteger))
    op.add_column("frames", sa.Column("numbers", sa.LargeBinary))
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.alter_column("frames", "scores", nullable=True)
    else:
        _make_optional_in_sqlite(connection)


def _make_optional_in_sqlite(connection: sa.Connection) -> None:
    """Lift NOT NULL without copying the table, as https://sqlite.org/lang_altertable.html describes for constraints."""
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'frames'",
        (_REQUIRED, _OPTIONAL),
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
