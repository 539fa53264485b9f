"""`sightline run`: everything in one process, from one settings file."""

from pathlib import Path
from typing import Annotated

import typer

from sightline.commands.console import redactor, say, without_traceback
from sightline.commands.options import settings_from
from sightline.commands.stopping import stop_on_signals
from sightline.logging_setup import set_up_logging


@without_traceback
def run(
    settings: Annotated[
        Path | None, typer.Argument(help="Settings file; else $SIGHTLINE_SETTINGS, ./sightline.yaml, or the defaults.")
    ] = None,
    settings_option: Annotated[Path | None, typer.Option("--settings", "-s", hidden=True)] = None,
) -> None:
    """Watch the cameras, judge, store, alert and serve the page until Ctrl-C."""
    from sightline.bootstrap import build  # noqa: PLC0415 - loads torch, which takes seconds

    chosen = settings_from(settings or settings_option)
    set_up_logging(chosen.log.level, as_json=chosen.log.format == "json", redactor=redactor)
    with stop_on_signals() as stop:
        system = build(chosen, redactor=redactor)
        with system:
            watched = len(system.stream_store.cameras())
            say(f"watching {watched} cameras; the page is at {system.address or 'nowhere (api.enabled is false)'}")
            if not watched:
                say("add one with: sightline cameras add NAME URL")
            stop.wait()
            say("stopping: what was received is judged and stored")
