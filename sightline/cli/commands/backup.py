"""`sightline backup` and `sightline restore`: a copy of the database, made while it is in use."""

import shlex
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import URL, make_url

from domain.errors import ConfigError
from sightline.cli.console import say, without_traceback
from sightline.cli.options import SettingsOption, load_command_settings
from sightline.config.settings import Settings
from storage.sql.database.backup import backup_sqlite, restore_sqlite


@without_traceback
def backup(
    path: Annotated[Path, typer.Argument(help="File to write; it holds the cameras' logins.")],
    settings: SettingsOption = None,
) -> None:
    """Write a copy of the database to a file, also while Sightline runs; nothing committed is missing."""
    address = make_url(load_command_settings(settings).database)
    if address.get_backend_name() != "sqlite":
        command = _postgres_command("pg_dump", address, "--format=custom", f"--file={path}")
        raise ConfigError(f"database: is Postgres, which copies itself while in use; run: {command}")
    size = backup_sqlite(Path(str(address.database)), path)
    say(f"wrote {path} ({size / 1e6:.1f} MB); it holds the cameras' logins, so keep it where only you can read it")


@without_traceback
def restore(
    path: Annotated[Path, typer.Argument(help="A file that `sightline backup` wrote.")],
    settings: SettingsOption = None,
) -> None:
    """Put a backup in place as the database of the settings; a database that is there is never overwritten."""
    chosen: Settings = load_command_settings(settings)
    address = make_url(chosen.database)
    if address.get_backend_name() != "sqlite":
        command = _postgres_command("pg_restore", address, "--no-owner", str(path))
        raise ConfigError(f"database: is Postgres; create an empty database, then run: {command}")
    before, after = restore_sqlite(path, Path(str(address.database)))
    upgraded = "" if before == after else f"; its schema {before} was brought to {after}"
    say(f"restored {address.database}{upgraded}; start Sightline with these settings")


def _postgres_command(program: str, address: URL, *arguments: str) -> str:
    """Return a command for a shell. User and password are secrets and are left out: libpq asks, or reads ~/.pgpass."""
    places = {"-h": address.host, "-p": address.port, "-U": "USER", "-d": address.database}
    named = [word for option, value in places.items() if value for word in (option, str(value))]
    return shlex.join([program, *named, *arguments])
