"""What SGDNet learns from, computed once for all epochs: squashed pictures or frozen features, opinions, saliency."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from detectors.models.pictures import downscale
from detectors.models.saliency_iqa.backbones import MobileNetV2
from detectors.models.sgdnet.backbones import BACKBONES
from detectors.models.sgdnet.detector import LABELS
from detectors.models.sgdnet.network import SgdNet, prepare_input
from detectors.models.sgdnet.teachers import make_teacher
from detectors.models.weights import sha256
from domain.errors import ConfigError
from lab.training.array_cache import Array, load_or_compute
from lab.training.pictures import decode_picture
from lab.training.samples import Dataset, Sample, Scale, score_values
from lab.training.sgdnet.training_plan import Precision, SgdNetPlan

OPINION = "mos"
FIVE_POINTS = Scale(*LABELS)
"""KonIQ-10k's scale; other data sets' labels are mapped onto it, so that the two losses keep their proportion."""
TEACHERS_LONGER_SIDE = 640


@dataclass(frozen=True)
class SgdNetArrays:
    """One row a sample. `inputs`: RGB codes (N, 3, H, W), or features of the frozen blocks (N, C, h, w) as halves.

    `labels` (N,) on five points, higher is better. `maps` (N, 1, H/32, W/32) of the teacher, None without one.
    """

    inputs: Array
    labels: NDArray[np.float32]
    maps: Array | None

    @property
    def holds_features(self) -> bool:
        """Whether the inputs are features already."""
        return self.inputs.dtype == np.float16

    def tensors(self, rows: NDArray[np.int64], device: torch.device) -> tuple[Tensor, Tensor, Tensor | None]:
        """Inputs (n, 3, H, W) in [0, 1] or features (n, C, h, w), labels (n,), maps (n, 1, H/32, W/32)."""
        chosen = torch.from_numpy(np.ascontiguousarray(self.inputs[rows])).to(device)
        inputs = chosen.float() if self.holds_features else chosen.float() / 255
        labels = torch.from_numpy(self.labels[rows]).to(device)
        if self.maps is None:
            return inputs, labels, None
        return inputs, labels, torch.from_numpy(np.ascontiguousarray(self.maps[rows])).float().to(device)


def prepare_arrays(
    samples: Sequence[Sample], dataset: Dataset, plan: SgdNetPlan, network: SgdNet, folder: Path
) -> SgdNetArrays:
    """Everything of `samples` that `plan` needs, kept in `folder`; `network` computes what of it is frozen.

    Raises ConfigError where pictures or the teacher's maps or weights are missing.
    """
    files = [sample.path for sample in samples]
    labels = dataset.scales[OPINION].convert(score_values(samples, OPINION), FIVE_POINTS).astype(np.float32)
    size = (plan.height, plan.width)
    maps = _maps(files, plan, folder) if plan.needs_teacher else None
    if plan.frozen_blocks:
        inputs = _features(files, plan, network, folder)
    else:
        name = f"pictures_{plan.height}x{plan.width}.npy"
        inputs = load_or_compute(folder / name, files, (3, *size), np.uint8, lambda file: squashed_codes(file, size))
    return SgdNetArrays(inputs, labels, maps)


def squashed_codes(file: Path, size: tuple[int, int]) -> NDArray[np.uint8]:
    """RGB (3, *size) of a picture file, squashed as the detector squashes it, rounded to codes."""
    small = interpolate(_codes(file).float(), size=size, mode="bilinear", antialias=True)
    return small[0].round().clamp(0, 255).to(torch.uint8).numpy()


def grid_of(plan: SgdNetPlan) -> tuple[int, int]:
    """Rows and columns of the network's features, without computing any."""
    with torch.device("meta"):
        maps = BACKBONES[plan.backbone]().eval()(torch.empty(1, 3, plan.height, plan.width))
    return int(maps.shape[-2]), int(maps.shape[-1])


def teacher_key(plan: SgdNetPlan) -> str:
    """What tells one teacher's maps from another's of the same kind: its weights' digest, or its folder of maps."""
    path = plan.teacher_path
    if path is None:
        return "own"
    if path.is_file():
        return sha256(path)[:12]
    return f"{path.name}-{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]}"


def _maps(files: Sequence[Path], plan: SgdNetPlan, folder: Path) -> Array:
    guide = make_teacher(plan.teacher, plan.teacher_path)
    if guide is None:
        raise ConfigError(f"guidance={plan.guidance} needs a teacher")
    rows, columns = grid_of(plan)
    path = folder / f"saliency_{plan.teacher}_{teacher_key(plan)}_{rows}x{columns}.npy"

    def compute_saliency(file: Path) -> Array:
        rgb = downscale(_codes(file).float() / 255, longer_side=TEACHERS_LONGER_SIDE)
        values: Array = guide.maps(rgb, (file.stem,), (rows, columns))[0].cpu().numpy()
        return values

    return load_or_compute(path, files, (1, rows, columns), np.float32, compute_saliency)


@torch.inference_mode()
def _features(files: Sequence[Path], plan: SgdNetPlan, network: SgdNet, folder: Path) -> Array:
    backbone, size = network.backbone, (plan.height, plan.width)
    assert isinstance(backbone, MobileNetV2)
    frozen = backbone.features[: plan.frozen_blocks].eval().to(memory_format=torch.channels_last)

    def compute(file: Path) -> Array:
        small = torch.from_numpy(squashed_codes(file, size)).unsqueeze(0).float() / 255
        seen = prepare_input(small, "mobilenet_v2").contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=plan.precision is Precision.BF16):
            values: Array = frozen(seen)[0].half().numpy()
        return values

    shape = tuple(frozen(torch.zeros(1, 3, *size)).shape[1:])
    name = f"features_{plan.frozen_blocks}_{size[0]}x{size[1]}.npy"
    return load_or_compute(folder / name, files, shape, np.float16, compute)


def _codes(file: Path) -> Tensor:
    """RGB codes (1, 3, H, W) of a picture file."""
    return torch.from_numpy(decode_picture(file)).permute(2, 0, 1).unsqueeze(0)
