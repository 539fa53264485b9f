"""`python -m training.sgdnet`: for maintainers, from a training to what is bundled, with its model card."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from safetensors.torch import save_file

from detectors import weights
from detectors.sgdnet.detector import MODEL, SGDNET_QUALITY, described, sgdnet
from detectors.weights import ManifestEntry
from domain.errors import ConfigError
from training.bundle import recorded
from training.loop import LOG
from training.maintaining import run
from training.measures.ladders import climbed, summed_up
from training.networks.keras_start import dinet_from_keras
from training.running import JOB
from training.saliency_iqa.failures import failure_sheet
from training.sgdnet.model_card import Measured, Provenance, model_card

LICENCE = "Apache-2.0"
PICTURES = {".png", ".jpg"}

app = typer.Typer(no_args_is_help=True, help=__doc__)
console = Console()
Run = Annotated[Path, typer.Argument(help="The folder that `sightline train sgdnet` worked in.")]
Folder = Annotated[Path, typer.Option(help="Where to write; by default into the package.")]


@app.command("bundle")
def bundled(run: Run, folder: Folder = weights.BUNDLED) -> None:
    """Copy a training's weights to where the product finds them, with their manifest entry."""
    source, file = run / f"{MODEL}.safetensors", f"{MODEL}.safetensors"
    described(weights.read(source)[1], source)
    shutil.copyfile(source, folder / file)
    digest = weights.sha256(folder / file)
    recorded(MODEL, ManifestEntry(file, digest, LICENCE, card=f"{MODEL}.md"), folder)
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
    measured = Measured(json.loads(validation.read_text(encoding="utf-8")), *read)
    digest = weights.located(MODEL, folder=folder).sha256
    seed = int(json.loads((run / JOB).read_text(encoding="utf-8"))["seed"])
    text = model_card(digest, begun, Provenance(hardware, minutes, trained_at, seed), measured)
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
    scores = climbed(sgdnet(explicit), SGDNET_QUALITY.key, paths)
    if failures is not None:
        failures.write_bytes(failure_sheet(scores, paths))
    console.print_json(json.dumps({name: asdict(summed_up(rungs)) for name, rungs in scores.items()}))


@app.command("dinet")
def teacher_weights(source: Path, target: Path) -> None:
    """Turn the authors' DINet weights (Keras .h5) into the .safetensors that the teacher is read from."""
    save_file(dict(dinet_from_keras(source).state_dict()), target)
    console.print(f"{target} {weights.sha256(target)}")


if __name__ == "__main__":
    run(app)
