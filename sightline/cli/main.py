"""The command line. Each group of commands has a file in this folder; other distributions add theirs by entry point.

This module imports no command: `--help` must not wait for packages that only some commands need.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from sightline.cli.lazy_group import CommandEntry, LazyGroup, find_added_commands

COMMANDS = (
    CommandEntry(
        "watch",
        "Judge one stream now and say how many checks could be made; nothing is stored.",
        "sightline.cli.commands.watch:watch",
    ),
    CommandEntry(
        "score",
        "Evaluate pictures and recordings as the live path would: one frame a second by default.",
        "sightline.cli.commands.score:score",
    ),
    CommandEntry(
        "survey",
        "Visit each camera once, one session each, and write what is wrong today, worst first; nothing else is stored.",
        "sightline.cli.commands.survey:survey",
    ),
    CommandEntry(
        "run",
        "Watch the cameras, evaluate, store, alert and serve the page until Ctrl-C.",
        "sightline.cli.commands.run:run",
    ),
    CommandEntry(
        "ingest",
        "Read cameras, each under a lease, and send their frames to Kafka.",
        "sightline.cli.commands.run:ingest",
    ),
    CommandEntry("work", "Score and evaluate what comes from Kafka, and store it.", "sightline.cli.commands.run:work"),
    CommandEntry("serve", "Serve the page and the API.", "sightline.cli.commands.run:serve"),
    CommandEntry(
        "dispatch",
        "Send the alerts that wait in the store, and keep its rollups and retention; one such process is enough.",
        "sightline.cli.commands.run:dispatch",
    ),
    CommandEntry(
        "demo",
        "Show real work: cameras made from photographs develop faults, and are found out.",
        "sightline.cli.commands.demo:demo",
    ),
    CommandEntry(
        "doctor",
        "Check settings, codecs, device, database, disk and services; each line is well or says what to do.",
        "sightline.cli.commands.administration:doctor",
    ),
    CommandEntry(
        "migrate",
        "Bring the database to the schema of this version; does nothing when it is there.",
        "sightline.cli.commands.administration:migrate",
    ),
    CommandEntry(
        "status",
        "Say what runs, cameras by state, the oldest of them, and what waits; exit status 1 where not all is well.",
        "sightline.cli.commands.status:status",
    ),
    CommandEntry(
        "backup",
        "Write a copy of the database to a file, also while Sightline runs; nothing committed is missing.",
        "sightline.cli.commands.backup:backup",
    ),
    CommandEntry(
        "restore",
        "Put a backup in place as the database of the settings; a database that is there is never overwritten.",
        "sightline.cli.commands.backup:restore",
    ),
    CommandEntry(
        "cameras",
        "Add, list, remove, accept, test, find, import and export cameras.",
        "sightline.cli.commands.cameras:app",
    ),
    CommandEntry(
        "incidents", "List, take on, assign, comment and answer incidents.", "sightline.cli.commands.incidents:app"
    ),
    CommandEntry(
        "shadow",
        "Say what would have been sent in shadow mode: when, to whom, and how often for each fault.",
        "sightline.cli.commands.shadow:shadow",
    ),
    CommandEntry("notify", "List the receivers of messages, and try one.", "sightline.cli.commands.notify:app"),
    CommandEntry("routes", "Explain who gets which message.", "sightline.cli.commands.routes:app"),
    CommandEntry("report", "Write a report of usable time, or check one.", "sightline.cli.commands.report:app"),
    CommandEntry(
        "maintenance",
        "Announce, list and withdraw maintenance: no message is sent, and reports leave it out.",
        "sightline.cli.commands.maintenance:app",
    ),
    CommandEntry(
        "users",
        "The people who sign in: add, list, change and remove them, set passwords.",
        "sightline.cli.commands.users:app",
    ),
    CommandEntry("keys", "Add, list and revoke the API keys of programs.", "sightline.cli.commands.keys:app"),
    CommandEntry(
        "audit",
        "Say who changed, acknowledged, exported and looked at what, and who signed in; nothing is ever deleted there.",
        "sightline.cli.commands.audit:audit",
    ),
    CommandEntry(
        "settings", "Check a settings file, or export its schema.", "sightline.cli.commands.administration:settings_app"
    ),
    CommandEntry(
        "models",
        "The models with trained weights: list, fetch, verify and describe them.",
        "sightline.cli.commands.models:app",
    ),
)
"""The help is the first line that each command says of itself; a test compares them."""


class ProductGroup(LazyGroup):
    """The commands of the product, then those that other distributions add."""

    def entries(self) -> Sequence[CommandEntry]:
        return (*COMMANDS, *find_added_commands())


app = typer.Typer(
    name="sightline",
    cls=ProductGroup,
    help="Tells which of your cameras you can still rely on.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,  # importing what draws the boxes takes longer than all else
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sightline {version('sightline')}")
        raise typer.Exit


@app.callback()
def main(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Tells which of your cameras you can still rely on."""


if __name__ == "__main__":
    app()
