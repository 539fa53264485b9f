"""What both branches see of every picture, computed once for all epochs, splits and weights of the local branch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.base import reduced
from detectors.saliency.choice import saliency
from detectors.saliency_iqa.network import GLOBAL_SIDE, LOCAL_SIDE
from detectors.saliency_iqa.views import global_view, local_view
from training.pictures import decoded
from training.samples import UNIT, Dataset, Sample, score_values
from training.stored import Array, stored
from training.surveillance_iqa.plan import Plan

OPINION = "mos"
SALIENCYS_LONGER_SIDE = 640
WHOLE = (3, GLOBAL_SIDE, GLOBAL_SIDE)
WINDOW = (3, LOCAL_SIDE, LOCAL_SIDE)


@dataclass(frozen=True)
class Material:
    """One row a sample: RGB codes of the whole (N, 3, 448, 448) and the window (N, 3, 224, 224), labels in [0, 1]."""

    whole: Array
    window: Array
    labels: NDArray[np.float32]

    def tensors(self, rows: NDArray[np.int64], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """Both views in [0, 1], channels last in memory, and the labels of these rows."""
        views = [
            (torch.from_numpy(np.ascontiguousarray(codes[rows])).to(device).float() / 255).contiguous(
                memory_format=torch.channels_last
            )
            for codes in (self.whole, self.window)
        ]
        return views[0], views[1], torch.from_numpy(self.labels[rows]).to(device)


def material(samples: Sequence[Sample], dataset: Dataset, plan: Plan, folder: Path) -> Material:
    """Both views of all samples, kept in `folder`. Raises ConfigError where a picture or the saliency is missing."""
    chosen = saliency(plan.saliency, plan.saliency_path)
    files = [sample.path for sample in samples]

    def whole(file: Path) -> Array:
        return _codes(global_view(_rgb(file)))

    def window(file: Path) -> Array:
        rgb = _rgb(file)
        return _codes(local_view(rgb, chosen.provider(reduced(rgb, longer_side=SALIENCYS_LONGER_SIDE))))

    labels = dataset.scales[OPINION].mapped(score_values(samples, OPINION), UNIT).astype(np.float32)
    return Material(
        stored(folder / "whole.npy", files, WHOLE, np.uint8, whole),
        stored(folder / f"window_{plan.saliency}.npy", files, WINDOW, np.uint8, window),
        labels,
    )


def _rgb(file: Path) -> Tensor:
    """(1, 3, H, W) in [0, 1] of a picture file."""
    return torch.from_numpy(decoded(file)).permute(2, 0, 1).unsqueeze(0).float() / 255


def _codes(view: Tensor) -> NDArray[np.uint8]:
    """RGB codes (3, H, W) of a view (1, 3, H, W)."""
    return (255 * view[0]).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
