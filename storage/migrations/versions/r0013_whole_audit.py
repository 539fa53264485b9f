"""The logs cannot be emptied at once or written over either: TRUNCATE, and SQLite's INSERT OR REPLACE."""

from alembic import op

revision = "0013"
down_revision = "0012"

LOGS = ("audit", "incident_log", "camera_changes")


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    for table in LOGS:
        if postgres:
            op.execute(
                f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_{table}_change()"
            )
        else:
            # REPLACE deletes the old row without the trigger of a deletion (sqlite.org/lang_conflict.html).
            op.execute(
                f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
