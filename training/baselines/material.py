"""Features of many pictures, computed once and kept."""

from collections.abc import Sequence
from pathlib import Path

import torch

from detectors.base import Pictures
from detectors.baselines.brisque import FEATURES, brisque_features
from training.pictures import decoded
from training.samples import Sample, Values
from training.stored import Array, stored


def picture(path: Path) -> Pictures:
    """A picture file at its own size, alone."""
    return Pictures.from_rgb(torch.from_numpy(decoded(path)).permute(2, 0, 1)[None].float() / 255)


def feature_rows(samples: Sequence[Sample], folder: Path) -> Values:
    """BRISQUE's features of each sample, (N, 36), kept in `folder`."""

    def computed(path: Path) -> Array:
        return brisque_features(picture(path).luma)[0].numpy()

    rows: Values = stored(
        folder / "brisque_features.npy", [sample.path for sample in samples], (FEATURES,), "float64", computed
    ).astype("float64")
    return rows
