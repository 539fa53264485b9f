"""Brings a database to the schema of this code, or says why it cannot. Works from an installed package."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from domain.errors import ConfigError, StoreUnavailable
from storage.sql.database.engine import migration_transaction, read_transaction

_MIGRATION_LOCK = 0x51_67_68_74
"""Postgres advisory lock: two processes that start together migrate one after the other."""


def newest_revision() -> str:
    """Return the revision this code needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def current_revision(engine: Engine) -> str | None:
    """Return the database's revision, None when it is empty.

    Raises `StoreUnavailable`, or `ConfigError` where waiting does not help.
    """
    with _raise_config_errors(engine), read_transaction(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade_schema(engine: Engine, to: str = "head") -> None:
    """Bring the schema to the newest revision or to `to`, all of it or nothing; does nothing when it is there.

    Raises `ConfigError` for a schema newer than this code or a damaged file, `StoreUnavailable` when it is locked.
    """
    revision = current_revision(engine)
    if revision == newest_revision():
        return
    _refuse_unknown_revision(revision)
    with migration_transaction(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _refuse_unknown_revision(revision: str | None) -> None:
    revisions = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in revisions:
        raise ConfigError(
            f"storage: the database's schema ({revision}) is newer than this version of Sightline; "
            "install the version that wrote it, or a newer one"
        )


@contextmanager
def _raise_config_errors(engine: Engine) -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        if error.needs_operator:
            raise ConfigError(f"database: {engine.url.database}: {error}") from error
        raise
