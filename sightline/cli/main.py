"""The command line. Every group of commands stands in its own file under `sightline/commands/`."""

from importlib.metadata import version
from typing import Annotated

import typer

from lab.cli import bench, bench_cluster, fuzz, training
from sightline.cli import administration, cameras, demo, incidents, models, run, score, watch
from sightline.cli import run as parts
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
app.command()(parts.ingest)
app.command()(parts.work)
app.command()(parts.serve)
app.command()(parts.dispatch)
app.command()(demo.demo)
app.command()(administration.doctor)
app.command()(administration.migrate)
app.command()(training.train)
app.command()(training.evaluate)
app.command()(training.reproduce)
app.add_typer(cameras.app, name="cameras")
app.add_typer(incidents.app, name="incidents")
app.add_typer(administration.settings_app, name="settings")
bench.app.command()(bench_cluster.chaos)
bench.app.command()(bench_cluster.growth)
bench.app.command()(bench_cluster.cluster)
bench.app.command()(bench_cluster.kills)
bench.app.command()(fuzz.fuzz)
app.add_typer(bench.app, name="bench")
app.add_typer(models.app, name="models")


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
