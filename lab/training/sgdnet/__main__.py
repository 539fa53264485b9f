"""`python -m lab.training.sgdnet`: for maintainers, from a training to what is bundled, with its model card."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from safetensors.torch import save_file

from detectors.models import weights
from detectors.models.sgdnet.detector import MODEL, SGDNET_QUALITY, load_sgdnet, parse_notes
from detectors.models.weights import ManifestEntry
from domain.errors import ConfigError
from lab.training.augment.degradation_ladders import score_ladders, summarise_ladder
from lab.training.augment.ladder_sheet import draw_ladder_sheet
from lab.training.bundle import record_in_manifest
from lab.training.maintainer_cli import run_maintainer_app
from lab.training.networks.pretrained_keras import load_dinet_keras
from lab.training.sgdnet.model_card import SgdNetFigures, SgdNetProvenance, model_card
from lab.training.training_loop import LOG
from lab.training.training_run import JOB

LICENCE = "Apache-2.0"
PICTURES = {".png", ".jpg"}

app = typer.Typer(no_args_is_help=True, help=__doc__)
console = Console()
Run = Annotated[Path, typer.Argument(help="The folder that `sightline train sgdnet` worked in.")]
Folder = Annotated[Path, typer.Option(help="Where to write; by default into the package.")]


@app.command("bundle")
def bundle(run: Run, folder: Folder = weights.BUNDLED) -> None:
    """Copy a training's weights to where the product finds them, with their manifest entry."""
    source, file = run / f"{MODEL}.safetensors", f"{MODEL}.safetensors"
    parse_notes(weights.read_weights(source)[1], source)
    shutil.copyfile(source, folder / file)
    digest = weights.sha256(folder / file)
    record_in_manifest(MODEL, ManifestEntry(file, digest, LICENCE, card=f"{MODEL}.md"), folder)
    console.print(f"{folder / file} {digest}")


@app.command()
def card(
    run: Run,
    *,
    validation: Annotated[Path, typer.Option(help="What `sightline evaluate --json` printed.")],
    test: Annotated[Path | None, typer.Option(help="What `sightline evaluate --half test --json` printed.")] = None,
    climbed_ladders: Annotated[Path | None, typer.Option("--ladders", help="What `ladders` printed.")] = None,
    hardware: Annotated[str, typer.Option()],
    minutes: Annotated[int, typer.Option()],
    trained_at: Annotated[str, typer.Option(help="The day.")],
    folder: Folder = weights.BUNDLED,
) -> None:
    """Write the bundled model's card from measurements."""
    begun = json.loads((run / LOG).read_text(encoding="utf-8").splitlines()[0])
    read = [None if path is None else json.loads(path.read_text("utf-8")) for path in (test, climbed_ladders)]
    measured = SgdNetFigures(json.loads(validation.read_text(encoding="utf-8")), *read)
    digest = weights.locate_weights(MODEL, folder=folder).sha256
    seed = int(json.loads((run / JOB).read_text(encoding="utf-8"))["seed"])
    text = model_card(digest, begun, SgdNetProvenance(hardware, minutes, trained_at, seed), measured)
    (folder / f"{MODEL}.md").write_text(text, encoding="utf-8")


@app.command()
def ladders(
    pictures: Annotated[Path, typer.Option(help="A folder of undistorted pictures (PNG or JPEG).")],
    explicit: Annotated[Path | None, typer.Option("--weights", help="Climb with this file.")] = None,
    failures: Annotated[Path | None, typer.Option(help="Draw where the score does not fall, as a JPEG.")] = None,
) -> None:
    """Print, as JSON, whether the score falls with blur, noise, compression, darkness and fog."""
    paths = sorted(path for path in pictures.iterdir() if path.suffix.lower() in PICTURES)
    if not paths:
        raise ConfigError(f"{pictures} holds no PNG or JPEG: give a folder of undistorted pictures")
    scores = score_ladders(load_sgdnet(explicit), SGDNET_QUALITY.key, paths)
    if failures is not None:
        failures.write_bytes(draw_ladder_sheet(scores, paths))
    console.print_json(json.dumps({name: asdict(summarise_ladder(rungs)) for name, rungs in scores.items()}))


@app.command("dinet")
def teacher_weights(source: Path, target: Path) -> None:
    """Turn the authors' DINet weights (Keras .h5) into the .safetensors that the teacher is read from."""
    save_file(dict(load_dinet_keras(source).state_dict()), target)
    console.print(f"{target} {weights.sha256(target)}")


if __name__ == "__main__":
    run_maintainer_app(app)
