"""The way to a database: who may read the file, which addresses are taken, and what an error says."""

import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from domain.errors import ConfigError, StoreUnavailable
from storage.sql.database.engine import open_engine, read_transaction, write_transaction
from storage.sql.database.migrate import upgrade_schema


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = open_engine(f"sqlite:///{tmp_path / 'folder' / 'sightline.db'}")
    upgrade_schema(engine)
    return engine


def test_the_file_and_its_journal_are_readable_by_their_owner_alone(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        connection.execute(text("UPDATE counters SET number = 1"))
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode) for path in Path(str(engine.url.database)).parent.iterdir()
        }
    assert modes["sightline.db"] == 0o600
    assert set(modes.values()) == {0o600}


def test_a_file_found_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    path.touch(mode=0o644)
    open_engine(f"sqlite:///{path}").dispose()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("mysql://localhost/x", "'mysql' is not supported"),
        ("just words", "not a database address"),
    ],
)
def test_an_address_that_cannot_be_used_says_what_to_write(url: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        open_engine(url)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot write"):
        open_engine(f"sqlite:///{tmp_path / 'file' / 'sightline.db'}")


def test_a_failed_transaction_leaves_nothing(engine: Engine) -> None:
    def fail_half_way() -> None:
        with write_transaction(engine) as connection:
            connection.execute(text("UPDATE counters SET number = 7"))
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    with read_transaction(engine) as connection:
        assert connection.execute(text("SELECT number FROM counters")).scalar_one() == 0


def test_a_reader_sees_one_state_while_another_thread_writes(engine: Engine) -> None:
    def write() -> None:
        with write_transaction(engine) as connection:
            connection.execute(text("UPDATE counters SET number = number + 1"))

    with read_transaction(engine) as connection:
        before = connection.execute(text("SELECT number FROM counters")).scalar_one()
        writer = threading.Thread(target=write)
        writer.start()
        writer.join()
        assert connection.execute(text("SELECT number FROM counters")).scalar_one() == before
    with read_transaction(engine) as connection:
        assert connection.execute(text("SELECT number FROM counters")).scalar_one() == before + 1


def test_writers_of_several_threads_wait_for_each_other(engine: Engine) -> None:
    def write() -> None:
        for _ in range(20):
            with write_transaction(engine) as connection:
                number = connection.execute(text("SELECT number FROM counters")).scalar_one()
                connection.execute(text("UPDATE counters SET number = :n"), {"n": number + 1})

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with read_transaction(engine) as connection:
        assert connection.execute(text("SELECT number FROM counters")).scalar_one() == 80


def test_an_unreachable_postgres_is_unavailable_and_its_password_unsaid() -> None:
    engine = open_engine("postgresql://sightline:s3cret@127.0.0.1:1/sightline", busy_timeout_s=2)
    with pytest.raises(StoreUnavailable) as caught, read_transaction(engine):
        pass
    engine.dispose()
    assert "cannot be reached" in str(caught.value)
    assert "s3cret" not in str(caught.value) + str(caught.value.__cause__)
