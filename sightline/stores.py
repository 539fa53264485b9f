"""Opens the database of the settings, brought to the newest schema, with the three stores on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine

from domain.ports import Clock
from sightline.settings import Settings
from storage.alerts import SqlAlertStore
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.retention import Retention
from storage.scores import SqlScoreStore
from storage.streams import SqlStreamStore


@dataclass(frozen=True, slots=True)
class Stores:
    """One database, three ports."""

    engine: Engine
    streams: SqlStreamStore
    scores: SqlScoreStore
    alerts: SqlAlertStore


def open_stores(settings: Settings, clock: Clock) -> Stores:
    """Return the stores. Raises `ConfigError` for a database that cannot be used, `StoreUnavailable` if it is away."""
    engine = open_engine(settings.database)
    upgrade(engine)
    retention = Retention(**settings.retention.model_dump())
    scores = SqlScoreStore(engine, retention=retention, clock=clock)
    return Stores(engine, SqlStreamStore(engine), scores, SqlAlertStore(engine))


@contextmanager
def opened_stores(settings: Settings, clock: Clock) -> Iterator[Stores]:
    """Open the stores for one command, and close them after it."""
    stores = open_stores(settings, clock)
    try:
        yield stores
    finally:
        stores.engine.dispose()
