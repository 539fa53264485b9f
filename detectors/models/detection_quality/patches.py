"""Where the regressor looks: patches sampled from the density of the first layer's activations (section 5.1).

The paper draws at random from "a 2D probability map", in which high and low activations both count. Ours is the same
draw with random numbers that never change: a column from the density's sum over rows, then a row from that column. So
one picture always shows the same patches, and a small change of the picture moves them a little, not across it.
"""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, pad

from detectors.models.detection_quality.networks import PATCH_SIDE

CELLS = 24
"""The density is kept on a grid of 24 x 24, so that rounding in a batch moves no patch."""
DRAWS = ((1 / 2, 1 / 3), (1 / 4, 2 / 3))
"""Halton's sequence in bases 2 and 3: for each of the paper's two patches the numbers that choose column and row.

Two more gained nothing on the clips that choices are made on (docs/models/detection_quality.md).
"""
STEP_PX = 8
"""Patches begin on multiples of this, a codec's own grid, so that the same scene is cut the same way."""


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
    """Top and left (N, patches, 2) of 224 x 224 windows in a picture of H x W; 0 where a side is shorter."""
    draws = densities.new_tensor(DRAWS)
    across = _draw(densities.sum(dim=1), draws[:, 0].expand(len(densities), -1))
    down = _draw(_columns_at(densities, across), draws[:, 1:].expand(len(densities), -1, -1)).squeeze(-1)
    return torch.stack([_start(down, height), _start(across, width)], dim=-1)


def _draw(masses: Tensor, numbers: Tensor) -> Tensor:
    """Where (…, k), in cells, the mass (…, cells) from the start reaches the shares `numbers` (…, k) of its sum.

    Within a cell the mass is even, so the answer is continuous in the mass.
    """
    total = masses.cumsum(dim=-1)
    share = total / total[..., -1:].clamp_min(1e-12)
    cell = torch.searchsorted(share.contiguous(), numbers.contiguous()).clamp_max(CELLS - 1)
    end = share.gather(-1, cell)
    part = (masses / total[..., -1:].clamp_min(1e-12)).gather(-1, cell).clamp_min(1e-12)
    return cell + (1 - (end - numbers) / part).clamp(0, 1)


def _columns_at(densities: Tensor, across: Tensor) -> Tensor:
    """The density along the columns at `across` (N, k), in cells, mixed of the two that lie next: (N, k, cells)."""
    place = (across - 0.5).clamp(0, CELLS - 1)
    left = place.floor().long().clamp_max(CELLS - 2)
    weight = (place - left).unsqueeze(-1)
    columns = densities.transpose(1, 2)
    rows = torch.arange(len(densities), device=densities.device).unsqueeze(1)
    return (1 - weight) * columns[rows, left] + weight * columns[rows, left + 1]


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


def _start(places: Tensor, length: int) -> Tensor:
    """The first line of the window centred on a place in cells, on the codec's grid and within the picture."""
    latest = max(0, length - PATCH_SIDE) // STEP_PX * STEP_PX
    first = places * length / CELLS - PATCH_SIDE / 2
    return ((first / STEP_PX).round() * STEP_PX).clamp(0, latest).long()
