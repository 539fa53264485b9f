"""`sightline bench`: the measurements behind the figures we publish, each reproducible by its command."""

import json
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from domain.ports import Notifier
from sightline.cli.console import EXIT_FAILED, out, redactor, without_traceback
from sightline.runtime.logging_setup import set_up_logging

if TYPE_CHECKING:
    from sightline.runtime.system import System

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Measure this machine, and what is found on planted faults."
)

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
MinutesOption = Annotated[float, typer.Option("--minutes", min=0.3, help="How long the system is watched.")]
CamerasOption = Annotated[int, typer.Option("--cameras", min=1, help="How many cameras are served.")]
HostileOption = Annotated[bool, typer.Option("--hostile", help="Hostile cameras, strangers and clock steps beside.")]
MinuteRecordOption = Annotated[
    Path | None, typer.Option("--record", help="With --hostile: a file that gets a line of JSON a minute.")
]
KafkaOption = Annotated[str, typer.Option("--kafka", "--servers", help="HOST:PORT of a broker; else one is started.")]
NoKafkaOption = Annotated[bool, typer.Option("--no-kafka", help="Leave out what needs a broker.")]
PostgresOption = Annotated[str, typer.Option("--postgres", help="URL of a server; else one is started, if installed.")]
JarsOption = Annotated[Path | None, typer.Option("--jars", help="Folder of Kafka's jars; else they are fetched once.")]
ClipsOption = Annotated[Path | None, typer.Option("--clips", help="Folder of recordings; else films made here.")]


@app.command()
@without_traceback
def pipeline(kafka: KafkaOption = "", no_kafka: NoKafkaOption = False, as_json: JsonOption = False) -> None:
    """Frames a second of the whole pipeline, embedded and over Kafka, against the bare detectors on the same frames."""
    from lab.bench.speed import pipeline as measured  # noqa: PLC0415 - loads torch, which takes seconds

    print_figures(measured.run(kafka=None if no_kafka else kafka), as_json=as_json)


@app.command()
@without_traceback
def decode(as_json: JsonOption = False) -> None:
    """Key frames decoded, against FFmpeg's own command line."""
    from lab.bench.speed import key_frame_decoding as measured  # noqa: PLC0415

    print_figures(measured.run(), as_json=as_json)


@app.command()
@without_traceback
def metrics(as_json: JsonOption = False) -> None:
    """Fault metrics of a frame at four sizes, against five of FFmpeg's filters; needs SIGHTLINE_DATA."""
    from lab.bench.speed import metrics_cost as measured  # noqa: PLC0415

    print_figures(measured.run(), as_json=as_json)


@app.command()
@without_traceback
def capacity(
    cameras: Annotated[int, typer.Option("--cameras", min=1, help="Cameras read abreast.")] = 8,
    seconds: Annotated[int, typer.Option("--seconds", min=11, help="Length of each camera's session.")] = 40,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Rounds of each size; the median counts.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Cameras a core carries at 1080p and 640x360, one frame a second, from H.264 to rows; needs SIGHTLINE_DATA."""
    from lab.bench.speed import camera_capacity as measured  # noqa: PLC0415 - loads torch, which takes seconds

    print_figures(measured.run(cameras=cameras, seconds=seconds, rounds=rounds), as_json=as_json)


@app.command()
@without_traceback
def gpu(
    device: Annotated[str, typer.Option("--device", help="cuda, or cpu to prove that the steps run.")] = "cuda",
    quick: Annotated[bool, typer.Option("--quick", help="Small pictures and batches, few cameras.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Models on a GPU: scores against the CPU's, frames a second by batch, 2,000 cameras paced; within four minutes."""
    from lab.bench.speed import gpu_throughput as measured  # noqa: PLC0415 - loads torch, which takes seconds

    print_figures(measured.run(device=device, quick=quick), as_json=as_json)


@app.command()
@without_traceback
def storage(postgres: PostgresOption = "", as_json: JsonOption = False) -> None:
    """Values stored idempotently a second, in SQLite and in Postgres."""
    from lab.bench.speed import postgres_throughput as on_postgres  # noqa: PLC0415
    from lab.bench.speed import sqlite_throughput as measured  # noqa: PLC0415

    print_figures(measured.run() | on_postgres.run_on_server(postgres), as_json=as_json)


@app.command()
@without_traceback
def reports(
    cameras: Annotated[int, typer.Option("--cameras", min=1, help="Cameras in the history.")] = 200,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="Days of the report; as many lie before.")] = 90,
    as_json: JsonOption = False,
) -> None:
    """Seconds until a report of a site's history is written, in every format."""
    from lab.bench.speed import report_speed as measured  # noqa: PLC0415

    print_figures(measured.run(cameras=cameras, days=days), as_json=as_json)


