"""`sightline bench`: the measurements behind the figures we publish, each reproducible by its command."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from sightline.commands.console import out, redactor, without_traceback
from sightline.logging_setup import set_up_logging

app = typer.Typer(no_args_is_help=True, help="Measure this machine, and what is found on planted faults.")

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
ClipsOption = Annotated[Path | None, typer.Option("--clips", help="Folder of recordings; else films made here.")]


@app.command()
@without_traceback
def pipeline(as_json: JsonOption = False) -> None:
    """Frames a second of the whole pipeline, against the bare detectors on the same frames."""
    from bench import pipeline as measured  # noqa: PLC0415 - loads torch, which takes seconds

    _show(measured.run(), as_json=as_json)


@app.command()
@without_traceback
def decode(as_json: JsonOption = False) -> None:
    """Key frames decoded, against FFmpeg's own command line."""
    from bench import decode as measured  # noqa: PLC0415

    _show(measured.run(), as_json=as_json)


@app.command()
@without_traceback
def storage(as_json: JsonOption = False) -> None:
    """Values stored idempotently a second."""
    from bench import storage as measured  # noqa: PLC0415

    _show(measured.run(), as_json=as_json)


@app.command()
@without_traceback
def faults(clips: ClipsOption = None, as_json: JsonOption = False) -> None:
    """What is found of every fault planted at three strengths, how soon, and what is called on clean runs."""
    from bench import faults as measured  # noqa: PLC0415

    _show(measured.run(clips=clips), as_json=as_json)


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    set_up_logging("error", redactor=redactor)
    if as_json:
        out.print_json(json.dumps(found))
        return
    for name, value in found.items():
        shown = f"{value:.4g}" if isinstance(value, float) else json.dumps(value)
        out.print(f"{name}: {escape(shown)}")
