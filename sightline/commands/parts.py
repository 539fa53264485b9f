"""`sightline ingest`, `work`, `serve` and `dispatch`: one part of `sightline run` each, on several machines."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from sightline.commands.console import redactor, say, without_traceback
from sightline.commands.options import settings_from
from sightline.commands.stopping import stop_on_signals
from sightline.logging_setup import set_up_logging

SettingsArgument: TypeAlias = Annotated[
    Path | None, typer.Argument(help="Settings file; else $SIGHTLINE_SETTINGS, ./sightline.yaml, or the defaults.")
]
SettingsAsOption: TypeAlias = Annotated[Path | None, typer.Option("--settings", "-s", hidden=True)]


@without_traceback
def ingest(settings: SettingsArgument = None, settings_option: SettingsAsOption = None) -> None:
    """Read cameras, each under a lease, and send their frames to Kafka."""
    _run("ingest", settings or settings_option)


@without_traceback
def work(settings: SettingsArgument = None, settings_option: SettingsAsOption = None) -> None:
    """Score and judge what comes from Kafka, and store it."""
    _run("work", settings or settings_option)


@without_traceback
def serve(settings: SettingsArgument = None, settings_option: SettingsAsOption = None) -> None:
    """Serve the page and the API."""
    _run("serve", settings or settings_option)


@without_traceback
def dispatch(settings: SettingsArgument = None, settings_option: SettingsAsOption = None) -> None:
    """Send the alerts that wait in the store, and keep its rollups and retention; one such process is enough."""
    _run("dispatch", settings or settings_option)


def _run(name: str, path: Path | None) -> None:
    chosen = settings_from(path)
    set_up_logging(chosen.log.level, as_json=chosen.log.format == "json", redactor=redactor)
    with stop_on_signals() as stop:
        from sightline.bootstrap import build_part  # noqa: PLC0415 - loads torch, which takes seconds
        from sightline.processes import Part  # noqa: PLC0415

        system = build_part(chosen, Part(name), stop, redactor=redactor)
        if system is None:
            return
        with system:
            say(f"{name} runs" + (f"; the page is at {system.address}" if system.address else ""))
            stop.wait()
            say("stopping: what is in hand is finished")
