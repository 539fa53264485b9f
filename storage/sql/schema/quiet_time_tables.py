"""Tables of maintenance windows, their schedules, and snoozes."""

from sqlalchemy import Column, Integer, String, Table

from storage.sql.schema.column_types import UtcTime
from storage.sql.schema.naming import metadata

maintenance = Table(
    "maintenance",
    metadata,
    Column("window_id", String, primary_key=True),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("camera", String, nullable=False),
    Column("site", String, nullable=False),
    Column("camera_group", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("announced_by", String, nullable=False),
)

maintenance_schedules = Table(
    "maintenance_schedules",
    metadata,
    Column("schedule_id", String, primary_key=True),
    Column("first", String, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("rule", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("camera", String, nullable=False),
    Column("site", String, nullable=False),
    Column("camera_group", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("announced_by", String, nullable=False),
)

snoozes = Table(
    "snoozes",
    metadata,
    Column("snooze_id", String, primary_key=True),
    Column("until", UtcTime, nullable=False),
    Column("incident_id", String, nullable=False),
    Column("camera", String, nullable=False),
    Column("fault", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("snoozed_by", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
