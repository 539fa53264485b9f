"""Features of many pictures, computed once and kept."""

from collections.abc import Sequence
from pathlib import Path

import torch

from detectors.models.classic_iqa.brisque import FEATURES, brisque_features
from detectors.models.pictures import Pictures
from lab.training.array_cache import Array, load_or_compute
from lab.training.pictures import decode_picture
from lab.training.samples import Sample, Values


def load_picture(path: Path) -> Pictures:
    """A picture file at its own size, alone."""
    return Pictures.from_rgb(torch.from_numpy(decode_picture(path)).permute(2, 0, 1)[None].float() / 255)


def compute_features(samples: Sequence[Sample], folder: Path) -> Values:
    """BRISQUE's features of each sample, (N, 36), kept in `folder`."""

    def compute(path: Path) -> Array:
        return brisque_features(load_picture(path).luma)[0].numpy()

    rows: Values = load_or_compute(
        folder / "brisque_features.npy", [sample.path for sample in samples], (FEATURES,), "float64", compute
    ).astype("float64")
    return rows
