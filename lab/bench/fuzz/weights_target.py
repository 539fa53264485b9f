"""The entry point for weights files given by path."""

import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from detectors.models import weights
from lab.bench.fuzz.target import EntryPoint


def open_weights() -> EntryPoint:
    """A weights file given by path."""
    tensors = {"a.weight": np.zeros((4, 3), np.float32), "a.bias": np.ones(4, np.float32)}
    folder = tempfile.TemporaryDirectory(prefix="sightline-fuzz-")
    path = Path(folder.name) / "model.safetensors"

    def feed(data: bytes) -> None:
        path.write_bytes(data)
        weights.read_weights(path)

    seeds = [save(tensors), save(tensors, metadata={"model": "a", "size": "4"})]
    return EntryPoint(seeds, feed, close=folder.cleanup)
