"""Options that several commands share, and the settings they lead to."""

import getpass
import os
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from domain.text.names import MAX_NAME_LENGTH, clean_line
from sightline.cli.console import redactor
from sightline.config.settings import Settings
from sightline.config.settings_file import settings_path
from sightline.config.settings_loading import load_settings

SettingsOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--settings", "-s", help="Settings file; else $SIGHTLINE_SETTINGS, ./sightline.yaml, or the defaults."
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
DeviceOption: TypeAlias = Annotated[
    str | None, typer.Option("--device", help="cpu, cuda, or auto; without it the settings decide.")
]
ByOption: TypeAlias = Annotated[str, typer.Option("--by", help="Who does this; for the audit.", show_default="you")]


def load_command_settings(path: Path | None) -> Settings:
    """Return the settings to use; their secrets are never shown from now on."""
    settings = load_settings(settings_path(path))
    redactor.learn(settings.secrets())
    return settings


def choose_person(by: str) -> str:
    """Return who acts: the name given, else this machine's user. Raises `ConfigError` for a name not fit for a log."""
    return clean_line(by or _machine_user(), where="--by", longest=MAX_NAME_LENGTH)


def _machine_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container that runs under a number without a name
        return f"user {os.getuid()}"
