"""`python -m lab.training.saliency_iqa`: for maintainers, from trained branches to what is bundled, with its model
card.
"""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from detectors.models import weights
from detectors.models.runtime import fast_precision
from detectors.models.saliency_iqa.detector import IMAGE_QUALITY, MODEL, load_saliency_iqa
from detectors.models.weights import ManifestEntry
from domain.errors import ConfigError
from lab.training import dataset_splits
from lab.training.augment.degradation_ladders import score_ladders, summarise_ladder
from lab.training.augment.ladder_sheet import draw_ladder_sheet
from lab.training.bundle import record_in_manifest
from lab.training.datasets import DATASETS, dataset_folder
from lab.training.maintainer_cli import run_maintainer_app
from lab.training.networks.weight_averaging import averaged_weights
from lab.training.saliency_iqa.distillation import SCHEDULE, distil_branch
from lab.training.saliency_iqa.export import export_weights
from lab.training.saliency_iqa.model_card import SaliencyIqaFigures, SaliencyIqaProvenance, model_card
from lab.training.saliency_iqa.recipe import BACKBONE, LOCAL_SHARE, OPINION, SALIENCY, STAGES

LICENCE = "Apache-2.0"

app = typer.Typer(no_args_is_help=True, help=__doc__)
console = Console()
Folder = Annotated[Path, typer.Option(help="Where to write; by default into the package.")]


@app.command("bundle")
def bundle(
    local_checkpoint: Path,
    global_checkpoints: Annotated[list[Path], typer.Argument(help="One, or several from one start to average.")],
    *,
    local_weight: Annotated[float, typer.Option(help="The local branch's weight w.")] = LOCAL_SHARE,
    backbone: Annotated[str, typer.Option(help="What both were trained with.")] = BACKBONE,
    folder: Folder = weights.BUNDLED,
) -> None:
    """Write both branches' averaged weights as the bundled file and its manifest entry."""
    file = f"{MODEL}.safetensors"
    digest = export_weights(
        averaged_weights(*global_checkpoints),
        averaged_weights(local_checkpoint),
        folder / file,
        backbone=backbone,
        saliency=SALIENCY,
        local_weight=local_weight,
    )
    record_in_manifest(MODEL, ManifestEntry(file, digest, LICENCE, card=f"{MODEL}.md"), folder)
    console.print(f"{folder / file} {digest}")


@app.command()
def card(
    validation: Annotated[Path, typer.Option(help="What `sightline evaluate --json` printed for validation.")],
    *,
    test: Annotated[Path | None, typer.Option(help="What `sightline evaluate --half test --json` printed.")] = None,
    climbed_ladders: Annotated[Path, typer.Option("--ladders", help="What `ladders` printed.")],
    provenance: Annotated[Path, typer.Option(help="JSON: hardware, minutes by branch, trained_at, departures.")],
    folder: Folder = weights.BUNDLED,
) -> None:
    """Write the bundled model's card from measurements."""
    figures = SaliencyIqaFigures(
        validation=_read(validation),
        test=None if test is None else _read(test),
        ladders=_read(climbed_ladders),
        precision=str(fast_precision()).removeprefix("torch."),
    )
    text = model_card(
        weights.locate_weights(MODEL, folder=folder).sha256, STAGES, SaliencyIqaProvenance(**_read(provenance)), figures
    )
    (folder / f"{MODEL}.md").write_text(text, encoding="utf-8")


@app.command()
def ladders(
    pictures: Annotated[Path, typer.Option(help="A folder of undistorted pictures (PNG or JPEG).")],
    explicit: Annotated[
        Path | None, typer.Option("--weights", help="Climb with this file, not the bundle one.")
    ] = None,
    failures: Annotated[Path | None, typer.Option(help="Draw where the score does not fall, as a JPEG.")] = None,
) -> None:
    """Print, as JSON, whether the score falls with blur, noise, compression, darkness and fog."""
    paths = sorted(path for path in pictures.iterdir() if path.suffix.lower() in {".png", ".jpg"})
    if not paths:
        raise ConfigError(f"{pictures} holds no PNG or JPEG: give a folder of undistorted pictures")
    scores = score_ladders(load_saliency_iqa(explicit), IMAGE_QUALITY.key, paths)
    if failures is not None:
        failures.write_bytes(draw_ladder_sheet(scores, paths))
    console.print_json(json.dumps({name: asdict(summarise_ladder(rungs)) for name, rungs in scores.items()}))


@app.command()
def resnet18(
    data: Annotated[Path, typer.Option(help="A checkout of BIQ2021.")],
    folder: Annotated[Path, typer.Option(help="Where checkpoints and the curve lie.")],
    *,
    teacher: Annotated[Path | None, typer.Option(help="Learn from this weights file, not the bundle one.")] = None,
    epochs: Annotated[float, typer.Option(help="Times each picture is shown.")] = SCHEDULE.epochs,
) -> None:
    """Train the paper's own backbone from nothing on local crops, taught by people and by saliency IQA."""
    dataset = DATASETS["biq2021"]
    samples = dataset.read(dataset_folder(dataset.name, data))
    split = dataset_splits.default_split(samples)
    log = distil_branch(
        [samples[index] for index in split.train],
        [samples[index] for index in split.validation],
        dataset.scales[OPINION],
        folder,
        teacher=teacher,
        schedule=replace(SCHEDULE, epochs=epochs),
    )
    console.print(log)


def _read(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


if __name__ == "__main__":
    run_maintainer_app(app)
