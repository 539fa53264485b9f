"""`python -m lab.training.detection_quality`: for maintainers, the pictures that the model cards show."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lab.training.detection_quality.failures import draw_failures
from lab.training.detection_quality.tables.paper_tables import YOLOX
from lab.training.detection_quality.yolox import YoloxNano
from lab.training.maintainer_cli import run_maintainer_app

app = typer.Typer(no_args_is_help=True, help=__doc__)
console = Console()


@app.callback()
def show_cards() -> None:
    """What the cards of detectability and detection quality show."""


@app.command()
def failures(
    data: Annotated[Path, typer.Option(help="The folder with clips and reference-models.")],
    folder: Annotated[Path, typer.Option(help="Where to write the JPEGs: docs/images.")],
) -> None:
    """Draw the frames of the two CC BY films on which each model is furthest off."""
    for name, packet in draw_failures(data, YoloxNano(data / YOLOX)).items():
        (folder / name).write_bytes(packet)
        console.print(f"{folder / name} {len(packet)} bytes")


if __name__ == "__main__":
    run_maintainer_app(app)
