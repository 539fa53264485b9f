"""Trained weights put where the product finds them: half precision, named, with their place in the manifest."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from detectors.weights import ManifestEntry, sha256
from training.bundle import recorded

LICENCE = "Apache-2.0"


def exported(state: Mapping[str, Tensor], notes: Mapping[str, str], path: Path) -> Path:
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


def bundled(model: str, state: Mapping[str, Tensor], notes: Mapping[str, str], folder: Path) -> ManifestEntry:
    """Export into `folder` and record it in its manifest; the card is `MODEL.md`, written by hand."""
    path = exported(state, notes, folder / f"{model}.safetensors")
    entry = ManifestEntry(path.name, sha256(path), LICENCE, f"{model}.md")
    recorded(model, entry, folder)
    return entry


def plain(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state in single precision, for going on with training."""
    return {name: value.float() if value.dtype == torch.float16 else value for name, value in state.items()}
