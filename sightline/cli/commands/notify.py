"""`sightline notify`: try a receiver of messages."""

from typing import Annotated

import typer

from domain.errors import NotifierUnavailable
from sightline.cli.console import EXIT_FAILED, say, show_table, without_traceback, write_json
from sightline.cli.options import JsonOption, SettingsOption, load_command_settings
from sightline.runtime.clock import SystemClock
from sightline.services.notifier_factory import make_notifiers
from sightline.services.receiver_tester import ConfiguredReceiverTester

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="List the receivers of messages, and try one.")


@app.command("list")
@without_traceback
def list_receivers(settings: SettingsOption = None, json_lines: JsonOption = False) -> None:
    """List the receivers of the settings."""
    chosen = load_command_settings(settings)
    clock = SystemClock()
    names = ConfiguredReceiverTester(make_notifiers(chosen, clock), clock).names()
    if json_lines:
        for name in names:
            write_json({"name": name})
        return
    show_table(("receiver",), ((name,) for name in names))


@app.command("test")
@without_traceback
def send_test(
    name: Annotated[str, typer.Argument(help="The receiver's name in the settings.")],
    settings: SettingsOption = None,
) -> None:
    """Send a test message now, and show what the receiver's server answered."""
    chosen = load_command_settings(settings)
    clock = SystemClock()
    receivers = ConfiguredReceiverTester(make_notifiers(chosen, clock), clock)
    try:
        say(f"{name}: delivered: {receivers.send_test(name)}")
    except NotifierUnavailable as error:
        say(f"{name}: not delivered: {error}")
        raise typer.Exit(EXIT_FAILED) from None
