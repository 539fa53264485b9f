"""Who shows SGDNet where people look (its Table 5): a switch by name, in training and for the direct variants."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from detectors.models.saliency.providers import SaliencyProvider
from detectors.models.saliency.spectral_residual import spectral_residual
from detectors.models.sgdnet.dinet import load_dinet
from domain.errors import ConfigError

MAP_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")


class TeacherName(StrEnum):
    DINET = "dinet"
    MAPS = "maps"
    SPECTRAL_RESIDUAL = "spectral_residual"
    NONE = "none"


class Teacher(Protocol):
    """Gives the saliency labels of pictures."""

    fingerprint: str

    def maps(self, rgb: Tensor, names: Sequence[str], grid: tuple[int, int]) -> Tensor:
        """Return (N, 1, *grid) in [0, 1] for RGB (N, 3, H, W) in [0, 1]; `names` are the picture files' stems."""
        ...


class ProviderTeacher:
    """A saliency provider that looks at the pictures themselves."""

    def __init__(self, provider: SaliencyProvider, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._provider = provider

    def maps(self, rgb: Tensor, names: Sequence[str], grid: tuple[int, int]) -> Tensor:
        """Return the provider's maps of RGB (N, 3, H, W), averaged down to (N, 1, *grid)."""
        return resize_to_grid(self._provider(rgb), grid).to(rgb.dtype)


class FolderTeacher:
    """Maps computed before: grey pictures in a folder, named like the pictures they are of."""

    def __init__(self, folder: Path) -> None:
        """Raises ConfigError where there is no such folder."""
        if not folder.is_dir():
            raise ConfigError(f"no saliency maps at {folder}: give a folder of grey pictures named like the data's")
        self.fingerprint = "maps"
        self._folder = folder

    def maps(self, rgb: Tensor, names: Sequence[str], grid: tuple[int, int]) -> Tensor:
        """Return the folder's maps (N, 1, *grid) of these names. Raises `ConfigError` that names one missing."""
        found = torch.cat([resize_to_grid(self._read(name), grid) for name in names])
        return found.to(rgb.device, rgb.dtype)

    def _read(self, name: str) -> Tensor:
        for suffix in MAP_SUFFIXES:
            path = self._folder / f"{name}{suffix}"
            if path.is_file():
                grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
                if grey is None:
                    raise ConfigError(f"{path} is not a picture that OpenCV reads")
                return torch.from_numpy(np.asarray(grey, np.float32) / 255)[None, None]
        raise ConfigError(
            f"{self._folder} holds no saliency map {name}.png: compute the teacher's maps of all pictures"
        )


def resize_to_grid(maps: Tensor, grid: tuple[int, int]) -> Tensor:
    """Maps (N, 1, h, w) as (N, 1, *grid): averaged over areas where larger, bilinear where smaller.

    The paper says "resize with a down-sampling rate of 32"; areas are ours, so that no attended spot falls between.
    """
    larger = maps.shape[-2] >= grid[0] and maps.shape[-1] >= grid[1]
    return interpolate(maps, size=grid, mode="area" if larger else "bilinear")


def make_teacher(name: str, path: Path | None = None) -> Teacher | None:
    """The teacher of that name; `path` is DINet's weights file or the folder of maps. None for "none".

    Raises ConfigError for an unknown name, and where what the path should hold is missing.
    """
    try:
        chosen = TeacherName(name)
    except ValueError as error:
        raise ConfigError(f"teacher: unknown {name!r}; known are {', '.join(TeacherName)}") from error
    if chosen is TeacherName.NONE:
        return None
    if chosen is TeacherName.MAPS:
        if path is None:
            raise ConfigError("teacher: maps needs the path of their folder")
        return FolderTeacher(path)
    if chosen is TeacherName.DINET:
        return ProviderTeacher(load_dinet(path), chosen)
    return ProviderTeacher(spectral_residual, chosen)
