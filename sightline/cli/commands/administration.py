"""`sightline migrate` and `sightline settings`: what an administrator does before anything runs."""

import json
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import ConfigError
from sightline.cli.console import EXIT_FAILED, escape_for_console, out, redactor, say, without_traceback
from sightline.cli.options import SettingsOption, load_command_settings
from sightline.config.settings import Settings, json_schema
from sightline.doctor.finding import Finding, Health
from sightline.runtime.logging_setup import set_up_logging
from sightline.runtime.stores import open_configured_engine
from storage.sql.database.migrate import current_revision, newest_revision, upgrade_schema

settings_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Check a settings file, or export its schema."
)


@without_traceback
def migrate(settings: SettingsOption = None) -> None:
    """Bring the database to the schema of this version; does nothing when it is there."""
    engine = open_configured_engine(load_command_settings(settings))
    try:
        before = current_revision(engine)
        upgrade_schema(engine)
    finally:
        engine.dispose()
    say(f"the schema is {newest_revision()}" + ("" if before == newest_revision() else f", it was {before or 'empty'}"))


@settings_app.command()
@without_traceback
def schema() -> None:
    """Print the JSON Schema of a settings file, for editors that complete and check."""
    out.print_json(json.dumps(json_schema()))


@settings_app.command()
@without_traceback
def check(
    path: Annotated[Path | None, typer.Argument(help="The file, as in `sightline run FILE`.")] = None,
    settings: SettingsOption = None,
) -> None:
    """Check a settings file as `run` would, without starting anything, and say everything that is wrong."""
    chosen = load_command_settings(path or settings)
    say(f"ok: {len(chosen.cameras)} cameras in the file")


_MARKS = {"ok": "[green]ok    [/]", "note": "[yellow]note  [/]", "failed": "[bold red]failed[/]"}


@without_traceback
def doctor(settings: SettingsOption = None) -> None:
    """Check settings, codecs, device, database, disk and services; each line is well or says what to do."""
    from sightline.doctor.checks import run_checks  # noqa: PLC0415 - loads torch, which takes seconds

    set_up_logging("error", redactor=redactor)
    wrong: list[Finding] = []
    try:
        chosen = load_command_settings(settings)
    except ConfigError as error:
        wrong = [Finding("settings", Health.FAILED, line) for line in str(error).splitlines()]
        chosen = Settings()
    failed = False
    for finding in (*wrong, *(found for found in run_checks(chosen) if not (wrong and found.subject == "settings"))):
        _show_finding(finding.health, finding.subject, finding.text)
        failed |= finding.health is Health.FAILED
    if failed:
        raise typer.Exit(EXIT_FAILED)


def _show_finding(health: str, subject: str, text: str) -> None:
    out.print(f"{_MARKS[health]} {escape_for_console(subject)}: {escape_for_console(text)}")
