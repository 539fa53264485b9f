"""SimpleNet's public weights, read into our network.

The authors distribute PyTorch checkpoints of tensors, some saved from a data-parallel wrapper ("module."), in which
each encoder stands twice: as itself and as the cuts of it that their code made ("conv_layer1" to "conv_layer5").
"""

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from detectors import weights
from detectors.weights import SIZE_LIMIT_BYTES, WeightsUnavailable

PREFIXES = {"mobilenet.": "encoder.features.", "resnet.": "encoder.", "pnas.": "encoder."}
CLASSIFIERS = ("encoder.fc.", "encoder.classifier.", "encoder.auxiliary_head.")


def read(path: Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file, or of a PyTorch checkpoint that holds nothing but tensors, under our names.

    Raises WeightsUnavailable where the file is absent, too large, or holds anything else.
    """
    if not path.is_file():
        raise WeightsUnavailable(f"no saliency weights at {path}: give the path of SimpleNet's SALICON weights")
    if path.stat().st_size > SIZE_LIMIT_BYTES:
        raise WeightsUnavailable(f"{path} is larger than {SIZE_LIMIT_BYTES} bytes: not SimpleNet's weights")
    if path.suffix == ".safetensors":
        return renamed(weights.read(path)[0])
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
        raise WeightsUnavailable(f"{path} is not a checkpoint of tensors: {error}") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsUnavailable(f"{path} holds more than named tensors: give the authors' state dict")
    return renamed(state)


def renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The authors' names to ours: the wrapper's prefix and the encoder's second copy and classifier dropped."""
    found = {}
    for name, tensor in state.items():
        own = name.removeprefix("module.")
        if own.startswith("conv_layer"):
            continue
        for theirs, ours in PREFIXES.items():
            if own.startswith(theirs):
                own = ours + own.removeprefix(theirs)
        if not own.startswith(CLASSIFIERS):
            found[own] = tensor
    return found
