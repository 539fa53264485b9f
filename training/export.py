"""From two trained branches to one weights file, its manifest entry, and nothing else."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from detectors.saliency_iqa.network import LOCAL_WEIGHT, SaliencyIqa
from detectors.weights import ManifestEntry, manifest
from training.folding import unfolded


def exported(
    global_state: Mapping[str, Tensor],
    local_state: Mapping[str, Tensor],
    path: Path,
    *,
    backbone: str,
    saliency: str,
    local_weight: float = LOCAL_WEIGHT,
) -> str:
    """Write the folded states of both branches as fp16 safetensors; returns the file's SHA-256.

    The file holds the published network with its batch norms, so that public weights and ours load alike.
    """
    plain = SaliencyIqa(backbone, local_weight)
    folded = {f"global_branch.{name}": value for name, value in global_state.items()}
    folded |= {f"local_branch.{name}": value for name, value in local_state.items()}
    state = unfolded(folded, plain)
    plain.load_state_dict(state)
    halves = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
    notes = {"backbone": backbone, "saliency": saliency, "local_weight": str(local_weight)}
    save_file({name: value.contiguous() for name, value in halves.items()}, path, metadata=notes)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def recorded(model: str, entry: ManifestEntry, folder: Path) -> None:
    """Put the entry into the folder's manifest, in place of the model's earlier one."""
    entries = {name: asdict(known) for name, known in manifest(folder).items()}
    entries[model] = asdict(entry)
    text = json.dumps(dict(sorted(entries.items())), indent=2, ensure_ascii=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def averaged_weights(*checkpoints: Path) -> dict[str, Tensor]:
    """The mean of the checkpoints' averaged weights, without running code from the files.

    Several trainings from one start, averaged, cost no more in use than one (Wortsman et al. 2022, "model soups").
    """
    states: list[dict[str, Tensor]] = [torch.load(path, weights_only=True)["ema"] for path in checkpoints]
    return {
        name: torch.stack([state[name] for state in states]).mean(dim=0) if value.is_floating_point() else value
        for name, value in states[0].items()
    }
