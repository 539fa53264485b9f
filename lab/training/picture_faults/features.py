"""What the frozen half of the network finds in stored pictures, kept beside them: training starts from there."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.models.detection_quality.networks import MAP_CHANNELS, SHALLOW_STATISTICS, STRIDE
from detectors.models.picture_faults.statistics import surface_statistics
from detectors.models.runtime import FeatureExtractor
from detectors.models.saliency_iqa.network import normalise_imagenet
from lab.training.picture_faults.light import Pixels

Half = NDArray[np.float16]


@dataclass(frozen=True)
class Found:
    """The trunk's maps (N, 32, h, w) at stride 8, and statistics (N, 608): the trunk's and the surface's."""

    maps: Half
    statistics: NDArray[np.float32]


@dataclass(frozen=True)
class Trunk:
    """The trunk in two parts, as the product runs it."""

    shallow: FeatureExtractor
    deep: FeatureExtractor


def extract(pictures: Pixels, trunk: Trunk) -> Found:
    """Of pictures (N, H, W, 3) as the network sees them, one by one."""
    maps, statistics = [], []
    for picture in pictures:
        rgb = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255
        height, width = (-(-side // STRIDE) for side in rgb.shape[-2:])
        flat = trunk.shallow(normalise_imagenet(rgb))
        found = flat[:, SHALLOW_STATISTICS:].reshape(1, MAP_CHANNELS, height, width)
        maps.append(found[0].half().numpy())
        parts = [flat[:, :SHALLOW_STATISTICS], trunk.deep(found), surface_statistics(rgb)]
        statistics.append(torch.cat(parts, dim=1)[0].numpy())
    return Found(np.stack(maps), np.stack(statistics))


def load_features(folder: Path, number: int, pictures: Pixels, trunk: Trunk) -> Found:
    """Those of one shard, made on first use."""
    maps, statistics = folder / f"{number:05}.maps.npy", folder / f"{number:05}.trunk.npy"
    if not statistics.is_file():
        found = extract(pictures, trunk)
        np.save(maps, found.maps)
        np.save(statistics, found.statistics)
    return Found(np.load(maps, mmap_mode="r"), np.load(statistics))


def select_rows(found: Found, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """Maps (n, 32, h, w) float32 and statistics (n, 608) of some rows."""
    return torch.from_numpy(np.array(found.maps[rows])).float(), torch.from_numpy(found.statistics[rows])
