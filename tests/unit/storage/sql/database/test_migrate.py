"""The schema: what the code expects is what the migrations make, and a foreign schema is refused with the next step."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from domain.errors import ConfigError
from storage.sql.database.engine import open_engine, read_transaction, write_transaction
from storage.sql.database.migrate import current_revision, newest_revision, upgrade_schema
from storage.sql.schema.tables import metadata


@pytest.fixture
def empty(tmp_path: Path) -> Engine:
    return open_engine(f"sqlite:///{tmp_path / 'sightline.db'}")


def test_an_empty_database_is_brought_to_the_newest_schema(empty: Engine) -> None:
    assert current_revision(empty) is None
    upgrade_schema(empty)
    assert current_revision(empty) == newest_revision()


def test_migrations_make_exactly_the_tables_of_the_code(empty: Engine) -> None:
    upgrade_schema(empty)
    with read_transaction(empty) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_constraint_has_a_name(empty: Engine) -> None:
    upgrade_schema(empty)
    tables = inspect(empty)
    names = {table: tables.get_pk_constraint(table)["name"] for table in metadata.tables}
    assert names == {table: f"pk_{table}" for table in metadata.tables}


def test_upgrading_twice_changes_nothing(empty: Engine) -> None:
    upgrade_schema(empty)
    with write_transaction(empty) as connection:
        connection.execute(text("UPDATE counters SET number = 5"))
    upgrade_schema(empty)
    with read_transaction(empty) as connection:
        assert connection.execute(text("SELECT number FROM counters")).scalar_one() == 5


def test_foreign_keys_are_checked_again_after_a_migration(empty: Engine) -> None:
    upgrade_schema(empty)
    with read_transaction(empty) as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


def test_a_schema_newer_than_the_code_is_refused(empty: Engine) -> None:
    upgrade_schema(empty)
    with write_transaction(empty) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer than this version"):
        upgrade_schema(empty)


@pytest.mark.parametrize("change", ["UPDATE audit SET done_by = 'nobody'", "DELETE FROM audit"])
def test_the_audit_can_only_be_appended_to(empty: Engine, change: str) -> None:
    upgrade_schema(empty)
    with write_transaction(empty) as connection:
        connection.execute(
            text("INSERT INTO audit (at, done_by, action, subject, detail) VALUES (0, 'ann', 'put camera', 'gate', '')")
        )
    with pytest.raises(IntegrityError, match="append-only"), write_transaction(empty) as connection:
        connection.execute(text(change))
