"""The databases of tests have the schema and the first rows that the migrations leave."""

from contextlib import closing
from pathlib import Path

from alembic import command
from sqlalchemy import Engine

from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema


def contents(engine: Engine) -> dict[str, object]:
    with closing(engine.connect()) as connection:
        made = connection.exec_driver_sql("SELECT name, type, tbl_name, sql FROM sqlite_master").all()
        found: dict[str, object] = {row.name: tuple(row) for row in made}
        for row in made:
            if row.type == "table":
                found[f"rows of {row.name}"] = connection.exec_driver_sql(f'SELECT * FROM "{row.name}"').all()
    engine.dispose()
    return found


def test_a_database_made_from_statements_is_the_one_that_the_migrations_make(tmp_path: Path) -> None:
    first, second, migrated = (open_engine(f"sqlite:///{tmp_path}/{name}.db") for name in "abc")
    upgrade_schema(first)
    upgrade_schema(second)
    once = command.upgrade
    command.upgrade = command.upgrade_for_tests  # type: ignore[attr-defined]
    try:
        upgrade_schema(migrated)
    finally:
        command.upgrade = once

    assert contents(second) == contents(migrated)
    assert contents(first) == contents(second)
