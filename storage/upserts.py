"""Inserts that may be repeated: both databases spell `ON CONFLICT` alike, SQLAlchemy has one class for each."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Row: TypeAlias = Mapping[str, Any]
_Insert: TypeAlias = sqlite.Insert | postgresql.Insert


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose primary key is not there yet; leave the others as they are."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def replace_older(
    connection: Connection, table: Table, rows: Sequence[Row], *, by: str, keep: Collection[str] = ()
) -> None:
    """Insert rows, or replace those whose time `by` is not later, so that a repeated old unit changes nothing.

    The columns in `keep` stay as first inserted. Of rows with one key the last counts.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    last = {tuple(row[key] for key in keys): row for row in rows}
    statement = _insert(connection, table)
    changed = [name for name in rows[0] if name not in keys and name not in keep] or keys[:1]
    statement = statement.on_conflict_do_update(
        index_elements=keys,
        set_={name: statement.excluded[name] for name in changed},
        where=statement.excluded[by] >= table.c[by],
    )
    connection.execute(statement, list(last.values()))


def _insert(connection: Connection, table: Table) -> _Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
