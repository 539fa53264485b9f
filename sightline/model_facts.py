"""What is told of a model: its cost as counted, its state, its weights, and whether their checksums hold."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from detectors import weights
from detectors.models import MODELS, Model
from detectors.standing import Standing
from detectors.weights import Origin, WeightsAbsent, WeightsUnavailable
from sightline.chosen_models import downloads
from sightline.settings import Settings


@dataclass(frozen=True, slots=True)
class Cost:
    """Parameters of the network as trained, and multiply-accumulate operations, in 1e9, at the stated input."""

    parameters: int
    gmacs: float


@dataclass(frozen=True, slots=True)
class Check:
    """One weights file against its checksum; `found` is false where there is no file, which is no fault."""

    model: str
    found: bool
    right: bool
    text: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def cost(network: nn.Module, example: tuple[Tensor, ...]) -> Cost:
    """Count a network's parameters, and half the FLOPs that torch's counter sees at `example`."""
    network.eval()
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(*example)
    return Cost(sum(each.numel() for each in network.parameters()), counter.get_total_flops() / 2 / 1e9)


def row(stands: Standing) -> dict[str, Any]:
    """One model in a list: name, state, what it does or why not, and its weights."""
    return {
        "name": stands.model.name,
        "title": stands.model.title,
        "state": stands.state.value,
        "reason": stands.reason,
        "judges": stands.judges,
        "said": stands.said,
        "weights": _weights(stands),
    }


def described(stands: Standing) -> dict[str, Any]:
    """Everything that is told of one model."""
    model = stands.model
    counted = cost(model.network(), model.example())
    published = None if model.published is None else cost(model.published(), model.example())
    return {
        **row(stands),
        "source": model.source,
        "note": model.note,
        "input": model.input,
        "parameters": counted.parameters,
        "gmacs": round(counted.gmacs, 4),
        "as_published": None if published is None else asdict(published),
        "every_s": stands.every_s,
        "options": sorted(model.options),
        "fingerprint": "" if stands.detector is None else stands.detector.fingerprint,
        "metrics": [spec.key for spec in model.metrics],
    }


def verified(settings: Settings) -> tuple[Check, ...]:
    """Check every bundled, installed and downloaded file of every model anew."""
    folder = downloads(settings)
    known = weights.manifest()
    checks: list[Check] = []
    for name, entry in known.items():
        places = [path for path in (weights.BUNDLED / entry.file, folder / entry.file) if path.is_file()]
        checks += [_checked(name, path, entry.sha256) for path in places]
        if not places:
            checks.append(Check(name, False, False, f"no file {entry.file}, bundled or in {folder}"))
    checks += [_located(model, folder) for name, model in MODELS.items() if name not in known]
    return tuple(checks)


def _checked(name: str, path: Path, expected: str) -> Check:
    digest = weights.sha256(path)
    right = digest == expected
    text = f"{path} has SHA-256 {digest}" + ("" if right else f", the manifest says {expected}: fetch it anew")
    return Check(name, True, right, text)


def _located(model: Model, folder: Path) -> Check:
    """A model whose weights are no file of the manifest checks them itself when it looks for them."""
    try:
        file = model.weights(None, folder)
    except WeightsAbsent as error:
        return Check(model.name, False, False, str(error))
    except WeightsUnavailable as error:
        return Check(model.name, True, False, str(error))
    return Check(model.name, True, True, f"{file.path} has SHA-256 {file.sha256}")


def _weights(stands: Standing) -> dict[str, Any]:
    model = stands.model
    entry = weights.manifest().get(model.name)
    file = stands.weights
    given = file is not None and file.origin is Origin.EXPLICIT
    licence = model.licence or (entry.licence if entry is not None else "")
    return {
        "path": "" if file is None else str(file.path),
        "sha256": "" if file is None else file.sha256,
        "origin": "" if file is None else file.origin.value,
        "licence": "the operator's own file" if given else licence,
        "card": f"weights/{entry.card}" if entry is not None and entry.card else "",
        "looked_for": [str(path) for path in stands.looked_for],
    }
