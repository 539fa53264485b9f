"""Inserts that may be repeated, many rows at once.

Both databases spell `ON CONFLICT` alike; SQLAlchemy's own way would convert each value of each row in Python, which is
most of the time that storing takes.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from storage.sql.schema.column_types import UtcTime, microseconds

Row: TypeAlias = Mapping[str, Any]
_UNIQUE_VIOLATION = "23505"
"""SQLSTATE of a row whose key is there."""


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose primary key is not there yet; leave the others as they are."""
    _insert(connection, table, rows, "ON CONFLICT DO NOTHING")


def insert_mostly_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert as `insert_new` does rows that are hardly ever there yet.

    Postgres logs a row that may meet another one twice, 48 bytes more. So they are inserted as new ones first, and only
    where one of them turns out to be there already as `insert_new` does it.
    """
    if connection.dialect.name == "sqlite" or not rows:
        insert_new(connection, table, rows)
        return
    into, values = _into(table, list(rows[0])), [tuple(row.values()) for row in rows]
    try:
        _execute_values(connection, f"SAVEPOINT new_rows; {into} %s; RELEASE SAVEPOINT new_rows", values)
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) != _UNIQUE_VIOLATION:
            raise
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT new_rows")
        insert_new(connection, table, rows)


def insert_or_lock(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows; those that are there already stay, and nobody deletes them before this transaction ends.

    A row that is only locked costs Postgres half the log of one that is written again, and no space.
    """
    if rows:
        keys = [column.name for column in table.primary_key]
        same = f"{keys[0]} = excluded.{keys[0]}"
        _insert(connection, table, rows, f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {same} WHERE false")


def replace_older(
    connection: Connection,
    table: Table,
    rows: Sequence[Row],
    *,
    by: str,
    keep: Collection[str] = (),
    rising: Collection[str] = (),
    ahead: datetime | None = None,
) -> None:
    """Insert rows, or replace those whose time `by` is not later, so that a repeated old batch changes nothing.

    The columns in `keep` stay as first inserted, those in `rising` never fall. Of rows with one key the last counts.
    What is there with a time beyond `ahead` was written by a clock that was wrong, and is replaced whatever it says.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    last = {tuple(row[key] for key in keys): row for row in rows}
    changed = [name for name in rows[0] if name not in keys and name not in keep] or keys[:1]
    greatest = "max" if connection.dialect.name == "sqlite" else "greatest"
    new = {name: f"excluded.{name}" for name in changed}
    new |= {name: f"{greatest}(excluded.{name}, {table.name}.{name})" for name in rising}
    older = f"excluded.{by} >= {table.name}.{by}"
    if ahead is not None:
        older = f"({older} OR {table.name}.{by} > {_literal(connection, ahead)})"
    _insert(
        connection,
        table,
        list(last.values()),
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {', '.join(f'{name} = {to}' for name, to in new.items())} "
        f"WHERE {older}",
    )


def raise_numbers(connection: Connection, table: Table, column: str, rows: Sequence[Row]) -> None:
    """Raise a column of the rows named by the primary key to at least the number given; leave what is higher."""
    if not rows:
        return
    keys = [key.name for key in table.primary_key]
    values = [(*(row[key] for key in keys), row[column]) for row in rows]
    if connection.dialect.name == "sqlite":
        same = " AND ".join(f"{key} = ?{place + 1}" for place, key in enumerate(keys))
        number = f"?{len(keys) + 1}"
        _execute_many(
            connection, f"UPDATE {table.name} SET {column} = {number} WHERE {same} AND {column} < {number}", values
        )
        return
    same = " AND ".join(f"{table.name}.{key} = given.{key}" for key in keys)
    _execute_values(
        connection,
        f"UPDATE {table.name} SET {column} = given.{column} FROM (VALUES %s) AS given ({', '.join([*keys, column])}) "
        f"WHERE {same} AND {table.name}.{column} < given.{column}",
        values,
    )


def move_times(
    connection: Connection, table: Table, column: str, rows: Sequence[tuple[Row, datetime, datetime]]
) -> int:
    """Change a time of the rows named by their primary key where it is as expected; return how many were.

    Each of `rows` is (key, expected, new).
    """
    if not rows:
        return 0
    keys = [key.name for key in table.primary_key]
    if connection.dialect.name == "sqlite":
        same = " AND ".join(f"{key} = ?" for key in keys)
        values = [
            (_read_stored(new), *(_read_stored(key[name]) for name in keys), _read_stored(expected))
            for key, expected, new in rows
        ]
        statement = f"UPDATE {table.name} SET {column} = ? WHERE {same} AND {column} = ?"
        return connection.exec_driver_sql(statement, values).rowcount
    same = " AND ".join(f"{table.name}.{key} = given.{key}" for key in keys)
    names = ", ".join([*keys, "expected", "fresh"])
    return _execute_values(
        connection,
        f"UPDATE {table.name} SET {column} = given.fresh FROM (VALUES %s) AS given ({names}) "
        f"WHERE {same} AND {table.name}.{column} = given.expected",
        [(*(key[name] for name in keys), expected, new) for key, expected, new in rows],
    )


def _read_stored(value: Any) -> Any:
    return microseconds(value) if isinstance(value, datetime) else value


def _literal(connection: Connection, at: datetime) -> str:
    return str(microseconds(at)) if connection.dialect.name == "sqlite" else f"'{at.isoformat()}'::timestamptz"


def _insert(connection: Connection, table: Table, rows: Sequence[Row], on_conflict: str) -> None:
    """Insert rows that all have the same columns, in one statement."""
    if not rows:
        return
    names = list(rows[0])
    into = _into(table, names)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in names)
        _execute_many(connection, f"{into} ({marks}) {on_conflict}", _sqlite_values(table, names, rows))
    else:
        _execute_values(connection, f"{into} %s {on_conflict}", [tuple(row.values()) for row in rows])


def _into(table: Table, names: Sequence[str]) -> str:
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES"


def _sqlite_values(table: Table, names: Sequence[str], rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    times = {name: _sqlite_time for name in names if isinstance(table.c[name].type, UtcTime)}
    if not times:
        return [tuple(row.values()) for row in rows]
    convert: list[Callable[[Any], Any]] = [times.get(name, _keep_value) for name in names]
    return [tuple(act(value) for act, value in zip(convert, row.values(), strict=True)) for row in rows]


def _sqlite_time(at: datetime | None) -> int | None:
    return None if at is None else microseconds(at)


def _keep_value(value: Any) -> Any:
    return value


def _execute_many(connection: Connection, statement: str, rows: list[tuple[Any, ...]]) -> None:
    connection.exec_driver_sql(statement, rows)


def _execute_values(connection: Connection, statement: str, rows: list[tuple[Any, ...]]) -> int:
    """Send all rows in one statement and return how many were changed; psycopg2's own `executemany` sends one a row."""
    import psycopg2  # noqa: PLC0415 - only the extra 'cluster' has it
    from psycopg2.extras import execute_values  # noqa: PLC0415

    with closing(connection.connection.cursor()) as cursor:
        try:
            execute_values(cursor, statement, rows, page_size=len(rows))
            return int(cursor.rowcount)
        except psycopg2.Error as error:
            raise DBAPIError.instance(
                statement, None, error, psycopg2.Error, hide_parameters=True, dialect=connection.dialect
            ) from error
