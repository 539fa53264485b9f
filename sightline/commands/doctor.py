"""`sightline doctor`: what is well, and what to do about what is not."""

import typer

from domain.errors import ConfigError
from sightline.commands.console import EXIT_FAILED, marked, out, redactor, without_traceback
from sightline.commands.options import SettingsOption, settings_from
from sightline.findings import Finding, Health
from sightline.logging_setup import set_up_logging
from sightline.settings import Settings

_MARKS = {"ok": "[green]ok    [/]", "note": "[yellow]note  [/]", "failed": "[bold red]failed[/]"}


@without_traceback
def doctor(settings: SettingsOption = None) -> None:
    """Look at settings, codecs, device, database, disk and services; each line is well or says what to do."""
    from sightline.doctor import findings  # noqa: PLC0415 - loads torch, which takes seconds

    set_up_logging("error", redactor=redactor)
    wrong: list[Finding] = []
    try:
        chosen = settings_from(settings)
    except ConfigError as error:
        wrong = [Finding("settings", Health.FAILED, line) for line in str(error).splitlines()]
        chosen = Settings()
    failed = False
    for finding in (*wrong, *(found for found in findings(chosen) if not (wrong and found.subject == "settings"))):
        _show(finding.health, finding.subject, finding.text)
        failed |= finding.health is Health.FAILED
    if failed:
        raise typer.Exit(EXIT_FAILED)


def _show(health: str, subject: str, text: str) -> None:
    out.print(f"{_MARKS[health]} {marked(subject)}: {marked(text)}")
