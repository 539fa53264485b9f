"""Trained weights put where the product finds them: half precision, named, with their place in the manifest."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from detectors.models.weights import ManifestEntry, sha256
from lab.training.bundle import record_in_manifest

LICENCE = "Apache-2.0"


def export_weights(state: Mapping[str, Tensor], notes: Mapping[str, str], path: Path) -> Path:
    """Write safetensors with notes; floating-point tensors in half precision, integers as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    halves = {
        name: (value.half() if value.is_floating_point() else value).contiguous() for name, value in state.items()
    }
    overflown = [name for name, value in halves.items() if value.is_floating_point() and not value.isfinite().all()]
    if overflown:
        raise ValueError(f"{', '.join(overflown)} do not fit half precision")
    save_file(halves, path, metadata=dict(notes))
    return path


def bundle_weights(model: str, state: Mapping[str, Tensor], notes: Mapping[str, str], folder: Path) -> ManifestEntry:
    """Export into `folder` and record it in its manifest; the card is `MODEL.md`, written by hand."""
    path = export_weights(state, notes, folder / f"{model}.safetensors")
    entry = ManifestEntry(path.name, sha256(path), LICENCE, f"{model}.md")
    record_in_manifest(model, entry, folder)
    return entry


def to_plain_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state in single precision, for going on with training."""
    return {name: value.float() if value.dtype == torch.float16 else value for name, value in state.items()}
