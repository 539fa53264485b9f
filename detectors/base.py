"""What a detector is. Stateless and batch first: the same picture scores the same alone and in any batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from domain.quality import MetricSpec


@dataclass(frozen=True)
class Pictures:
    """Pictures of one format on one device, uploaded once and shared by every detector.

    `luma` (N, 1, H, W) float32 in [0, 1], limited range already expanded; `rgb` (N, 3, H, W) float32 in [0, 1],
    equal to luma in each channel where the stream has no colour; `colour` says whether it has. `visible`
    (N, 1, H, W) bool leaves out what the operator masked, None when nothing is masked.
    """

    luma: Tensor
    rgb: Tensor
    colour: bool = True
    visible: Tensor | None = None

    def __len__(self) -> int:
        return int(self.luma.shape[0])

    @cached_property
    def small_luma(self) -> Tensor:
        """Luma reduced by area averaging so that the longer side is at most 640, (N, 1, h, w)."""
        return reduced(self.luma, longer_side=640)

    @cached_property
    def small_rgb(self) -> Tensor:
        """RGB reduced like `small_luma`, (N, 3, h, w)."""
        return reduced(self.rgb, longer_side=640)


def reduced(images: Tensor, *, longer_side: int) -> Tensor:
    """Average (N, C, H, W) over equal areas so that the longer side is at most `longer_side`; never enlarges."""
    height, width = images.shape[-2:]
    factor = longer_side / max(height, width)
    if factor >= 1:
        return images
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    return torch.nn.functional.interpolate(images, size=size, mode="area")


class Detector(Protocol):
    """Scores single pictures."""

    name: str
    metrics: tuple[MetricSpec, ...]
    fingerprint: str
    """Names the code or weights behind the numbers; stored with every score."""

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return (N,) float32 per metric key; NaN where this picture cannot be measured."""
        ...


class TemporalDetector(Protocol):
    """Scores a picture against the one before it in the same session."""

    name: str
    metrics: tuple[MetricSpec, ...]
    fingerprint: str

    def remember(self, pictures: Pictures) -> Tensor:
        """Return (N, …), the little that the next picture will be compared with."""
        ...

    def score(self, now: Tensor, before: Tensor) -> Mapping[str, Tensor]:
        """Return (N,) per metric key; row i of `before` is what was remembered of row i's earlier picture."""
        ...


class StructureDetector(Protocol):
    """Describes where things are, for comparison with the camera's reference over hours, not pictures."""

    name: str
    fingerprint: str

    def describe(self, pictures: Pictures) -> Tensor:
        """Return (N, rows, columns, channels) block statistics; see the implementation for the channels."""
        ...
