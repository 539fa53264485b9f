"""`sightline run`: everything in one process, from one settings file."""

import sys
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from sightline.cli.console import redactor, say, without_traceback
from sightline.cli.options import load_command_settings
from sightline.config.settings import Settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.logging_setup import set_up_logging
from sightline.runtime.setup_link import make_setup_link
from sightline.runtime.stop_signals import stop_on_signals, wait_for_stop
from sightline.runtime.stores import command_stores


@without_traceback
def run(
    settings: Annotated[
        Path | None, typer.Argument(help="Settings file; else $SIGHTLINE_SETTINGS, ./sightline.yaml, or the defaults.")
    ] = None,
    settings_option: Annotated[Path | None, typer.Option("--settings", "-s", hidden=True)] = None,
) -> None:
    """Watch the cameras, evaluate, store, alert and serve the page until Ctrl-C."""
    from sightline.bootstrap import build_system  # noqa: PLC0415 - loads torch, which takes seconds
    from sightline.runtime.system import exclude_start_from_gc  # noqa: PLC0415

    chosen = load_command_settings(settings or settings_option)
    set_up_logging(chosen.log.level, as_json=chosen.log.format == "json", redactor=redactor)
    with stop_on_signals() as stop:
        system = build_system(chosen, redactor=redactor)
        with system, exclude_start_from_gc():
            watched = len(system.stream_store.cameras())
            say(f"watching {watched} cameras; the page is at {system.address or 'nowhere (api.enabled is false)'}")
            _print_setup(system.address, chosen)
            if not watched:
                say("add one with: sightline cameras add NAME URL")
            wait_for_stop(stop)
            say("stopping: what was received is evaluated and stored")


SettingsArgument: TypeAlias = Annotated[
    Path | None, typer.Argument(help="Settings file; else $SIGHTLINE_SETTINGS, ./sightline.yaml, or the defaults.")
]
SettingsAsOption: TypeAlias = Annotated[Path | None, typer.Option("--settings", "-s", hidden=True)]


@without_traceback
def ingest(settings: SettingsArgument = None, settings_option: SettingsAsOption = None) -> None:
    """Read cameras, each under a lease, and send their frames to Kafka."""
    _run_role("ingest", settings or settings_option)


@without_traceback
def work(settings: SettingsArgument = None, settings_option: SettingsAsOption = None) -> None:
    """Score and evaluate what comes from Kafka, and store it."""
    _run_role("work", settings or settings_option)


@without_traceback
def serve(settings: SettingsArgument = None, settings_option: SettingsAsOption = None) -> None:
    """Serve the page and the API."""
    _run_role("serve", settings or settings_option)


@without_traceback
def dispatch(settings: SettingsArgument = None, settings_option: SettingsAsOption = None) -> None:
    """Send the alerts that wait in the store, and keep its rollups and retention; one such process is enough."""
    _run_role("dispatch", settings or settings_option)


def _run_role(name: str, path: Path | None) -> None:
    chosen = load_command_settings(path)
    set_up_logging(chosen.log.level, as_json=chosen.log.format == "json", redactor=redactor)
    with stop_on_signals() as stop:
        from sightline.bootstrap import build_role  # noqa: PLC0415 - loads torch, which takes seconds
        from sightline.runtime.system import exclude_start_from_gc  # noqa: PLC0415
        from sightline.services.roles import Role  # noqa: PLC0415

        system = build_role(chosen, Role(name), stop, redactor=redactor)
        if system is None:
            return
        with system, exclude_start_from_gc():
            _print_setup(system.address, chosen)
            say(f"{name} runs" + (f"; the page is at {system.address}" if system.address else ""))
            wait_for_stop(stop)
            say("stopping: what is in hand is finished")


def _print_setup(address: str, chosen: Settings) -> None:
    """Print how the first administrator is made, where everybody must sign in and nobody has an account."""
    if not address or not chosen.api.sign_in.required:
        return
    clock = SystemClock()
    with command_stores(chosen, clock) as stores:
        link = make_setup_link(stores.access, chosen.api, clock, address)
    if link is not None:
        # Past the log and its redaction: it is shown once, and counts once.
        sys.stdout.write(f"nobody has an account yet; make the first administrator within an hour at\n{link}\n")
        sys.stdout.flush()
