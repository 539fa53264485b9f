"""The command line of the laboratory: what measures and attacks the product, and what no camera needs."""

import typer

from lab.cli import bench, fuzz

app = typer.Typer(
    name="sightline-lab",
    help="Measures and attacks Sightline on this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(fuzz.fuzz)
app.add_typer(bench.app, name="bench")
