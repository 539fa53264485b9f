"""`sightline bench` with all its commands; an entry point adds it beside `train`, `evaluate` and `reproduce`."""

from lab.cli import bench as bench_commands
from lab.cli import bench_cluster, evidence, fuzz

bench = bench_commands.app
bench.command()(evidence.evidence)
bench.command()(bench_cluster.chaos)
bench.command()(bench_cluster.growth)
bench.command()(bench_cluster.cluster)
bench.command()(bench_cluster.kills)
bench.command()(fuzz.fuzz)
