"""`python -m lab.training.face_quality`: make faces, train on them, bundle the weights, measure them, write their
card.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from detectors.models import weights
from detectors.models.face_quality.detector import load_face_quality
from detectors.models.face_quality.weights import load_assessor as network_of
from detectors.models.mtcnn import weights as mtcnn_weights
from detectors.models.weights import ManifestEntry
from lab.training.bundle import record_in_manifest
from lab.training.face_quality import bundled_recipe
from lab.training.face_quality.evidence.clip_tracks import compare_with_mtcnn
from lab.training.face_quality.evidence.failures import draw_failures
from lab.training.face_quality.evidence.heldout_eval import measure_heldout, measure_ladders
from lab.training.face_quality.model_card import FaceQualityFigures, FaceQualityProvenance, model_card
from lab.training.face_quality.pretrained_backbones import export_weights
from lab.training.face_quality.synthesis.distortion_damage import measure_damage
from lab.training.face_quality.synthesis.face_sources import load_sources, split_sources
from lab.training.maintainer_cli import run_maintainer_app
from lab.training.networks.weight_averaging import averaged_weights

LADDER_FACES = 10
CLIP_FRAMES, EVERY = 1400, 3
SMALLEST_PX = (96.0, 48.0, 24.0)

app = typer.Typer(no_args_is_help=True, help=__doc__)
console = Console()
Runs = Annotated[Path, typer.Option("--folder", help="Sources, made faces, checkpoints and log; resumes from here.")]
Facemask = Annotated[Path, typer.Option(help="The pictures of the Kaggle face-mask set.")]
Biq2021 = Annotated[Path, typer.Option(help="A checkout of nisarahmedrana/BIQ2021; only its train half is read.")]


@app.command()
def train(
    folder: Runs,
    *,
    facemask: Facemask,
    biq2021: Biq2021,
    imagenet: Annotated[Path, typer.Option(help="ImageNet start: the tflite file of docs/training.md.")],
    threads: int = 2,
) -> None:
    """Find faces, make them worse, and train; stop at any time, the same command goes on."""
    torch.set_num_threads(threads)
    sources = bundled_recipe.find_sources(facemask, biq2021, folder)
    bundled_recipe.train_cycles(bundled_recipe.make_face_sets(sources, folder), imagenet, folder / "run")


@app.command()
def bundle(folder: Runs, target: Annotated[Path, typer.Option()] = weights.BUNDLED) -> None:
    """Write the averaged weights as the bundled file and its manifest entry."""
    file = f"{bundled_recipe.MODEL}.safetensors"
    digest = export_weights(
        averaged_weights(bundled_recipe.last_checkpoint(folder / "run")),
        bundled_recipe.VARIANT,
        target / file,
        withheld=bundled_recipe.WITHHELD,
        regressed=True,
    )
    record_in_manifest(
        bundled_recipe.MODEL, ManifestEntry(file, digest, "Apache-2.0", card=f"{bundled_recipe.MODEL}.md"), target
    )
    console.print(f"{target / file} {digest}")


@app.command()
def evidence(
    folder: Runs,
    *,
    clips: Annotated[list[Path], typer.Option("--clip", help="A clip never trained on; may be given again.")],
    explicit: Annotated[Path | None, typer.Option("--weights", help="Measure this file, not the bundled one.")] = None,
) -> None:
    """Print, as JSON, agreement on held-out people, ladders, and the order of real faces."""
    network = network_of(explicit or weights.locate_weights(bundled_recipe.MODEL).path).network
    network.fuse_early()
    sources = load_sources(folder / "sources.jsonl")
    sides, faces = split_sources(sources), bundled_recipe.make_face_sets(sources, folder)
    detector, finder = (
        load_face_quality(bundled_recipe.MODEL, explicit),
        mtcnn_weights.load_mtcnn(smallest_face_px=min(SMALLEST_PX)),
    )
    orders = compare_with_mtcnn(detector, finder, clips, frames=CLIP_FRAMES, every=EVERY, smallest_px=SMALLEST_PX)
    counts = {
        "training_sources": len(sides.training),
        "validation_sources": len(sides.validation),
        "held_out_sources": len(sides.held_out),
        "training": len(faces.training),
        "validation": len(faces.validation),
        "held_out_faces": len(faces.held_out),
    }
    found = {
        "held_out": measure_heldout(network, faces.held_out),
        "ladders": {name: asdict(one) for name, one in measure_ladders(network, sides.held_out[:LADDER_FACES]).items()},
        "confidence": [asdict(order) for order in orders],
        "counts": counts,
    }
    console.print_json(json.dumps(found))


@app.command()
def failures(folder: Runs, sheet: Annotated[Path, typer.Option(help="The JPEG to write.")]) -> None:
    """Show, on faces that may be shown, where the bundled weights are furthest from the labels."""
    network = network_of(weights.locate_weights(bundled_recipe.MODEL).path).network
    network.fuse_early()
    sheet.write_bytes(draw_failures(network, load_sources(folder / "sources.jsonl")))


@app.command()
def strengths(folder: Runs) -> None:
    """Print, as JSON, what each strength of each distortion does to the held-out faces."""
    sides = split_sources(load_sources(folder / "sources.jsonl"))
    found = measure_damage(sides.held_out[:LADDER_FACES])
    console.print_json(json.dumps({name: asdict(one) for name, one in found.items()}))


@app.command()
def card(
    measured: Annotated[Path, typer.Option("--evidence", help="What `evidence` printed.")],
    provenance: Annotated[Path, typer.Option(help="JSON: hardware, minutes, trained_at, departures.")],
    target: Annotated[Path, typer.Option()] = weights.BUNDLED,
) -> None:
    """Write the bundled model's card from measurements."""
    found = FaceQualityFigures(**json.loads(measured.read_text(encoding="utf-8")))
    record = FaceQualityProvenance(**json.loads(provenance.read_text(encoding="utf-8")))
    text = model_card(
        weights.locate_weights(bundled_recipe.MODEL, folder=target).sha256,
        bundled_recipe.CYCLES,
        record,
        found,
        bundled_recipe.WITHHELD,
    )
    (target / f"{bundled_recipe.MODEL}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run_maintainer_app(app)
