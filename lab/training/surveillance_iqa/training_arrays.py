"""What both branches see of every picture, computed once for all epochs, splits and weights of the local branch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.models.pictures import downscale
from detectors.models.saliency.providers import choose_saliency
from detectors.models.saliency_iqa.backbones import MobileNetV2
from detectors.models.saliency_iqa.network import GLOBAL_SIDE, LOCAL_SIDE, SaliencyIqa, normalise_imagenet
from detectors.models.saliency_iqa.views import global_view, local_view
from domain.errors import ConfigError
from lab.training.array_cache import Array, load_or_compute
from lab.training.pictures import decode_picture
from lab.training.samples import UNIT, Dataset, Sample, score_values
from lab.training.surveillance_iqa.training_plan import SurveillancePlan

OPINION = "mos"
SALIENCYS_LONGER_SIDE = 640


@dataclass(frozen=True)
class SurveillanceArrays:
    """One row a sample; labels (N,) in [0, 1].

    RGB codes of the whole (N, 3, 448, 448) and the window (N, 3, 224, 224), or what the frozen blocks made of them
    (N, C, h, w) as halves. A view without weight has no pixels: (N, 3, 0, 0).
    """

    whole: Array
    window: Array
    labels: NDArray[np.float32]

    def tensors(self, rows: NDArray[np.int64], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """Both views, (n, 3, H, W) in [0, 1] or features (n, C, h, w), channels last; labels (n,) in [0, 1]."""
        whole, window = (_floats(stored_view[rows], device) for stored_view in (self.whole, self.window))
        return whole, window, torch.from_numpy(self.labels[rows]).to(device)


def prepare_arrays(
    samples: Sequence[Sample],
    dataset: Dataset,
    plan: SurveillancePlan,
    folder: Path,
    network: SaliencyIqa | None = None,
) -> SurveillanceArrays:
    """Both views of all samples, kept in `folder`; `network` computes what of them is frozen.

    Raises ConfigError where a picture or the saliency is missing.
    """
    chosen = choose_saliency(plan.saliency, plan.saliency_path)
    files = [sample.path for sample in samples]

    def whole(file: Path) -> Tensor:
        return global_view(_rgb(file))

    def window(file: Path) -> Tensor:
        rgb = _rgb(file)
        return local_view(rgb, chosen.provider(downscale(rgb, longer_side=SALIENCYS_LONGER_SIDE)))

    labels = dataset.scales[OPINION].convert(score_values(samples, OPINION), UNIT).astype(np.float32)
    seen: list[Array] = []
    for name, side, view, weight in (
        ("whole", GLOBAL_SIDE, whole, 1 - plan.local_weight),
        (f"window_{plan.saliency}", LOCAL_SIDE, window, plan.local_weight),
    ):
        if not weight:
            seen.append(np.empty((len(files), 3, 0, 0), np.uint8))
        elif plan.frozen_blocks:
            path = folder / f"{name}_{plan.frozen_blocks}.npy"
            seen.append(_features(path, files, side, view, _frozen_blocks(network, plan)))
        else:
            path, shape = folder / f"{name}.npy", (3, side, side)
            seen.append(load_or_compute(path, files, shape, np.uint8, partial(_view_codes, view)))
    return SurveillanceArrays(seen[0], seen[1], labels)


def _frozen_blocks(network: SaliencyIqa | None, plan: SurveillancePlan) -> Callable[[Tensor], Tensor]:
    """The first blocks of either branch, for both start alike, on [0, 1], in the plan's precision."""
    if network is None or not isinstance(network.global_branch.backbone, MobileNetV2):
        raise ConfigError("frozen_blocks needs the network whose blocks are frozen, of MobileNetV2")
    blocks = network.global_branch.backbone.features[: plan.frozen_blocks].eval().to(memory_format=torch.channels_last)

    def maps(rgb: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=plan.bf16):
            features: Tensor = blocks(normalise_imagenet(rgb).contiguous(memory_format=torch.channels_last))
        return features

    return maps


@torch.inference_mode()
def _features(
    path: Path, files: Sequence[Path], side: int, view: Callable[[Path], Tensor], frozen: Callable[[Tensor], Tensor]
) -> Array:
    """What the frozen blocks make of each file's view, `side` pixels square."""
    shape = tuple(frozen(torch.zeros(1, 3, side, side)).shape[1:])

    def compute(file: Path) -> Array:
        values: Array = frozen(view(file))[0].half().numpy()
        return values

    return load_or_compute(path, files, shape, np.float16, compute)


def _floats(rows: Array, device: torch.device) -> Tensor:
    """Codes as [0, 1], halves as they are; channels last in memory."""
    values = torch.from_numpy(np.ascontiguousarray(rows)).to(device)
    floats = values.float() / 255 if values.dtype == torch.uint8 else values.float()
    return floats.contiguous(memory_format=torch.channels_last)


def _rgb(file: Path) -> Tensor:
    """(1, 3, H, W) in [0, 1] of a picture file."""
    return torch.from_numpy(decode_picture(file)).permute(2, 0, 1).unsqueeze(0).float() / 255


def _view_codes(view: Callable[[Path], Tensor], file: Path) -> Array:
    return _codes(view(file))


def _codes(view: Tensor) -> NDArray[np.uint8]:
    """RGB codes (3, H, W) of a view (1, 3, H, W)."""
    return (255 * view[0]).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
