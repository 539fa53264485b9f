"""From two trained branches to one weights file."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from detectors.models.saliency_iqa.network import LOCAL_WEIGHT, SaliencyIqa
from lab.training.networks.batch_norm_folding import unfold_state


def export_weights(
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
    state = unfold_state(folded, plain)
    plain.load_state_dict(state)
    halves = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
    notes = {"backbone": backbone, "saliency": saliency, "local_weight": str(local_weight)}
    save_file({name: value.contiguous() for name, value in halves.items()}, path, metadata=notes)
    path.chmod(0o644)
    return hashlib.sha256(path.read_bytes()).hexdigest()