@app.command()
@without_traceback
def page(
    cameras: Annotated[int, typer.Option("--cameras", min=60, help="Live cameras on the wall.")] = 1000,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="How long the API is asked.")] = 60,
    turns: Annotated[int, typer.Option("--turns", min=1, help="How often each interaction is timed.")] = 20,
    step: Annotated[int, typer.Option("--step", min=1, help="Simulated seconds between two updates of the day.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """The page with live cameras in Chromium: paint, faults, a year's chart, the API at 50/s, a day of updates."""
    from lab.bench.page import page_speed as measured  # noqa: PLC0415

    print_figures(measured.run(cameras=cameras, seconds=seconds, turns=turns, step_s=step), as_json=as_json)


@app.command(name="page-pictures")
@without_traceback
def page_pictures(
    into: Annotated[Path, typer.Option("--into", help="Folder for the pictures.")] = Path("docs/images"),
    every: Annotated[
        bool, typer.Option("--every", help="Each page, light and dark, 1400 and 400 pixels wide.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Pictures of the page for the documentation, while the demo runs."""
    from lab.bench.page import page_pictures as taken  # noqa: PLC0415

    print_figures(taken.run(into=into, every=every), as_json=as_json)


@app.command(name="report-recount")
@without_traceback
def report_recount(
    cameras: Annotated[int, typer.Option("--cameras", min=1, help="Cameras in the history.")] = 200,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="Days of each report.")] = 90,
    as_json: JsonOption = False,
) -> None:
    """Reports against an obvious recount of every second, with gaps, maintenance and downtime, across clock changes."""
    from lab.bench.reports import recount as measured  # noqa: PLC0415

    print_figures(measured.run(cameras=cameras, days=days), as_json=as_json)


@app.command()
@without_traceback
def kafka(servers: KafkaOption = "", jars: JarsOption = None, as_json: JsonOption = False) -> None:
    """Megabytes a second through Kafka, codec included, against Kafka's own performance tools."""
    from lab.bench.speed import kafka_throughput as measured  # noqa: PLC0415 - needs the extra 'cluster'

    print_figures(measured.run_on_servers(servers, jars), as_json=as_json)


@app.command()
@without_traceback
def faults(clips: ClipsOption = None, as_json: JsonOption = False) -> None:
    """What is found of every fault planted at three strengths, how soon, and what is called on clean runs."""
    from lab.bench.evidence import planted_faults as measured  # noqa: PLC0415

    print_figures(measured.run(clips=clips), as_json=as_json)


@app.command()
@without_traceback
def models(
    data: Annotated[Path | None, typer.Option("--data", help="BIQ2021, to see what each way does to SROCC.")] = None,
    most: Annotated[int | None, typer.Option("--most", min=10, help="Judge so many of its pictures only.")] = None,
    turns: Annotated[int, typer.Option("--turns", min=1, help="How often each way is timed.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """What the models that judge by default cost a 1080p frame, run in six ways, and how each agrees with people."""
    from lab.bench.speed import model_cost as measured  # noqa: PLC0415 - loads torch, which takes seconds

    print_figures(measured.run(turns=turns, data=data, most=most), as_json=as_json)


@app.command()
@without_traceback
def ladders(
    data: Annotated[Path, typer.Option("--data", help="Folder with images/kodak24 and clips.")],
    model: Annotated[list[str] | None, typer.Option("--model", help="Only this one; may be given again.")] = None,
    frames: Annotated[int, typer.Option("--frames", min=1, help="How many frames of each clip.")] = 4,
    as_json: JsonOption = False,
) -> None:
    """Whether each scorer falls with blur, noise, compression, darkness and fog, on pictures never trained on."""
    from lab.bench.evidence import ladders as measured  # noqa: PLC0415 - loads torch, which takes seconds

    found = measured.run(data, models=model or (), frames=frames)
    if as_json:
        print_figures(found, as_json=True)
    else:
        out.print(measured.as_table(found), soft_wrap=True, markup=False, highlight=False)


@app.command("dark-or-defocused")
@without_traceback
def dark_or_defocused(
    data: Annotated[Path, typer.Option("--data", help="Folder with clips and conditions.")],
    as_json: JsonOption = False,
) -> None:
    """Whether nights that are merely dark are distinguished from days out of focus, on real clips."""
    from lab.bench.evidence import dark_or_defocused as measured  # noqa: PLC0415 - loads torch, which takes seconds

    print_figures(measured.run(data), as_json=as_json)


@app.command("road-cameras")
@without_traceback
def road_cameras(
    stills: Annotated[Path, typer.Option("--stills", help="Folder of stills with a labels.tsv: file and label.")],
    as_json: JsonOption = False,
) -> None:
    """What is said of cameras that have no past, one still each, beside what a person says of them."""
    from lab.bench.evidence import road_cameras as measured  # noqa: PLC0415 - loads torch, which takes seconds

    found = measured.run(stills)
    if as_json:
        print_figures(found, as_json=True)
    else:
        out.print(measured.as_table(found), soft_wrap=True, markup=False, highlight=False)


@app.command()
@without_traceback
def fleet(
    data: Annotated[Path, typer.Option("--data", help="A checkout of BIQ2021.")],
    into: Annotated[
        Path, typer.Option("--into", help="Folder for what the made cameras measure; kept and used again.")
    ],
    as_json: JsonOption = False,
) -> None:
    """What is found by comparing a made site's cameras, and how often a healthy one is called."""
    from lab.bench.evidence import fleets as measured  # noqa: PLC0415 - loads torch, which takes seconds

    found = measured.run(data, into)
    if as_json:
        print_figures(found, as_json=True)
    else:
        out.print(measured.as_table(found), soft_wrap=True, markup=False, highlight=False)


@app.command()
@without_traceback
def soak(
    *,
    minutes: MinutesOption = 10.0,
    cameras: CamerasOption = 8,
    hostile: HostileOption = False,
    record: MinuteRecordOption = None,
    as_json: JsonOption = False,
) -> None:
    """A long watch over served cameras, one of them pulled: nothing lost uncounted, flat memory, CPU a camera.

    With --hostile, none is pulled: the healthy cameras are watched by `sightline run` beside one camera of each
    hostile kind, strangers at the page, and a clock that steps. Ends with status 1 where a promise was not kept.
    """
    if hostile:
        from lab.bench.endurance.neighbours import embedded_neighbours  # noqa: PLC0415

        with exit_on_sigterm():
            found = embedded_neighbours.run(minutes=minutes, cameras=cameras, record=record)
    else:
        from lab.bench import soak as measured  # noqa: PLC0415

        found = measured.run(build_embedded, minutes=minutes, cameras=cameras)
    print_figures(found, as_json=as_json)
    if found["broken"]:
        raise typer.Exit(EXIT_FAILED)


def build_embedded(urls: Mapping[str, str], database: Path, notifier: Notifier, raise_s: float) -> "System":
    """Return `sightline run` over these cameras, not yet started, with short waits and this notifier alone."""
    from evaluation.policy import Policy  # noqa: PLC0415
    from notification.grouping import GroupingPolicy  # noqa: PLC0415
    from sightline.bootstrap import build_system  # noqa: PLC0415
    from sightline.config.sections import ApiSettings  # noqa: PLC0415
    from sightline.config.settings import CameraSettings, NotifierSettings, Settings  # noqa: PLC0415

    settings = Settings(
        database=f"sqlite:///{database}",
        cameras=tuple(CameraSettings(name=name, url=url, site="soak") for name, url in urls.items()),
        api=ApiSettings(port=0),
        notifiers=NotifierSettings(log=False),
    )
    return build_system(
        settings, policy=Policy.short(raise_s), grouping=GroupingPolicy.short(raise_s), notifiers=[notifier]
    )


def print_figures(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what was measured."""
    set_up_logging("error", redactor=redactor)
    if as_json:
        out.print_json(json.dumps(found))
        return
    for name, value in found.items():
        shown = f"{value:.4g}" if isinstance(value, float) else json.dumps(value)
        out.print(f"{name}: {escape(shown)}")


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Let a service manager's stop end what was started here, as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
