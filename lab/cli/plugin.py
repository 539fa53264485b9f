"""What the laboratory adds to `sightline`: train, evaluate, reproduce and bench."""

import typer

from lab.cli import bench, bench_cluster, fuzz, training

bench.app.command()(bench_cluster.chaos)
bench.app.command()(bench_cluster.growth)
bench.app.command()(bench_cluster.cluster)
bench.app.command()(bench_cluster.kills)
bench.app.command()(fuzz.fuzz)


def register_commands(app: typer.Typer) -> None:
    """Add the laboratory's commands to the product's application."""
    app.command()(training.train)
    app.command()(training.evaluate)
    app.command()(training.reproduce)
    app.add_typer(bench.app, name="bench")
