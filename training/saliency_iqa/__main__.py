"""`python -m training.saliency_iqa`: for maintainers, from trained branches to what is bundled, with its model card."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from detectors import weights
from detectors.saliency_iqa.detector import IMAGE_QUALITY, MODEL, fast_precision, saliency_iqa
from detectors.weights import ManifestEntry
from domain.errors import ConfigError
from training import protocols
from training.bundle import recorded
from training.datasets import DATASETS, folder_of
from training.maintaining import run
from training.measures.ladders import climbed, summed_up
from training.networks.averaging import averaged_weights
from training.saliency_iqa.distilled import SCHEDULE, distilled
from training.saliency_iqa.export import exported
from training.saliency_iqa.failures import failure_sheet
from training.saliency_iqa.model_card import Measured, Provenance, model_card
from training.saliency_iqa.run import BACKBONE, LOCAL_SHARE, OPINION, SALIENCY, STAGES

LICENCE = "Apache-2.0"

app = typer.Typer(no_args_is_help=True, help=__doc__)
console = Console()
Folder = Annotated[Path, typer.Option(help="Where to write; by default into the package.")]


@app.command("bundle")
def bundled(
    local_checkpoint: Path,
    global_checkpoints: Annotated[list[Path], typer.Argument(help="One, or several from one start to average.")],
    *,
    local_weight: Annotated[float, typer.Option(help="The local branch's weight w.")] = LOCAL_SHARE,
    backbone: Annotated[str, typer.Option(help="What both were trained with.")] = BACKBONE,
    folder: Folder = weights.BUNDLED,
) -> None:
    """Write both branches' averaged weights as the bundled file and its manifest entry."""
    file = f"{MODEL}.safetensors"
    digest = exported(
        averaged_weights(*global_checkpoints),
        averaged_weights(local_checkpoint),
        folder / file,
        backbone=backbone,
        saliency=SALIENCY,
        local_weight=local_weight,
    )
    recorded(MODEL, ManifestEntry(file, digest, LICENCE, card=f"{MODEL}.md"), folder)
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
    figures = Measured(
        validation=_read(validation),
        test=None if test is None else _read(test),
        ladders=_read(climbed_ladders),
        precision=str(fast_precision()).removeprefix("torch."),
    )
    text = model_card(weights.located(MODEL, folder=folder).sha256, STAGES, Provenance(**_read(provenance)), figures)
    (folder / f"{MODEL}.md").write_text(text, encoding="utf-8")


@app.command()
def ladders(
    pictures: Annotated[Path, typer.Option(help="A folder of undistorted pictures (PNG or JPEG).")],
    explicit: Annotated[
        Path | None, typer.Option("--weights", help="Climb with this file, not the bundled one.")
    ] = None,
    failures: Annotated[Path | None, typer.Option(help="Draw where the score does not fall, as a JPEG.")] = None,
) -> None:
    """Print, as JSON, whether the score falls with blur, noise, compression, darkness and fog."""
    paths = sorted(path for path in pictures.iterdir() if path.suffix.lower() in {".png", ".jpg"})
    if not paths:
        raise ConfigError(f"{pictures} holds no PNG or JPEG: give a folder of undistorted pictures")
    scores = climbed(saliency_iqa(explicit), IMAGE_QUALITY.key, paths)
    if failures is not None:
        failures.write_bytes(failure_sheet(scores, paths))
    console.print_json(json.dumps({name: asdict(summed_up(rungs)) for name, rungs in scores.items()}))


@app.command()
def resnet18(
    data: Annotated[Path, typer.Option(help="A checkout of BIQ2021.")],
    folder: Annotated[Path, typer.Option(help="Where checkpoints and the curve lie.")],
    *,
    teacher: Annotated[Path | None, typer.Option(help="Learn from this weights file, not the bundled one.")] = None,
    epochs: Annotated[float, typer.Option(help="Times each picture is shown.")] = SCHEDULE.epochs,
) -> None:
    """Train the paper's own backbone from nothing on local crops, taught by people and by saliency IQA."""
    dataset = DATASETS["biq2021"]
    samples = dataset.read(folder_of(dataset.name, data))
    split = protocols.usual(samples)
    log = distilled(
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
    run(app)
