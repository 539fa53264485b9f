"""`python -m training`: train a branch, export two branches as bundled weights, evaluate what is bundled."""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console

from detectors import weights
from detectors.saliency_iqa.detector import MODEL, fast_precision, saliency_iqa
from detectors.saliency_iqa.network import Branch
from detectors.weights import ManifestEntry
from domain.errors import ConfigError
from training import biq2021
from training.crops import View, cached
from training.evaluation import agreement, predictions
from training.export import averaged_weights, exported, recorded
from training.folding import fold
from training.imagenet_start import mobilenet_v2_from_tflite
from training.ladders import climbed
from training.model_card import Measured, Provenance, model_card
from training.recipe import Recipe
from training.trainer import TrainingSet, train

BACKBONE = "mobilenet_v2"
SALIENCY = "spectral_residual"
LICENCE = "Apache-2.0"
RECIPES = {
    View.LOCAL: Recipe(
        view=View.LOCAL, epochs=3, batch=32, peak_rate=1.5e-4, head_factor=7, frozen_blocks=2, averaging=0.995
    ),
    View.GLOBAL: Recipe(
        view=View.GLOBAL, epochs=1.25, batch=16, peak_rate=1e-4, head_factor=3, frozen_blocks=4, averaging=0.995
    ),
}
"""What the bundled weights were trained with; docs/training.md tells what else was tried."""

app = typer.Typer(no_args_is_help=True, help=__doc__)
console = Console()
Data = Annotated[Path, typer.Option(help="A checkout of nisarahmedrana/BIQ2021.")]


class Half(StrEnum):
    VALIDATION = "validation"
    TEST = "test"


@app.command("train")
def train_branch(
    view: View,
    *,
    data: Data,
    folder: Annotated[Path, typer.Option(help="Checkpoints, log and the picture cache; resumes from here.")],
    imagenet: Annotated[Path | None, typer.Option(help="ImageNet start: the tflite file of docs/training.md.")] = None,
    start: Annotated[Path | None, typer.Option(help="Start from this checkpoint's averaged weights instead.")] = None,
    threads: int = 2,
) -> None:
    """Train the global or the local branch by its recipe."""
    torch.set_num_threads(threads)
    recipe = RECIPES[view]
    torch.manual_seed(recipe.seed)
    folder.mkdir(parents=True, exist_ok=True)
    branch = Branch(BACKBONE, recipe.dropout)
    rows = biq2021.official_training(data)
    labels = np.array([row.mos for row in rows], np.float32)
    training, validation = (np.array(side) for side in biq2021.split_validation(rows))
    if start is not None:
        fold(branch)
        branch.load_state_dict(averaged_weights(start))
    elif imagenet is not None:
        branch.backbone = mobilenet_v2_from_tflite(imagenet)
        fold(branch)
        branch.start_at(float(labels[training].mean()))
    else:
        raise ConfigError("give --imagenet or --start: training from nothing is not a recipe that is known to work")
    pictures = cached(rows, folder / "pictures_512.npy")
    train(branch, TrainingSet(pictures, labels, training, validation), recipe, folder / view)


@app.command("export")
def export_branches(
    local_checkpoint: Path,
    global_checkpoints: Annotated[list[Path], typer.Argument(help="One, or several from one start to average.")],
    folder: Annotated[Path, typer.Option()] = weights.BUNDLED,
) -> None:
    """Write both branches' averaged weights as the bundled file and its manifest entry."""
    file = f"{MODEL}.safetensors"
    digest = exported(
        averaged_weights(*global_checkpoints),
        averaged_weights(local_checkpoint),
        folder / file,
        backbone=BACKBONE,
        saliency=SALIENCY,
    )
    recorded(MODEL, ManifestEntry(file, digest, LICENCE, card=f"{MODEL}.md"), folder)
    console.print(f"{folder / file} {digest}")


@app.command()
def evaluate(
    data: Data,
    half: Half = Half.VALIDATION,
    explicit: Annotated[Path | None, typer.Option("--weights", help="Evaluate this file, not the bundled one.")] = None,
) -> None:
    """Print, as JSON, how well the detector agrees with people. The test half is for final figures only."""
    if half is Half.TEST:
        rows = biq2021.official_test(data)
    else:
        everything = biq2021.official_training(data)
        rows = [everything[index] for index in biq2021.split_validation(everything)[1]]
    detector = saliency_iqa(explicit)
    predicted = predictions(detector, "image_quality", rows)
    labels = 100 * np.array([row.mos for row in rows])
    precision = str(fast_precision()).removeprefix("torch.")
    answer = {
        "model": detector.fingerprint,
        "half": half,
        "precision": precision,
        **agreement(predicted, labels).as_json(),
    }
    console.print_json(json.dumps(answer))


@app.command()
def card(
    validation: Annotated[Path, typer.Option(help="What `evaluate` printed for validation.")],
    test: Annotated[Path, typer.Option(help="What `evaluate --half test` printed.")],
    *,
    climbed_ladders: Annotated[Path, typer.Option("--ladders", help="What `ladders` printed.")],
    provenance: Annotated[Path, typer.Option(help="JSON: hardware, minutes by branch, trained_at, departures.")],
    folder: Annotated[Path, typer.Option()] = weights.BUNDLED,
) -> None:
    """Write the bundled model's card from measurements."""
    read = [json.loads(path.read_text(encoding="utf-8")) for path in (validation, test, climbed_ladders)]
    told = Provenance(**json.loads(provenance.read_text(encoding="utf-8")))
    recipes = {str(view): recipe for view, recipe in RECIPES.items()}
    text = model_card(weights.located(MODEL, folder=folder).sha256, recipes, told, Measured(*read))
    (folder / f"{MODEL}.md").write_text(text, encoding="utf-8")


@app.command()
def ladders(
    pictures: Annotated[Path, typer.Option(help="A folder of undistorted pictures (PNG or JPEG).")],
    explicit: Annotated[
        Path | None, typer.Option("--weights", help="Climb with this file, not the bundled one.")
    ] = None,
) -> None:
    """Print, as JSON, whether the score falls with blur, noise, compression, darkness and fog."""
    paths = sorted(path for path in pictures.iterdir() if path.suffix.lower() in {".png", ".jpg"})
    if not paths:
        raise ConfigError(f"{pictures} holds no PNG or JPEG: give a folder of undistorted pictures")
    detector = saliency_iqa(explicit)
    results = climbed(detector, "image_quality", paths)
    console.print_json(json.dumps({name: asdict(result) for name, result in results.items()}))


def main() -> None:
    """Run the command; what the operator must mend is said in a line, not in a traceback."""
    try:
        app()
    except ConfigError as error:
        console.print(str(error), style="red")
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
