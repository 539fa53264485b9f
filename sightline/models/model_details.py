"""The details of a model: its counted cost, its state, its weights, and whether their checksums are right."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from detectors.models import weights
from detectors.models.catalogue import MODELS, Model
from detectors.models.model_status import ModelStatus
from detectors.models.weights import WeightsAbsent, WeightsOrigin, WeightsUnavailable
from sightline.config.settings import Settings
from sightline.models.configured_models import downloads_folder


@dataclass(frozen=True, slots=True)
class ModelCost:
    """Parameters of the network as trained, and multiply-accumulate operations, in 1e9, at the stated input."""

    parameters: int
    gmacs: float


@dataclass(frozen=True, slots=True)
class WeightsCheck:
    """One weights file against its checksum; `found` is false where there is no file, which is no fault."""

    model: str
    found: bool
    right: bool
    text: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def count_cost(network: nn.Module, example: tuple[Tensor, ...]) -> ModelCost:
    """Count a network's parameters, and half the FLOPs that torch's counter sees at `example`."""
    network.eval()
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(*example)
    return ModelCost(sum(each.numel() for each in network.parameters()), counter.get_total_flops() / 2 / 1e9)


def summarise_model(status: ModelStatus) -> dict[str, Any]:
    """One model in a list: name, state, what it does or why not, and its weights."""
    return {
        "name": status.model.name,
        "title": status.model.title,
        "state": status.state.value,
        "reason": status.reason,
        "judges": status.judges,
        "said": status.summary,
        "weights": _describe_weights(status),
    }


def describe_model(status: ModelStatus) -> dict[str, Any]:
    """Return all details of one model."""
    model = status.model
    counted = count_cost(model.network(), model.example())
    published = None if model.published is None else count_cost(model.published(), model.example())
    return {
        **summarise_model(status),
        "source": model.source,
        "note": model.note,
        "input": model.input,
        "parameters": counted.parameters,
        "gmacs": round(counted.gmacs, 4),
        "as_published": None if published is None else asdict(published),
        "every_s": status.every_s,
        "options": sorted(model.options),
        "fingerprint": "" if status.detector is None else status.detector.fingerprint,
        "metrics": [spec.key for spec in model.metrics],
    }


def verify_weights(settings: Settings) -> tuple[WeightsCheck, ...]:
    """Check every bundled, installed and downloaded file of every model again."""
    folder = downloads_folder(settings)
    known = weights.read_manifest()
    checks: list[WeightsCheck] = []
    for name, entry in known.items():
        folders = (weights.BUNDLED, *weights.find_installed_folders(), folder)
        places = [path for path in dict.fromkeys((each / entry.file).resolve() for each in folders) if path.is_file()]
        checks += [_check_file(name, path, entry.sha256) for path in places]
        if not places:
            checks.append(WeightsCheck(name, False, False, f"no file {entry.file}, bundled, installed or in {folder}"))
    checks += [_check_located(model, folder) for name, model in MODELS.items() if name not in known]
    return tuple(checks)


def _check_file(name: str, path: Path, expected: str) -> WeightsCheck:
    digest = weights.sha256(path)
    right = digest == expected
    text = f"{path} has SHA-256 {digest}" + ("" if right else f", the manifest says {expected}: fetch it again")
    return WeightsCheck(name, True, right, text)


def _check_located(model: Model, folder: Path) -> WeightsCheck:
    """A model whose weights are no file of the manifest checks them itself when it looks for them."""
    try:
        file = model.weights(None, folder)
    except WeightsAbsent as error:
        return WeightsCheck(model.name, False, False, str(error))
    except WeightsUnavailable as error:
        return WeightsCheck(model.name, True, False, str(error))
    return WeightsCheck(model.name, True, True, f"{file.path} has SHA-256 {file.sha256}")


def _describe_weights(status: ModelStatus) -> dict[str, Any]:
    model = status.model
    entry = weights.read_manifest().get(model.name)
    file = status.weights
    given = file is not None and file.origin is WeightsOrigin.EXPLICIT
    licence = model.licence or (entry.licence if entry is not None else "")
    return {
        "path": "" if file is None else str(file.path),
        "sha256": "" if file is None else file.sha256,
        "origin": "" if file is None else file.origin.value,
        "licence": "the operator's own file" if given else licence,
        "card": f"weights/{entry.card}" if entry is not None and entry.card else "",
        "looked_for": [str(path) for path in status.looked_for],
    }
