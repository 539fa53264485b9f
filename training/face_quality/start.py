"""Where a training starts: ImageNet weights for the backbones, from a file; and one way to put a network in a file."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from detectors.face_quality.backbones import MobileNetV2Stages
from detectors.face_quality.network import Assessor, Dimension, Variant, ViewEncoder
from detectors.face_quality.weights import notes
from detectors.weights import read, sha256
from domain.errors import ConfigError
from training.networks.folding import fold, unfolded
from training.networks.imagenet_start import mobilenet_v2_from_tflite


def from_imagenet(variant: Variant, start: Path | None) -> Assessor:
    """A network whose backbones have the weights of `start`; from nothing where it is None.

    `start` is the tflite file of docs/training.md for MobileNetV2, and timm's own safetensors of the same name for
    every other. Nothing is downloaded. Raises ConfigError where the file is for another backbone.
    """
    network = Assessor(variant)
    if start is None:
        return network
    for encoder in _encoders(network):
        if isinstance(encoder.backbone, MobileNetV2Stages):
            stages = len(encoder.backbone.features)
            encoder.backbone.features = nn.Sequential(*list(mobilenet_v2_from_tflite(start).features)[:stages])
        else:
            _take_timms(encoder.backbone, start)
    return network


def fold_backbones(network: Assessor) -> None:
    """Fold, in place, the batch norms of every MobileNetV2 (training/networks/folding.py says why)."""
    for encoder in _encoders(network):
        if isinstance(encoder.backbone, MobileNetV2Stages):
            fold(encoder.backbone)


def plain_state(state: Mapping[str, Tensor], variant: Variant) -> dict[str, Tensor]:
    """The state of the published network for a state with folded backbones; the same where none is folded."""
    plain = Assessor(variant)
    whole = dict(state)
    for view, encoder in plain.encoders.items():
        assert isinstance(encoder, ViewEncoder)
        prefix = f"encoders.{view}.backbone."
        inside = {name.removeprefix(prefix): whole.pop(name) for name in list(whole) if name.startswith(prefix)}
        folded = any(name.endswith(".scale") for name in inside)
        backbone = unfolded(inside, encoder.backbone) if folded else inside
        whole |= {prefix + name: value for name, value in backbone.items()}
    plain.load_state_dict(whole)
    return whole


def exported(
    state: Mapping[str, Tensor], variant: Variant, path: Path, *, rated: int = 6, withheld: Sequence[Dimension] = ()
) -> str:
    """Write the network as fp16 safetensors with its variant in the notes; returns the file's SHA-256.

    `rated` of the six dimensions were trained, counted from the last: 1 for a data set with an overall opinion only.
    Those `withheld` failed their evidence and are never shown.
    """
    plain = plain_state(state, variant)
    halves = {
        name: value.half().contiguous() if value.is_floating_point() else value.contiguous()
        for name, value in plain.items()
    }
    save_file(halves, path, metadata=notes(variant, rated, withheld))
    return sha256(path)


def _encoders(network: Assessor) -> list[ViewEncoder]:
    found = [encoder for encoder in network.encoders.values() if isinstance(encoder, ViewEncoder)]
    assert len(found) == len(network.encoders)
    return found


def _take_timms(backbone: nn.Module, start: Path) -> None:
    """timm names the parts of a whole network `stages.0.…` and of a feature extractor `stages_0.…`."""
    tensors, _ = read(start)
    wanted = backbone.state_dict()
    named = {re.sub(r"^(stem|stages|blocks)\.(\d+)\.", r"\1_\2.", name): value for name, value in tensors.items()}
    known = named if set(wanted) <= set(named) else tensors
    missing = sorted(set(wanted) - set(known))
    if missing:
        raise ConfigError(f"{start} lacks {missing[0]!r}: give timm's weights of the same backbone, as safetensors")
    with torch.no_grad():
        backbone.load_state_dict({name: known[name] for name in wanted})
