"""`python -m training.face_quality`: make faces, train on them, bundle the weights, measure them, write their card."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from detectors import weights
from detectors.face_quality.detector import face_quality
from detectors.face_quality.weights import loaded as network_of
from detectors.mtcnn import weights as mtcnn_weights
from detectors.weights import ManifestEntry
from training.bundle import recorded
from training.face_quality import own
from training.face_quality.clip_faces import confidences
from training.face_quality.evidence import held_out, ladders
from training.face_quality.failures import drawn
from training.face_quality.model_card import Measured, Provenance, model_card
from training.face_quality.sources import loaded, split
from training.face_quality.start import exported
from training.face_quality.strengths import damages
from training.maintaining import run
from training.networks.averaging import averaged_weights

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
    sources = own.found_sources(facemask, biq2021, folder)
    own.trained(own.face_sets(sources, folder), imagenet, folder / "run")


@app.command()
def bundle(folder: Runs, target: Annotated[Path, typer.Option()] = weights.BUNDLED) -> None:
    """Write the averaged weights as the bundled file and its manifest entry."""
    file = f"{own.MODEL}.safetensors"
    digest = exported(
        averaged_weights(own.checkpoint(folder / "run")), own.VARIANT, target / file, withheld=own.WITHHELD
    )
    recorded(own.MODEL, ManifestEntry(file, digest, "Apache-2.0", card=f"{own.MODEL}.md"), target)
    console.print(f"{target / file} {digest}")


@app.command()
def evidence(
    folder: Runs,
    *,
    clips: Annotated[list[Path], typer.Option("--clip", help="A clip never trained on; may be given again.")],
    explicit: Annotated[Path | None, typer.Option("--weights", help="Measure this file, not the bundled one.")] = None,
) -> None:
    """Print, as JSON, agreement on held-out people, ladders, and the order of real faces."""
    network = network_of(explicit or weights.located(own.MODEL).path).network
    network.fuse_early()
    sources = loaded(folder / "sources.jsonl")
    sides, faces = split(sources), own.face_sets(sources, folder)
    detector, finder = face_quality(own.MODEL, explicit), mtcnn_weights.loaded(smallest_face_px=min(SMALLEST_PX))
    orders = confidences(detector, finder, clips, frames=CLIP_FRAMES, every=EVERY, smallest_px=SMALLEST_PX)
    counts = {
        "training_sources": len(sides.training),
        "validation_sources": len(sides.validation),
        "held_out_sources": len(sides.held_out),
        "training": len(faces.training),
        "validation": len(faces.validation),
        "held_out_faces": len(faces.held_out),
    }
    found = {
        "held_out": held_out(network, faces.held_out),
        "ladders": {name: asdict(one) for name, one in ladders(network, sides.held_out[:LADDER_FACES]).items()},
        "confidence": [asdict(order) for order in orders],
        "counts": counts,
    }
    console.print_json(json.dumps(found))


@app.command()
def failures(folder: Runs, sheet: Annotated[Path, typer.Option(help="The JPEG to write.")]) -> None:
    """Show, on faces that may be shown, where the bundled weights are furthest from the labels."""
    network = network_of(weights.located(own.MODEL).path).network
    network.fuse_early()
    sheet.write_bytes(drawn(network, loaded(folder / "sources.jsonl")))


@app.command()
def strengths(folder: Runs) -> None:
    """Print, as JSON, what each strength of each distortion does to the held-out faces."""
    sides = split(loaded(folder / "sources.jsonl"))
    found = damages(sides.held_out[:LADDER_FACES])
    console.print_json(json.dumps({name: asdict(one) for name, one in found.items()}))


@app.command()
def card(
    measured: Annotated[Path, typer.Option("--evidence", help="What `evidence` printed.")],
    provenance: Annotated[Path, typer.Option(help="JSON: hardware, minutes, trained_at, departures.")],
    target: Annotated[Path, typer.Option()] = weights.BUNDLED,
) -> None:
    """Write the bundled model's card from measurements."""
    found = Measured(**json.loads(measured.read_text(encoding="utf-8")))
    told = Provenance(**json.loads(provenance.read_text(encoding="utf-8")))
    text = model_card(weights.located(own.MODEL, folder=target).sha256, own.CYCLES, told, found, own.WITHHELD)
    (target / f"{own.MODEL}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run(app)
