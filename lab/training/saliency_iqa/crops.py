"""Training crops without JPEG decoding: every picture decoded once into one array on disk, crops cut from it."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.models.saliency.providers import SaliencyProvider
from detectors.models.saliency_iqa.network import LOCAL_SIDE
from detectors.models.saliency_iqa.views import native_side, resize_view, window_lines, window_sums
from domain.errors import ConfigError
from lab.training.pictures import Pixels, decode_picture

CACHE_SIDE = 512
AT_ONCE = 32
NEAR = 16
"""Pixels that a crop may lie beside the most salient window: half the stride of its search."""
Corners = NDArray[np.int64]


class CropView(StrEnum):
    """Which branch a crop is for: the whole picture resized, or a window at native size."""

    GLOBAL = "global"
    LOCAL = "local"

    @property
    def side(self) -> int:
        """Native pixels of a 512 x 512 picture that the branch sees."""
        return native_side(CACHE_SIDE) if self is CropView.GLOBAL else LOCAL_SIDE


def load_or_cache_pictures(files: Sequence[Path], path: Path) -> Pixels:
    """(N, 512, 512, 3) of all pictures, made at `path` on first use and read from disk after that.

    The few of another size are cut at the centre, or filled up by reflection at the right and below.
    """
    shape = (len(files), CACHE_SIDE, CACHE_SIDE, 3)
    if path.is_file():
        array: Pixels = np.load(path, mmap_mode="r")
        if array.shape != shape:
            raise ConfigError(f"{path} holds {array.shape}, not {shape}: it was made from other data; delete it")
        return array
    partial = path.with_suffix(".part")
    array = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
    for index, file in enumerate(files):
        array[index] = cut_centre(decode_picture(file))
    array.flush()
    partial.replace(path)
    return array


def cut_centre(picture: Pixels) -> Pixels:
    """The centre 512 x 512 of (H, W, 3), reflected at the right and below where it is smaller."""
    height, width = picture.shape[:2]
    top, left = max(0, (height - CACHE_SIDE) // 2), max(0, (width - CACHE_SIDE) // 2)
    cut = picture[top : top + CACHE_SIDE, left : left + CACHE_SIDE]
    missing = ((0, CACHE_SIDE - cut.shape[0]), (0, CACHE_SIDE - cut.shape[1]), (0, 0))
    return np.pad(cut, missing, mode="reflect")


def salient_windows(pictures: Pixels, provider: SaliencyProvider, path: Path) -> Corners:
    """Top and left (N, 2) of each picture's window of largest saliency, made at `path` on first use."""
    if path.is_file():
        corners: Corners = np.load(path)
        if corners.shape != (len(pictures), 2):
            raise ConfigError(f"{path} holds {len(corners)} windows, not {len(pictures)}: delete it")
        return corners
    corners = np.empty((len(pictures), 2), np.int64)
    starts = window_lines(CACHE_SIDE)[:, 0].numpy()
    for start in range(0, len(pictures), AT_ONCE):
        planes = torch.from_numpy(np.array(pictures[start : start + AT_ONCE])).permute(0, 3, 1, 2).float() / 255
        with torch.inference_mode():
            best = window_sums(provider(planes), CACHE_SIDE, CACHE_SIDE).flatten(1).argmax(dim=1).numpy()
        corners[start : start + AT_ONCE] = np.stack([starts[best // len(starts)], starts[best % len(starts)]], axis=1)
    np.save(path, corners)
    return corners


def random_crops(
    pictures: Pixels,
    indices: NDArray[np.int64],
    side: int,
    generator: np.random.Generator,
    *,
    windows: Corners | None = None,
    salient: float = 0.0,
) -> Pixels:
    """Crops (n, side, side, 3), one of each picture chosen, half of them mirrored left to right.

    The share `salient` of them near the picture's window (`salient_windows`), the others at a random place.
    """
    crops = np.empty((len(indices), side, side, 3), np.uint8)
    for row, index in enumerate(indices):
        top, left = generator.integers(0, CACHE_SIDE - side + 1, 2)
        if windows is not None and salient > 0 and generator.random() < salient:
            moved = windows[index] + generator.integers(-NEAR, NEAR + 1, 2)
            top, left = moved.clip(0, CACHE_SIDE - side)
        crop = pictures[index, top : top + side, left : left + side]
        crops[row] = crop[:, ::-1] if generator.random() < 0.5 else crop
    return crops


def centre_crops(pictures: Pixels, indices: NDArray[np.int64], side: int) -> Pixels:
    """The centres (n, side, side, 3) of the pictures chosen."""
    start = (CACHE_SIDE - side) // 2
    return np.ascontiguousarray(pictures[indices, start : start + side, start : start + side])


def as_input(crops: Pixels, view: CropView) -> Tensor:
    """What a branch sees of crops (N, side, side, 3): (N, 3, 448, 448) or (N, 3, 224, 224), RGB in [0, 1]."""
    planes = torch.from_numpy(crops).permute(0, 3, 1, 2)
    if view is CropView.GLOBAL:
        planes = resize_view(planes)
    return (planes.float() / 255).contiguous(memory_format=torch.channels_last)
