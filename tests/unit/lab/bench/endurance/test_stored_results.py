"""A database that is measured may be away for a while; one that stays away is said in one sentence."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from domain.errors import SightlineError
from lab.bench.endurance.stored_results import read_patiently


def test_a_database_that_answers_nothing_for_a_while_is_asked_again() -> None:
    asked: list[int] = []

    def read(connection: Connection) -> int:
        asked.append(1)
        if len(asked) < 3:
            raise OperationalError("SELECT 1", {}, sqlite3.OperationalError("the server gave no answer for 5 s"))
        return int(connection.execute(text("SELECT 1")).scalar_one())

    assert read_patiently(create_engine("sqlite://"), read) == 1
    assert len(asked) == 3


def test_a_database_that_stays_away_is_said_in_one_sentence(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'no folder' / 'none.db'}")
    with pytest.raises(
        SightlineError, match=r"^the database that is measured did not answer for 0 s \(.+\): see"
    ) as told:
        read_patiently(engine, lambda connection: connection.execute(text("SELECT 1")).scalar(), patience_s=0.0)
    assert "\n" not in str(told.value)
