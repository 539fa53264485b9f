"""Postgres and Redis that take everything and answer nothing are given up in time, and used again once they answer."""

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, make_url, text

from domain.errors import StoreUnavailable
from lab.bench.endurance.tcp_proxy import ProxyMode, TcpProxy, tcp_proxy
from storage.live.redis_live_state import RedisLiveState
from storage.sql.database import silent_servers
from storage.sql.database.engine import open_engine, read_transaction, write_transaction

LIMIT_S = 60.0
"""Far more than any limit here, and far less than for ever."""


@pytest.fixture
def link(postgres_url: str) -> Iterator[TcpProxy]:
    address = make_url(postgres_url)
    with tcp_proxy(target=f"{address.host}:{address.port or 5432}") as proxy:
        yield proxy


@pytest.fixture
def engine(link: TcpProxy, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(silent_servers, "ANSWER_S", 1.0)
    address = make_url(postgres_url).set(host="127.0.0.1", port=link.port)
    engine = open_engine(address.render_as_string(hide_password=False), busy_timeout_s=2.0)
    yield engine
    link.set_mode(ProxyMode.CUT)
    engine.dispose()


def ask(engine: Engine) -> object:
    with read_transaction(engine) as connection:
        return connection.execute(text("SELECT 1")).scalar_one()


def outcome_of(engine: Engine) -> list[object]:
    """Return what one question came to, within the limit: the answer or the error; nothing where it still waits."""
    found: list[object] = []

    def run() -> None:
        try:
            found.append(ask(engine))
        except StoreUnavailable as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LIMIT_S)
    return found


@pytest.mark.parametrize("mode", [ProxyMode.HALF_OPEN, ProxyMode.ONE_WAY])
def test_a_database_that_takes_everything_and_answers_nothing_is_unavailable_and_then_back(
    engine: Engine, link: TcpProxy, mode: ProxyMode
) -> None:
    assert outcome_of(engine) == [1]
    link.set_mode(mode)
    for _ in range(2):  # a connection of the pool, then a new one
        (error,) = outcome_of(engine)
        assert isinstance(error, StoreUnavailable)
        assert not error.needs_operator
    link.set_mode(ProxyMode.PASS)
    assert outcome_of(engine) == [1]


def test_a_statement_cut_off_in_its_middle_is_unavailable(engine: Engine, link: TcpProxy) -> None:
    silenced: list[object] = []

    def run() -> None:
        try:
            with write_transaction(engine) as connection:
                connection.execute(text("SELECT 1"))
                link.set_mode(ProxyMode.HALF_OPEN)
                connection.execute(text("SELECT 2"))
        except StoreUnavailable as error:
            silenced.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LIMIT_S)
    assert len(silenced) == 1
    link.set_mode(ProxyMode.PASS)
    assert outcome_of(engine) == [1]


def test_what_takes_long_is_waited_for_where_it_may(engine: Engine) -> None:
    with read_transaction(engine, patient=True) as connection:
        assert connection.execute(text("SELECT 1 FROM pg_sleep(2)")).scalar_one() == 1
    with pytest.raises(StoreUnavailable), read_transaction(engine) as connection:
        connection.execute(text("SELECT pg_sleep(30)"))
    assert ask(engine) == 1


def test_the_server_ends_a_statement_and_a_transaction_whose_client_vanished(engine: Engine) -> None:
    names = ("statement_timeout", "idle_in_transaction_session_timeout", "tcp_keepalives_idle", "tcp_keepalives_count")
    with engine.connect() as connection:
        found = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]
    assert found == ["25s", "1min", "10", "3"]


def test_redis_that_answers_nothing_costs_one_time_limit_and_then_none() -> None:
    with tcp_proxy(target="127.0.0.1:1") as link:
        link.set_mode(ProxyMode.HALF_OPEN)
        live = RedisLiveState(f"redis://127.0.0.1:{link.port}/0", timeout_s=0.5, seconds=lambda: 0.0)
        began_s = time.monotonic()
        with pytest.raises(StoreUnavailable):
            live.all()
        live.want_picture("gate")
        assert time.monotonic() - began_s < LIMIT_S / 2
        asked = link.connections
        for _ in range(5):
            live.want_picture("gate")
        assert link.connections == asked
        live.close()
