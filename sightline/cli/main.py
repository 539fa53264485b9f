"""The command line. Each group of commands has a file in this folder; other distributions add theirs by entry point."""

from importlib.metadata import entry_points, version
from typing import Annotated

import typer

from sightline.cli import administration, cameras, demo, incidents, models, run, score, watch
from sightline.cli.console import out

app = typer.Typer(
    name="sightline",
    help="Tells which of your cameras you can still rely on.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(watch.watch)
app.command()(score.score)
app.command()(run.run)
app.command()(run.ingest)
app.command()(run.work)
app.command()(run.serve)
app.command()(run.dispatch)
app.command()(demo.demo)
app.command()(administration.doctor)
app.command()(administration.migrate)
app.add_typer(cameras.app, name="cameras")
app.add_typer(incidents.app, name="incidents")
app.add_typer(administration.settings_app, name="settings")
app.add_typer(models.app, name="models")
for plugin in entry_points(group="sightline.commands"):
    plugin.load()(app)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"sightline {version('sightline')}")
        raise typer.Exit


@app.callback()
def main(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Tells which of your cameras you can still rely on."""
