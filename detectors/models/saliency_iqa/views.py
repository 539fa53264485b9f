"""What each branch looks at: the centre of the whole picture, resized, and the most salient native window.

Memory does not grow with the aspect ratio, and nothing here waits for the device.
"""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from detectors.models.pictures import Pictures, luma_chroma_to_rgb
from detectors.models.saliency_iqa.network import GLOBAL_SIDE, LOCAL_SIDE

RESIZED_SIDE = 480
STRIDE = 32
TIE = 1e-6
"""Window sums that agree to this share of the picture's largest are a tie: beyond it only rounding decides."""


def global_view_of_pictures(pictures: Pictures) -> Tensor:
    """Return `global_view` (N, 3, 448, 448), resized before pictures become RGB: a third of the time at 1080p.

    The same but for what a resize does to colours beyond the range, and for chroma that the stream carries at another
    size: its cut is rounded to its own samples, and it is resized once instead of twice.
    """
    chroma = pictures.chroma
    height, width = pictures.luma.shape[-2:]
    side = native_side(min(height, width))
    box = ((height - side) // 2, (width - side) // 2, side, side)
    luma = resize_view(_cut(pictures.luma, box))
    if chroma is None:
        return luma_chroma_to_rgb(luma, None, pictures.matrix)
    down, across = chroma.shape[-2] / height, chroma.shape[-1] / width
    smaller = (round(box[0] * down), round(box[1] * across), max(1, round(side * down)), max(1, round(side * across)))
    return luma_chroma_to_rgb(luma, resize_view(_cut(chroma, smaller)), pictures.matrix)


def _cut(images: Tensor, box: tuple[int, int, int, int]) -> Tensor:
    top, left, height, width = box
    return images[..., top : top + height, left : left + width]


def global_view(rgb: Tensor) -> Tensor:
    """(N, 3, H, W) in [0, 1] to (N, 3, 448, 448): shorter side resized to 480, centre 448 x 448 (section 3.3).

    Ours: the centre is cut first, `round(shorter * 448 / 480)` wide, and then resized with antialiasing, which is the
    same picture to within half a native pixel and costs the same for a panorama as for a square.
    """
    height, width = rgb.shape[-2:]
    side = native_side(min(height, width))
    top, left = (height - side) // 2, (width - side) // 2
    return resize_view(rgb[..., top : top + side, left : left + side])


def native_side(shorter: int) -> int:
    """Pixels of the native picture that the 448 of the global view show, for a shorter side of `shorter` pixels."""
    return round(shorter * GLOBAL_SIDE / RESIZED_SIDE)


def resize_view(square: Tensor) -> Tensor:
    """(N, 3, S, S) to (N, 3, 448, 448), antialiased bilinear."""
    return interpolate(square, size=(GLOBAL_SIDE, GLOBAL_SIDE), mode="bilinear", antialias=True)


def local_view(rgb: Tensor, saliency: Tensor) -> Tensor:
    """(N, 3, H, W) and maps (N, 1, h, w) to (N, 3, 224, 224): each picture's window of largest saliency (Eq. 1).

    The search is exhaustive at stride 32 over the whole native picture. Ours: the grid has a last row and column flush
    with the border, a tie takes the first window in raster order, a side under 224 is padded by reflection.
    """
    height, width = rgb.shape[-2:]
    return _pick(rgb, *_salient_lines(saliency, height, width))


def local_view_of_pictures(pictures: Pictures, saliency: Tensor) -> Tensor:
    """Return `local_view` (N, 3, 224, 224) of pictures by their saliency (N, 1, h, w); only the window becomes RGB."""
    height, width = pictures.luma.shape[-2:]
    rows, columns = _salient_lines(saliency, height, width)
    luma, chroma = _pick(pictures.luma, rows, columns), pictures.chroma
    if chroma is None:
        return luma_chroma_to_rgb(luma, None, pictures.matrix)
    if chroma.shape[-2:] == pictures.luma.shape[-2:]:
        return luma_chroma_to_rgb(luma, _pick(chroma, rows, columns), pictures.matrix)
    return luma_chroma_to_rgb(
        luma, _sample_chroma(chroma, (rows + 0.5) / height, (columns + 0.5) / width), pictures.matrix
    )


def _salient_lines(saliency: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Native rows and columns (N, 224) of each picture's window of largest saliency."""
    rows, columns = window_lines(height).to(saliency.device), window_lines(width).to(saliency.device)
    best = window_sums(saliency, height, width).flatten(1).argmax(dim=1)
    return rows[torch.div(best, len(columns), rounding_mode="floor")], columns[best % len(columns)]


def _pick(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """(N, C, H, W) at rows (N, r) and columns (N, c): (N, C, r, c)."""
    numbers = torch.arange(len(images), device=images.device).view(-1, 1, 1)
    picked = images.permute(0, 2, 3, 1)[numbers, rows.unsqueeze(2), columns.unsqueeze(1)]
    return picked.permute(0, 3, 1, 2)


def _sample_chroma(chroma: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """(N, C, h, w) at these shares of height and width (N, r) and (N, c), bilinearly: (N, C, r, c)."""
    across = (columns * 2 - 1).unsqueeze(1).expand(-1, rows.shape[1], -1)
    down = (rows * 2 - 1).unsqueeze(2).expand_as(across)
    return grid_sample(chroma, torch.stack([across, down], dim=-1), padding_mode="border", align_corners=False)


def window_sums(saliency: Tensor, height: int, width: int) -> Tensor:
    """Saliency (N, rows, columns) of every window of an H x W picture, the largest 1e6, in whole numbers (see TIE).

    The map (N, 1, h, w) counts as resized bilinearly to H x W; both resizing and summing are linear, so the sums are
    A S B^T with small matrices, and no map of the picture's size is made.
    """
    maps = saliency.squeeze(1).double()
    down = _summing_matrix(height, maps.shape[1]).to(maps.device)
    across = _summing_matrix(width, maps.shape[2]).to(maps.device)
    sums = down @ maps @ across.T
    largest = sums.amax(dim=(1, 2), keepdim=True).clamp_min(torch.finfo(torch.float64).tiny)
    return torch.round(sums / largest / TIE)


@lru_cache(maxsize=32)
def window_lines(length: int) -> Tensor:
    """Native pixel indices (windows, 224) that each window of a side of `length` pixels shows, reflected beyond it.

    The result is cached: do not write to it.
    """
    if length < LOCAL_SIDE:
        starts = [-((LOCAL_SIDE - length) // 2)]
    else:
        starts = list(range(0, length - LOCAL_SIDE + 1, STRIDE))
        if starts[-1] != length - LOCAL_SIDE:
            starts.append(length - LOCAL_SIDE)
    lines = torch.tensor(starts).unsqueeze(1) + torch.arange(LOCAL_SIDE)
    return _reflect(lines, length)


def _reflect(indices: Tensor, length: int) -> Tensor:
    """Indices folded back into [0, length) without repeating the border, as often as needed."""
    if length == 1:
        return torch.zeros_like(indices)
    period = 2 * (length - 1)
    folded = indices.remainder(period)
    return torch.where(folded < length, folded, period - folded)


@lru_cache(maxsize=32)
def _summing_matrix(length: int, source: int) -> Tensor:
    """(windows, source): what each source pixel, resized bilinearly to `length`, adds to each window. Never written."""
    position = ((torch.arange(length, dtype=torch.float64) + 0.5) * source / length - 0.5).clamp(0, source - 1)
    below = position.floor().long()
    above = (below + 1).clamp_max(source - 1)
    share = position - below
    weights = torch.zeros(length, source, dtype=torch.float64)
    lines = torch.arange(length)
    weights.index_put_((lines, below), 1 - share, accumulate=True)
    weights.index_put_((lines, above), share, accumulate=True)
    return weights[window_lines(length)].sum(dim=1)
