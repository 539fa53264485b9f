"""What a detector is. Stateless and batch first: the same picture scores the same alone and in any batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from domain.frames import ColorMatrix
from domain.metrics import MetricSpec

LUMA_WEIGHTS: Mapping[ColorMatrix, tuple[float, float]] = {
    ColorMatrix.BT601: (0.299, 0.114),
    ColorMatrix.BT709: (0.2126, 0.0722),
    ColorMatrix.BT2020: (0.2627, 0.0593),
}
"""(Kr, Kb) of ITU-R BT.601, BT.709 and BT.2020 (non-constant luminance); Kg = 1 - Kr - Kb."""

SMALL_SIDE = 640
"""Longer side in pixels of what detectors look at that need no fine detail."""


@dataclass(frozen=True)
class Pictures:
    """Pictures of one format on one device, uploaded once and shared by every detector.

    `luma` (N, 1, H, W) float32 in [0, 1], limited range already expanded. `chroma` (N, 2, h, w) float32, Cb and Cr in
    [-0.5, 0.5] at the size the stream carries them, None where it has no colour. `visible` (N, 1, H, W) bool leaves
    out what the operator masked, None when nothing is masked.
    """

    luma: Tensor
    chroma: Tensor | None = None
    matrix: ColorMatrix = ColorMatrix.BT601
    visible: Tensor | None = None

    @staticmethod
    def from_rgb(rgb: Tensor, *, visible: Tensor | None = None) -> "Pictures":
        """Return the pictures of (N, 3, H, W) RGB in [0, 1], by BT.601."""
        luma, chroma = rgb_to_luma_chroma(rgb, ColorMatrix.BT601)
        return Pictures(luma, chroma, ColorMatrix.BT601, visible)

    def __len__(self) -> int:
        return int(self.luma.shape[0])

    def select(self, rows: Sequence[int]) -> "Pictures":
        """Return these rows alone, with what was already derived of them; itself where it is all rows in order."""
        if list(rows) == list(range(len(self))):
            return self
        picked = Pictures(
            self.luma[list(rows)],
            None if self.chroma is None else self.chroma[list(rows)],
            self.matrix,
            None if self.visible is None else self.visible[list(rows)],
        )
        for name in ("rgb", "small_luma", "small_chroma", "small_rgb"):
            derived = self.__dict__.get(name)
            if derived is not None:
                picked.__dict__[name] = derived[list(rows)]
        return picked

    def derive(self, name: str, derive: Callable[[], Tensor]) -> Tensor:
        """Return what `derive` finds in these pictures (N, …), found once for every detector that asks by `name`."""
        found: Tensor | None = self.__dict__.get(name)
        if found is None:
            found = self.__dict__[name] = derive()
        return found

    @property
    def colour(self) -> bool:
        """Whether the stream carries colour at all; an infrared picture may carry it and show none."""
        return self.chroma is not None

    @cached_property
    def rgb(self) -> Tensor:
        """(N, 3, H, W) float32 in [0, 1], native size; luma in each channel where there is no colour."""
        return luma_chroma_to_rgb(self.luma, self.chroma, self.matrix)

    @cached_property
    def small_luma(self) -> Tensor:
        """Luma reduced by area averaging so that the longer side is at most 640, (N, 1, h, w)."""
        return downscale(self.luma, longer_side=SMALL_SIDE)

    @cached_property
    def small_chroma(self) -> Tensor | None:
        """Cb and Cr reduced so that the longer side is at most 320, (N, 2, h, w)."""
        return None if self.chroma is None else downscale(self.chroma, longer_side=SMALL_SIDE // 2)

    @cached_property
    def small_rgb(self) -> Tensor:
        """RGB of the size of `small_luma`, (N, 3, h, w)."""
        return luma_chroma_to_rgb(self.small_luma, self.small_chroma, self.matrix)

    def reduced_rgb(self, longer_side: int) -> Tensor:
        """RGB reduced so that the longer side is at most `longer_side`, no more than 640, (N, 3, h, w).

        `small_rgb` reduced further, but for colours beyond the range: luma and chroma are reduced before they are RGB.
        """
        if longer_side >= SMALL_SIDE:
            return self.small_rgb
        luma, chroma = downscale(self.small_luma, longer_side=longer_side), self.small_chroma
        return luma_chroma_to_rgb(
            luma, None if chroma is None else downscale(chroma, longer_side=longer_side), self.matrix
        )

    @cached_property
    def small_visible(self) -> Tensor | None:
        """Which pixels of `small_luma` hold nothing masked, (N, 1, h, w) bool."""
        if self.visible is None:
            return None
        return downscale(self.visible.float(), longer_side=SMALL_SIDE) > 0.999


def rgb_to_luma_chroma(rgb: Tensor, matrix: ColorMatrix) -> tuple[Tensor, Tensor]:
    """Return luma (N, 1, H, W) in [0, 1] and Cb, Cr (N, 2, H, W) in [-0.5, 0.5] of RGB (N, 3, H, W) in [0, 1]."""
    kr, kb = LUMA_WEIGHTS[matrix]
    red, green, blue = rgb[:, :1], rgb[:, 1:2], rgb[:, 2:]
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    return luma, torch.cat([(blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)], dim=1)


def luma_chroma_to_rgb(luma: Tensor, chroma: Tensor | None, matrix: ColorMatrix) -> Tensor:
    """Return RGB (N, 3, H, W) in [0, 1]; chroma of another size is interpolated bilinearly, its samples centred."""
    if chroma is None:
        return luma.expand(-1, 3, -1, -1)
    if chroma.shape[-2:] != luma.shape[-2:]:
        chroma = torch.nn.functional.interpolate(chroma, size=luma.shape[-2:], mode="bilinear", align_corners=False)
    kr, kb = LUMA_WEIGHTS[matrix]
    kg, to_red, to_blue = 1 - kr - kb, 2 - 2 * kr, 2 - 2 * kb
    cb, cr = chroma[:, :1], chroma[:, 1:]
    rgb = luma.new_empty(len(luma), 3, *luma.shape[-2:])
    # Each channel is written where it stays: at full size, planes in between would cost more than the arithmetic.
    torch.add(luma, cr, alpha=to_red, out=rgb[:, :1])
    torch.add(luma, cb, alpha=-kb * to_blue / kg, out=rgb[:, 1:2]).add_(cr, alpha=-kr * to_red / kg)
    torch.add(luma, cb, alpha=to_blue, out=rgb[:, 2:])
    return rgb.clamp_(0, 1)


def downscale(images: Tensor, *, longer_side: int) -> Tensor:
    """Average (N, C, H, W) over equal areas so that the longer side is at most `longer_side`; never enlarges."""
    height, width = images.shape[-2:]
    factor = longer_side / max(height, width)
    if factor >= 1:
        return images
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    if height % size[0] == 0 and width % size[1] == 0:
        return _block_means(images, height // size[0], width // size[1])
    return torch.nn.functional.interpolate(images, size=size, mode="area")


def _block_means(images: Tensor, down: int, across: int) -> Tensor:
    """Means over blocks of `down` x `across` pixels that divide (N, C, H, W): what `area` gives, five times as fast.

    Whole rows are added, then every `across`-th column of their sum.
    """
    rows = images[..., ::down, :].clone()
    for offset in range(1, down):
        rows += images[..., offset::down, :]
    blocks = rows[..., ::across].clone()
    for offset in range(1, across):
        blocks += rows[..., offset::across]
    return blocks.div_(down * across)


class Detector(Protocol):
    """Scores single pictures."""

    name: str
    fingerprint: str
    """Names the code or weights behind the numbers; stored with every score."""

    @property
    def metrics(self) -> tuple[MetricSpec, ...]:
        """What each number means."""
        ...

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return (N,) float32 per metric key; NaN where this picture cannot be measured."""
        ...
