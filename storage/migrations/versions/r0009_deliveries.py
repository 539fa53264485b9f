"""To whom each message goes and who has it; recurring maintenance; snoozes."""

import sqlalchemy as sa
from alembic import op

from storage.sql.schema.column_types import UtcTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "maintenance_schedules",
        sa.Column("schedule_id", sa.String, nullable=False),
        sa.Column("first", sa.String, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("rule", "zone", "camera", "site", "camera_group", "reason", "announced_by")
        ),
        sa.PrimaryKeyConstraint("schedule_id", name="pk_maintenance_schedules"),
    )
    op.create_table(
        "snoozes",
        sa.Column("snooze_id", sa.String, nullable=False),
        sa.Column("until", UtcTime, nullable=False),
        *(
            sa.Column(name, sa.String, nullable=False)
            for name in ("incident_id", "camera", "fault", "reason", "snoozed_by")
        ),
        sa.Column("created_at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("snooze_id", name="pk_snoozes"),
    )
    op.create_table(
        "deliveries",
        sa.Column("incident_id", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("receiver", sa.String, nullable=False),
        sa.Column("planned_at", UtcTime, nullable=False),
        sa.Column("delivered_at", UtcTime),
        sa.PrimaryKeyConstraint("key", "receiver", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_incident_id", "deliveries", ["incident_id"])
    op.create_index("ix_deliveries_planned_at", "deliveries", ["planned_at"])
