"""Where a training starts: ImageNet weights for the backbones, from a file; and one way to put a network in a file."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from detectors.models.face_quality.backbones import MobileNetV2Stages
from detectors.models.face_quality.network import Assessor, AssessorVariant, Dimension, ViewEncoder
from detectors.models.face_quality.weights import make_notes
from detectors.models.weights import read_weights, sha256
from domain.errors import ConfigError
from lab.training.networks.batch_norm_folding import fold_batch_norms, unfold_state
from lab.training.networks.pretrained_mobilenet import load_mobilenet_v2_tflite


def build_pretrained(variant: AssessorVariant, start: Path | None) -> Assessor:
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
            encoder.backbone.features = nn.Sequential(*list(load_mobilenet_v2_tflite(start).features)[:stages])
        else:
            _load_timm_weights(encoder.backbone, start)
    return network


def fold_backbones(network: Assessor) -> None:
    """Fold, in place, the batch norms of every MobileNetV2 (lab/training/networks/batch_norm_folding.py says why)."""
    for encoder in _encoders(network):
        if isinstance(encoder.backbone, MobileNetV2Stages):
            fold_batch_norms(encoder.backbone)


def to_plain_state(state: Mapping[str, Tensor], variant: AssessorVariant) -> dict[str, Tensor]:
    """The state of the published network for a state with folded backbones; the same where none is folded."""
    plain = Assessor(variant)
    whole = dict(state)
    for view, encoder in plain.encoders.items():
        assert isinstance(encoder, ViewEncoder)
        prefix = f"encoders.{view}.backbone."
        inside = {name.removeprefix(prefix): whole.pop(name) for name in list(whole) if name.startswith(prefix)}
        folded = any(name.endswith(".scale") for name in inside)
        backbone = unfold_state(inside, encoder.backbone) if folded else inside
        whole |= {prefix + name: value for name, value in backbone.items()}
    plain.load_state_dict(whole)
    return whole


def export_weights(
    state: Mapping[str, Tensor],
    variant: AssessorVariant,
    path: Path,
    *,
    rated: int = 6,
    withheld: Sequence[Dimension] = (),
    regressed: bool = False,
) -> str:
    """Write the network as fp16 safetensors with its variant in the notes; returns the file's SHA-256.

    `rated` of the six dimensions were trained, counted from the last: 1 for a data set with an overall opinion only.
    Those `withheld` failed their evidence and are never shown. `regressed` where the overall labels were Eq. 1's.
    """
    plain = to_plain_state(state, variant)
    halves = {
        name: value.half().contiguous() if value.is_floating_point() else value.contiguous()
        for name, value in plain.items()
    }
    save_file(halves, path, metadata=make_notes(variant, rated, withheld, regressed=regressed))
    return sha256(path)


def _encoders(network: Assessor) -> list[ViewEncoder]:
    found = [encoder for encoder in network.encoders.values() if isinstance(encoder, ViewEncoder)]
    assert len(found) == len(network.encoders)
    return found


def _load_timm_weights(backbone: nn.Module, start: Path) -> None:
    """timm names the parts of a whole network `stages.0.…` and of a feature extractor `stages_0.…`."""
    tensors, _ = read_weights(start)
    wanted = backbone.state_dict()
    named = {re.sub(r"^(stem|stages|blocks)\.(\d+)\.", r"\1_\2.", name): value for name, value in tensors.items()}
    known = named if set(wanted) <= set(named) else tensors
    missing = sorted(set(wanted) - set(known))
    if missing:
        raise ConfigError(f"{start} lacks {missing[0]!r}: give timm's weights of the same backbone, as safetensors")
    with torch.no_grad():
        backbone.load_state_dict({name: known[name] for name in wanted})
