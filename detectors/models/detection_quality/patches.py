"""Where the regressor looks: patches sampled from the density of the first layer's activations (section 5.1).

The paper draws at random from "a 2D probability map", in which high and low activations both count. Ours is the same
draw made systematic, so that one picture always shows the same patches: the density is read in raster order, and the
patches lie where it reaches a quarter and three quarters of its mass.
"""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, pad

from detectors.models.detection_quality.networks import PATCH_SIDE

CELLS = 24
"""The density is kept on a grid of 24 x 24, so that rounding in a batch moves no patch."""
QUANTILES = (0.25, 0.75)


def density(activations: Tensor, visible: Tensor | None = None) -> Tensor:
    """Maps (N, O, h, w) to (N, 24, 24), each picture's sum 1: the mean over maps of |activation - mean| / deviation.

    `visible` (N, 1, H, W) takes masked areas out. A picture without any deviation is even.
    """
    centred = activations - activations.mean(dim=(2, 3), keepdim=True)
    spread = centred.square().mean(dim=(2, 3), keepdim=True).sqrt()
    weight = torch.where(spread > 1e-4, 1 / spread.clamp_min(1e-4), 0.0)
    share = (centred.abs_() * weight).mean(dim=1, keepdim=True)
    grid = adaptive_avg_pool2d(share, (CELLS, CELLS)).double()
    if visible is not None:
        grid = grid * adaptive_avg_pool2d(visible.double(), (CELLS, CELLS))
    flat = grid.flatten(1)
    total = flat.sum(dim=1, keepdim=True)
    even = torch.full_like(flat, 1 / CELLS**2)
    return torch.where(total > 1e-9, flat / total.clamp_min(1e-9), even).view(-1, CELLS, CELLS)


def corners(densities: Tensor, height: int, width: int) -> Tensor:
    """Top and left (N, 2 patches, 2) of 224 x 224 windows in a picture of H x W; 0 where a side is shorter."""
    mass = densities.flatten(1).cumsum(dim=1)
    wanted = mass.new_tensor(QUANTILES).expand(len(mass), -1).contiguous()
    cell = torch.searchsorted(mass, wanted).clamp_max(CELLS**2 - 1)
    rows, columns = torch.div(cell, CELLS, rounding_mode="floor"), cell % CELLS
    return torch.stack([_start(rows, height), _start(columns, width)], dim=-1)


def cut_patches(rgb: Tensor, places: Tensor) -> Tensor:
    """(N, 3, H, W) and corners (N, k, 2) to patches (N * k, 3, 224, 224), a picture's own ones together.

    A side under 224 is continued by mirroring.
    """
    height, width = rgb.shape[-2:]
    while rgb.shape[-2] < PATCH_SIDE or rgb.shape[-1] < PATCH_SIDE:
        down = min(PATCH_SIDE - rgb.shape[-2], rgb.shape[-2] - 1) if rgb.shape[-2] < PATCH_SIDE else 0
        right = min(PATCH_SIDE - rgb.shape[-1], rgb.shape[-1] - 1) if rgb.shape[-1] < PATCH_SIDE else 0
        rgb = pad(rgb, (0, right, 0, down), mode="reflect")
    lines = torch.arange(PATCH_SIDE, device=rgb.device)
    count = places.shape[1]
    pictures = torch.arange(len(rgb), device=rgb.device).repeat_interleave(count).view(-1, 1, 1)
    rows = (places[..., 0].flatten().unsqueeze(1) + lines).clamp_max(max(height, PATCH_SIDE) - 1)
    columns = (places[..., 1].flatten().unsqueeze(1) + lines).clamp_max(max(width, PATCH_SIDE) - 1)
    patches = rgb.permute(0, 2, 3, 1)[pictures, rows.unsqueeze(2), columns.unsqueeze(1)]
    return patches.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def _start(cells: Tensor, length: int) -> Tensor:
    """The first line of the window centred on a cell, kept within the picture."""
    centre = (cells.double() + 0.5) * length / CELLS
    return (centre - PATCH_SIDE / 2).round().clamp(0, max(0, length - PATCH_SIDE)).long()
