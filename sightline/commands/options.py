"""Options that several commands share, and the settings they lead to."""

import getpass
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from domain.names import LONGEST_NAME, line_of
from sightline.commands.console import redactor
from sightline.settings import Settings, load_settings
from sightline.settings_file import settings_path

SettingsOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--settings", "-s", help="Settings file; else $SIGHTLINE_SETTINGS, ./sightline.yaml, or the defaults."
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
DeviceOption: TypeAlias = Annotated[str, typer.Option("--device", help="cpu, cuda, or auto.")]
ByOption: TypeAlias = Annotated[str, typer.Option("--by", help="Who does this; for the audit.", show_default="you")]


def settings_from(path: Path | None) -> Settings:
    """Return the settings to use; their secrets are never shown from now on."""
    settings = load_settings(settings_path(path))
    redactor.learn(settings.secrets())
    return settings


def who(by: str) -> str:
    """Return who acts: the name given, else this machine's user. Raises `ConfigError` for a name not fit for a log."""
    return line_of(by or getpass.getuser(), where="--by", longest=LONGEST_NAME)
