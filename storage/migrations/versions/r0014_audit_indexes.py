"""The lines of the audit about some cameras and sites are found without reading the others."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for name in ("camera", "site"):
        op.create_index(f"ix_audit_{name}_id", "audit", [name, "id"])
