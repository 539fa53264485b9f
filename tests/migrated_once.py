"""Brings an empty SQLite database to the newest schema by the statements that the first migration of this process left.

All migrations in a row take 70 ms of CPU, their result 5 ms. Databases that hold something, migrations to a certain
revision, other processes and Postgres run the real migrations, and so does the first empty database of each process.
"""

import sys
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

_statements: list[tuple[str, tuple[Any, ...]]] = []


def pytest_collection_finish() -> None:
    migrate: Any = sys.modules.get("storage.sql.database.migrate")
    if migrate is None or hasattr(migrate.command, "upgrade_for_tests"):
        return
    upgrade = migrate.command.upgrade

    def upgrade_once(config: Any, revision: str, **options: Any) -> None:
        connection = config.attributes.get("connection")
        if options or revision != "head" or connection is None or not _is_empty_sqlite(connection):
            upgrade(config, revision, **options)
        elif not _statements:
            upgrade(config, revision)
            _statements.extend(_dump(connection))
        else:
            for statement, values in _statements:
                connection.exec_driver_sql(statement, values)

    migrate.command.upgrade_for_tests = upgrade
    migrate.command.upgrade = upgrade_once


def _is_empty_sqlite(connection: Connection) -> bool:
    return (
        connection.dialect.name == "sqlite"
        and connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one() == 0
    )


def _dump(connection: Connection) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield what makes this schema with its first rows: tables, rows, then indexes and triggers."""
    made = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").all()
    tables = [row for row in made if row.type == "table" and not row.name.startswith("sqlite_")]
    for table in tables:
        yield table.sql, ()
    for table in tables:
        for row in connection.exec_driver_sql(f'SELECT * FROM "{table.name}"').all():
            yield f'INSERT INTO "{table.name}" VALUES ({", ".join("?" * len(row))})', tuple(row)
    for other in made:
        if other.type != "table":
            yield other.sql, ()
