"""Postgres in trouble: a full disk, a server that dies, wrong credentials. The unit is kept and nothing is lost."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, make_url, text

from domain.errors import ConfigError, StoreUnavailable
from domain.messages import BatchResult
from storage.sql.database.engine import open_engine, write_transaction
from storage.sql.database.migrate import current_revision, upgrade_schema
from storage.sql.score_store import SqlScoreStore
from tests import services
from tests.contract.records import alert, entry, incident, scores, transition
from tests.fakes.ports import START

TOMORROW = START + timedelta(days=1)
UNIT = BatchResult(
    scores=tuple(scores("gate", each) for each in range(20)),
    alerts=(alert(),),
    transitions=(transition(),),
    incidents=(incident(),),
    outbox=(entry(),),
)


@pytest.fixture(scope="module")
def server() -> Iterator[services.Service]:
    """Give a server of this file's own, since its tests end it."""
    try:
        with services.postgres() as server:
            yield server
    except services.ServiceMissing as error:
        services.absent(error)


@pytest.fixture
def engine(server: services.Service) -> Iterator[Engine]:
    engine = open_engine(server.address)
    upgrade_schema(engine)
    with write_transaction(engine) as connection:
        connection.execute(text("TRUNCATE frames, alerts, transitions, incidents, outbox"))
    yield engine
    engine.dispose()
    server.start()


def read_sequences(store: SqlScoreStore) -> list[int]:
    return [row.ref.sequence for row in store.frames("gate", START, TOMORROW)]


def test_a_full_disk_keeps_the_unit_and_stores_it_once_there_is_room(engine: Engine) -> None:
    store = SqlScoreStore(engine)
    with write_transaction(engine) as connection:
        # The last table a unit writes: everything before it must be taken back.
        connection.execute(
            text(
                "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
            )
        )
        connection.execute(text("CREATE TRIGGER full_disk BEFORE INSERT ON outbox EXECUTE FUNCTION fill()"))
    with pytest.raises(StoreUnavailable, match="disk is full"):
        store.add(UNIT)
    assert read_sequences(store) == []
    with write_transaction(engine) as connection:
        connection.execute(text("DROP TRIGGER full_disk ON outbox"))
        connection.execute(text("DROP FUNCTION fill"))
    store.add(UNIT)
    assert read_sequences(store) == list(range(20))


def test_a_server_that_dies_and_comes_back_is_waited_for_and_the_unit_stored_once(
    server: services.Service, engine: Engine
) -> None:
    store = SqlScoreStore(engine)
    store.add(UNIT)
    server.kill()
    for act in (lambda: store.add(UNIT), lambda: read_sequences(store)):
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            act()
    server.start()
    store.add(UNIT)
    assert read_sequences(store) == list(range(20))


def test_a_unit_waits_for_a_long_lock_and_is_then_stored(engine: Engine) -> None:
    store = SqlScoreStore(engine)
    store.add(UNIT)
    other = engine.connect()
    other.execute(text("LOCK TABLE frames IN ACCESS EXCLUSIVE MODE"))
    impatient = open_engine(engine.url.render_as_string(hide_password=False), busy_timeout_s=1)
    with pytest.raises(StoreUnavailable):
        SqlScoreStore(impatient).add(UNIT)
    other.rollback()
    other.close()
    SqlScoreStore(impatient).add(UNIT)
    impatient.dispose()


def test_wrong_credentials_are_the_operators_to_correct_and_stay_unsaid(server: services.Service) -> None:
    engine = open_engine(make_url(server.address).set(password="hunter2x").render_as_string(hide_password=False))
    with pytest.raises(ConfigError, match="refused the user or password") as caught:
        current_revision(engine)
    engine.dispose()
    assert "hunter2x" not in str(caught.value) + str(caught.value.__cause__)


def test_a_database_that_does_not_exist_is_named(server: services.Service) -> None:
    engine = open_engine(make_url(server.address).set(database="nowhere").render_as_string(hide_password=False))
    with pytest.raises(ConfigError, match="nowhere: the server has no such database"):
        upgrade_schema(engine)
    engine.dispose()


def test_credentials_that_change_while_running_keep_the_unit(server: services.Service, engine: Engine) -> None:
    wrong = open_engine(make_url(server.address).set(password="hunter2x").render_as_string(hide_password=False))
    with pytest.raises(StoreUnavailable, match="refused the user or password"):
        SqlScoreStore(wrong).add(UNIT)
    wrong.dispose()
