"""`sightline bench chaos|growth|cluster|kills`: whether the cluster keeps its promises, and what it costs.

Kafka, Postgres and Redis are started on this machine, with their data in temporary folders, where no address is given.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import ConfigError
from lab.cli.bench import (
    CamerasOption,
    HostileOption,
    JsonOption,
    KafkaOption,
    MinuteRecordOption,
    MinutesOption,
    PostgresOption,
    exit_on_sigterm,
    print_figures,
)
from sightline.cli.console import EXIT_FAILED, without_traceback

RedisOption = Annotated[str, typer.Option("--redis", help="URL of a Redis; else one is started.")]
SeedOption = Annotated[int, typer.Option("--seed", help="From it follow order, moments and victims.")]
EventsOption = Annotated[int, typer.Option("--events", min=1, help="How often each kind of event happens.")]
RecordOption = Annotated[
    Path | None, typer.Option("--record", help="A file that keeps each round; those of this seed in it are not redone.")
]
IntoOption = Annotated[Path | None, typer.Option("--into", help="The page whose section of figures is renewed.")]
SecondsOption = Annotated[float, typer.Option("--seconds", min=5, help="How long each point is measured.")]


@without_traceback
def chaos(
    *,
    seed: SeedOption = 1,
    events: EventsOption = 20,
    record: RecordOption = None,
    kafka: KafkaOption = "",
    postgres: PostgresOption = "",
    redis: RedisOption = "",
    as_json: JsonOption = False,
) -> None:
    """Kill workers at each point of a unit and restart broker, Postgres and Redis: nothing lost, nothing doubled.

    About two minutes an event of each kind. Ends with status 1 where a promise was not kept.
    """
    from lab.bench.cluster.chaos import chaos_run as measured  # noqa: PLC0415 - needs the extra 'cluster'
    from lab.bench.cluster.environment import ServiceAddresses  # noqa: PLC0415

    with exit_on_sigterm():
        found = measured.run(ServiceAddresses(kafka, postgres, redis), seed=seed, events=events, record=record)
    print_figures(found, as_json=as_json)
    if found["broken"]:
        raise typer.Exit(EXIT_FAILED)


@without_traceback
def growth(
    *,
    seconds: SecondsOption = 20.0,
    into: IntoOption = None,
    kafka: KafkaOption = "",
    postgres: PostgresOption = "",
    redis: RedisOption = "",
    as_json: JsonOption = False,
) -> None:
    """Lag, CPU and bytes a frame with 1 to 64 cameras and 1 or 2 workers, and the capacity that follows."""
    from lab.bench.cluster.environment import ServiceAddresses  # noqa: PLC0415
    from lab.bench.cluster.growth import growth_page  # noqa: PLC0415
    from lab.bench.cluster.growth import growth_run as measured  # noqa: PLC0415 - needs the extra 'cluster'

    with exit_on_sigterm():
        found = measured.run(ServiceAddresses(kafka, postgres, redis), seconds=seconds)
    if into is not None:
        growth_page.update_page(into, found)
    print_figures(found, as_json=as_json)


@without_traceback
def cluster(
    *,
    minutes: MinutesOption = 10.0,
    cameras: CamerasOption = 8,
    hostile: HostileOption = False,
    record: MinuteRecordOption = None,
    kafka: KafkaOption = "",
    postgres: PostgresOption = "",
    redis: RedisOption = "",
    as_json: JsonOption = False,
) -> None:
    """A long watch over served cameras by the cluster's own processes, two workers among them: nothing lost uncounted.

    With --hostile, as `sightline bench soak --hostile`, and the topic is poisoned; the services are then always
    started here. Ends with status 1 where a promise was not kept.
    """
    with exit_on_sigterm():
        if hostile:
            from lab.bench.endurance.neighbours import cluster_neighbours  # noqa: PLC0415 - needs the extra 'cluster'

            found = cluster_neighbours.run(minutes=minutes, cameras=cameras, record=record)
        else:
            from lab.bench.cluster import long_watch as measured  # noqa: PLC0415 - needs the extra 'cluster'
            from lab.bench.cluster.environment import ServiceAddresses  # noqa: PLC0415

            program = (sys.executable, "-P", "-c", "from sightline.cli.main import app; app()")
            found = measured.run(ServiceAddresses(kafka, postgres, redis), program, minutes=minutes, cameras=cameras)
    print_figures(found, as_json=as_json)
    if found["broken"]:
        raise typer.Exit(EXIT_FAILED)


@without_traceback
def kills(
    *,
    seed: SeedOption = 1,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="How many kills.")] = 300,
    only: Annotated[list[str] | None, typer.Option("--only", help="Only this victim; may be given again.")] = None,
    record: RecordOption = None,
    as_json: JsonOption = False,
) -> None:
    """Kill `sightline run` and each part of the cluster, and harm the network between: nothing committed is lost.

    Two fifths hit `run` and its reading processes; the others in turn ingest, worker, dispatcher, serve, broker,
    postgres, redis, and a link that is cut, delayed, half open or one way (cut, delay, half_open, one_way). Services
    are started here. Ends with status 1 where a promise was not kept.
    """
    from lab.bench.endurance.kills import kill_run as measured  # noqa: PLC0415
    from lab.bench.endurance.kills.kill_records import Victim  # noqa: PLC0415

    unknown = sorted(set(only or ()) - {str(victim) for victim in Victim})
    if unknown:
        known = ", ".join(str(victim) for victim in Victim)
        raise ConfigError(f"--only: there is no victim '{unknown[0]}'; choose from {known}")
    with exit_on_sigterm():
        found = measured.run(seed=seed, kills=rounds, only=[Victim(each) for each in only or ()], record=record)
    print_figures(found, as_json=as_json)
    if found["broken"]:
        raise typer.Exit(EXIT_FAILED)
