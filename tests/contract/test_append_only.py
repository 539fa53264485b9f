"""The logs on a real Postgres, as the migrations make them: whoever may write may append, and change nothing."""

import secrets
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from domain.cameras import Camera
from storage.sql.database.engine import open_engine
from storage.sql.stream_store import SqlStreamStore
from tests.fakes.ports import START

LOGS = ("audit", "incident_log", "camera_changes")
INSERT = {
    "audit": "INSERT INTO audit (at, done_by, action, subject, detail) VALUES (now(), 'eve', 'look', 'gate', '')",
    "incident_log": "INSERT INTO incident_log (at, done_by, incident_id, action, value, note) "
    "VALUES (now(), 'eve', 'i', 'comment', '', 'seen')",
    "camera_changes": "INSERT INTO camera_changes (at, done_by, action, camera, hidden) "
    "VALUES (now(), 'eve', 'edit', 'gate', false)",
}
REFUSED_TO_WRITERS = [
    "UPDATE {0} SET done_by = 'nobody'",
    "UPDATE {0} SET id = id + 1000",
    "DELETE FROM {0}",
    "DELETE FROM {0} WHERE id = (SELECT min(id) FROM {0})",
    "TRUNCATE {0}",
    "TRUNCATE {0} CASCADE",
    "{insert} RETURNING id; UPDATE {0} SET done_by = 'nobody'",
    "INSERT INTO {0} SELECT * FROM {0} ON CONFLICT (id) DO UPDATE SET done_by = 'nobody'",
    "WITH gone AS (DELETE FROM {0} RETURNING *) SELECT count(*) FROM gone",
]
REFUSED_TO_OTHERS = [
    "ALTER TABLE {0} DISABLE TRIGGER ALL",
    "DROP TRIGGER {0}_append_only ON {0}",
    "DROP TRIGGER {0}_never_emptied ON {0}",
    "DROP TABLE {0}",
    "ALTER TABLE {0} RENAME TO old_{0}",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION refuse_{0}_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
]


@pytest.fixture
def owner(new_postgres: Engine) -> Engine:
    streams = SqlStreamStore(new_postgres)
    streams.put_camera(Camera("gate", "rtsp://10.0.0.7/main"), by="ann", at=START)
    with new_postgres.begin() as connection:
        connection.execute(text(INSERT["incident_log"].replace("eve", "ann")))
    return new_postgres


@pytest.fixture
def new_postgres(new_database: Callable[[str], Engine]) -> Engine:
    return new_database("postgres")


@pytest.fixture
def writer(owner: Engine) -> Iterator[Engine]:
    """Connect as another role that may do with every table what can be granted."""
    role, password = f"writer_{secrets.token_hex(4)}", secrets.token_hex(8)
    with owner.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'"))
        for what in ("TABLES", "SEQUENCES", "FUNCTIONS"):
            connection.execute(text(f"GRANT ALL ON ALL {what} IN SCHEMA public TO {role}"))
    engine = open_engine(owner.url.set(username=role, password=password).render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    with owner.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {role}"))
        connection.execute(text(f"DROP ROLE {role}"))


def rows_of(engine: Engine, table: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY id"))]


def refuse(engine: Engine, statement: str, *, because: str) -> None:
    with pytest.raises(DBAPIError, match=because), engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("table", LOGS)
def test_another_role_with_every_grant_appends_and_changes_nothing(owner: Engine, writer: Engine, table: str) -> None:
    before = rows_of(owner, table)
    assert before
    for engine in (writer, owner):
        for statement in REFUSED_TO_WRITERS:
            refuse(engine, statement.format(table, insert=INSERT[table]), because="append-only")
            assert rows_of(owner, table) == before
    for statement in REFUSED_TO_OTHERS:
        refuse(writer, statement.format(table), because="must be owner|permission denied")
        assert rows_of(owner, table) == before
    with writer.begin() as connection:
        connection.execute(text(INSERT[table]))
    after = rows_of(owner, table)
    assert (after[:-1], len(after)) == (before, len(before) + 1)
    refuse(writer, f"DELETE FROM {table} WHERE done_by = 'eve'", because="append-only")
