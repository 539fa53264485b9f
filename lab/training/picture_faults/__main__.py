"""`python -m lab.training.picture_faults`: for maintainers, from photographs to the bundled picture-fault weights."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lab.training.maintainer_cli import run_maintainer_app
from lab.training.picture_faults import recipe

app = typer.Typer(no_args_is_help=True, help=__doc__)
console = Console()

RunOption = Annotated[Path, typer.Option("--run", help="Folder of this training: pictures, features, checkpoints.")]


@app.command()
def pictures(
    data: Annotated[Path, typer.Option(help="A checkout of BIQ2021; its test half is not touched.")],
    frames: Annotated[Path, typer.Option(help="Frames of cameras as JPEG, in the folders training and validation.")],
    run: RunOption,
    part: Annotated[recipe.Part, typer.Option(help="What the pictures are for.")] = recipe.Part.TRAINING,
    shards: Annotated[tuple[int, int], typer.Option(help="The first shard, and the one after the last.")] = (0, 10),
) -> None:
    """Draw shards of 128 degraded and healthy pictures; what is there already is left alone."""
    recipe.draw_pictures(data, frames, run, part, range(*shards))


@app.command()
def train(run: RunOption, steps: int = recipe.STEPS) -> None:
    """Train branch and head on the pictures drawn; goes on from a checkpoint."""
    recipe.train_network(run, steps)


@app.command()
def calibrate(run: RunOption, weights: Annotated[Path, typer.Option(help="Folder of the bundled weights.")]) -> None:
    """Calibrate on the validation pictures, bundle the weights, and print what was found."""
    for line in recipe.calibrate_and_bundle(run, weights):
        console.print(line, markup=False, highlight=False)


@app.command()
def cards(run: RunOption, folder: Annotated[Path, typer.Option(help="Where the pictures go: docs/images.")]) -> None:
    """Draw the calibration curve and the pictures on which the network is furthest off."""
    recipe.draw_card_pictures(run, folder)


if __name__ == "__main__":
    run_maintainer_app(app)
