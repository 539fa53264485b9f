"""`python -m lab.training.faster_rcnn`: for maintainers, from photographs to the bundled Faster R-CNN."""

from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from detectors.models import weights
from lab.training.faster_rcnn import recipe
from lab.training.faster_rcnn.trainer import PupilSchedule
from lab.training.maintainer_cli import run_maintainer_app

app = typer.Typer(no_args_is_help=True, help=__doc__)
console = Console()

RunOption = Annotated[Path, typer.Option("--run", help="Folder of this training: labels, frames, checkpoints.")]
DataOption = Annotated[Path, typer.Option("--data", help="Holds clips/, images/, annotations/ and reference-models/.")]


@app.command()
def labels(
    data: DataOption,
    photographs: Annotated[Path, typer.Option(help="A checkout of BIQ2021; its test half is not touched.")],
    run: RunOption,
    most: Annotated[int | None, typer.Option(help="So many photographs; all without.")] = None,
) -> None:
    """Let YOLOX-nano label the pictures; what is labelled already is left alone."""
    console.print(f"{recipe.label(data, photographs, run, most)} pictures labelled")


@app.command()
def train(
    run: RunOption,
    imagenet: Annotated[Path, typer.Option(help="tf2_mobilenet_v2_1.0_224_ptq.tflite (docs/training.md).")],
    steps: int = recipe.STEPS,
    batch: int = 8,
    threads: Annotated[int, typer.Option(min=1)] = 2,
) -> None:
    """Train; stop at any time, the same command goes on. More steps may be given before the rate has begun to fall."""
    torch.set_num_threads(threads)
    recipe.train_pupil(run, imagenet, PupilSchedule(steps, batch=batch))


@app.command()
def evaluate(data: DataOption, run: RunOption, every: int = 5) -> None:
    """Average precision of people on PETS, TUD and Penn-Fudan, beside the teacher's: for final figures only."""
    for line in recipe.measure(data, run, every):
        console.print(line, markup=False, highlight=False)


@app.command()
def bundle(run: RunOption, folder: Annotated[Path, typer.Option()] = weights.BUNDLED) -> None:
    """Write the averaged weights as the bundled file and its manifest entry."""
    recipe.bundle(run, folder)


if __name__ == "__main__":
    run_maintainer_app(app)
