"""How much fine detail a second blur takes away: much from a sharp picture, little from one already blurred."""

import torch
from torch import Tensor
from torch.nn import functional

from tests.oracles.functional.masking import visible_inside

_WINDOW = 11


def sharpness(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return 1 - perceptual blur, (N,) in [0, 1]; higher is sharper; NaN where the picture has no gradient at all.

    Crete, Dolmiere, Ladret, Nicolas, "The blur effect" (SPIE 2007) with scikit-image's choices (window 11, Sobel,
    the worse of both axes): B = Σ min(s, b) / Σ s, with s and b the gradient magnitudes before and after an
    11-pixel mean along the axis.
    """
    if min(luma.shape[-2:]) < 2 * _WINDOW:
        return luma.new_full((len(luma),), torch.nan)
    inside = visible_inside(visible, _WINDOW // 2 + 1)
    across = _blur(luma, inside)
    down = _blur(luma.transpose(2, 3), None if inside is None else inside.transpose(2, 3))
    return 1 - torch.maximum(across, down)


def _blur(luma: Tensor, inside: Tensor | None) -> Tensor:
    """Return B along the columns' axis (width)."""
    reach = _WINDOW // 2
    padded = functional.pad(luma, (reach, reach, 0, 0), mode="reflect")
    blurred = functional.avg_pool2d(padded, (1, _WINDOW), stride=1)
    sharp, soft = _gradient(luma), _gradient(blurred)
    kept = torch.minimum(sharp, soft)
    if inside is not None:
        weight = inside[..., 1:-1, 1:-1]
        sharp, kept = sharp * weight, kept * weight
    total = sharp.sum(dim=(1, 2, 3))
    return torch.where(total > 1e-3, kept.sum(dim=(1, 2, 3)) / total, torch.nan)


def _gradient(luma: Tensor) -> Tensor:
    """Return the Sobel magnitude along the width without the one-pixel border, (N, 1, H-2, W-2)."""
    slope = luma[..., 2:] - luma[..., :-2]
    return (slope[..., :-2, :] + 2 * slope[..., 1:-1, :] + slope[..., 2:, :]).abs() / 4


_STRONG = 30.0
"""Canny's upper threshold on |gx| + |gy| of the Sobel operator in levels of 255, as FFmpeg's blurdetect has it."""
_RADIUS = 50
_MOST_CANDIDATES, _MOST_EDGES = 30_000, 6_000
_LEAST_EDGES = 32
_GAUSS = (0.110_820_7, 0.236_912_4, 0.304_533_8, 0.236_912_4, 0.110_820_7)
"""Five taps of a Gaussian, sigma 1.4."""


def edge_widths(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return the mean width of edges in pixels, (N,) >= 0; higher is blurrier; NaN with fewer than 32 edge pixels.

    Marziliano, Dufaux, Winkler, Ebrahimi, "A no-reference perceptual blur metric" (ICIP 2002), in the four directions
    of FFmpeg's vf_blurdetect: Canny edges of the smoothed picture; from each, both ways along the gradient, the
    steps to the next local extremum; diagonal steps count 0.7 as there. Native size; smoothed luma is rounded to
    whole levels so that a slope ends where 8 bits end it. Of more than 6,000 edge pixels, evenly spaced ones count.
    """
    if min(luma.shape[-2:]) < 16:
        return luma.new_full((len(luma),), torch.nan)
    smooth = (_smooth(luma)[:, 0] * 255).round_()
    inside = visible_inside(visible, 4)
    rows = [_picture_width(smooth[i], None if inside is None else inside[i, 0]) for i in range(len(luma))]
    return torch.stack(rows)


def _smooth(luma: Tensor) -> Tensor:
    taps = torch.tensor(_GAUSS, dtype=luma.dtype, device=luma.device)
    padded = functional.pad(luma, (2, 2, 2, 2), mode="replicate")
    wide = sum(weight * padded[..., i : i + luma.shape[-1]] for i, weight in enumerate(taps))
    assert isinstance(wide, Tensor)
    high = sum(weight * wide[..., i : i + luma.shape[-2], :] for i, weight in enumerate(taps))
    assert isinstance(high, Tensor)
    return high


def _picture_width(smooth: Tensor, inside: Tensor | None) -> Tensor:
    """Return the mean width of one (H, W) picture in levels."""
    across = smooth[:, 2:] - smooth[:, :-2]
    gx = _smooth_across(across[:-2], across[1:-1], across[2:])
    down = smooth[2:] - smooth[:-2]
    gy = _smooth_across(down[:, :-2], down[:, 1:-1], down[:, 2:])
    strength = functional.pad(gx.abs().add_(gy.abs()), (1, 1, 1, 1))
    if inside is not None:
        strength = strength * inside
    flat = strength.flatten()
    places = _take_evenly(torch.nonzero(flat > _STRONG)[:, 0], _MOST_CANDIDATES)
    rows, columns = places // smooth.shape[1], places % smooth.shape[1]
    inner = (rows - 1) * gx.shape[1] + columns - 1
    step_x, step_y = _directions(gx.flatten()[inner], gy.flatten()[inner])
    here, stride = flat[places], step_y * smooth.shape[1] + step_x
    crest = (here > flat[places + stride]) & (here > flat[places - stride])
    rows, columns, step_x, step_y = (_take_evenly(part[crest], _MOST_EDGES) for part in (rows, columns, step_x, step_y))
    if len(rows) < _LEAST_EDGES:
        return smooth.new_tensor(torch.nan)
    return _mean_width(smooth, rows, columns, step_x, step_y)


def _smooth_across(before: Tensor, here: Tensor, after: Tensor) -> Tensor:
    """Return before + 2 here + after, Sobel's smoothing."""
    return torch.add(before, here, alpha=2).add_(after)


def _directions(slope_x: Tensor, slope_y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the (x, y) pixel step along the gradient, rounded to one of four directions."""
    steep_x, steep_y = slope_x.abs(), slope_y.abs()
    flat = steep_y < 0.414_213_6 * steep_x
    upright = steep_x < 0.414_213_6 * steep_y
    step_x = torch.where(upright, 0, 1)
    same_sign = (slope_x * slope_y) > 0
    step_y = torch.where(flat, 0, torch.where(upright | same_sign, 1, -1))
    return step_x, step_y


def _take_evenly(part: Tensor, most: int) -> Tensor:
    """Return at most `most` evenly spaced entries."""
    return part[:: -(-len(part) // most)] if len(part) > most else part


def _mean_width(smooth: Tensor, rows: Tensor, columns: Tensor, step_x: Tensor, step_y: Tensor) -> Tensor:
    """Walk both ways from each edge pixel to the next local extremum; edges that reach the border are left out."""
    height, width = smooth.shape
    flat = smooth.flatten()
    stride = step_y * width + step_x
    start = rows * width + columns
    rising = torch.where(flat[start] > flat[start - stride], 1.0, -1.0)
    room_on = torch.minimum(_room(columns, step_x, width), _room(rows, step_y, height))
    room_back = torch.minimum(_room(columns, -step_x, width), _room(rows, -step_y, height))
    back, lost_back = _steps(flat, start, -stride, -rising, room_back)
    on, lost_on = _steps(flat, start, stride, rising, room_on)
    widths = (back + on) * torch.where((step_x != 0) & (step_y != 0), 0.7, 1.0)
    counted = widths[~(lost_back | lost_on) & (widths > 0)]
    if len(counted) < _LEAST_EDGES:
        return smooth.new_tensor(torch.nan)
    return counted.mean()


def _room(place: Tensor, step: Tensor, length: int) -> Tensor:
    """Return how many steps fit along one axis before the picture ends."""
    ahead = torch.where(step > 0, length - 1 - place, _RADIUS + 1)
    return torch.where(step < 0, place, ahead)


def _steps(flat: Tensor, start: Tensor, stride: Tensor, sign: Tensor, room: Tensor) -> tuple[Tensor, Tensor]:
    """Return how far the picture keeps changing with `sign` along `stride`, and where it ran out of the picture."""
    taken = torch.zeros(len(start), dtype=torch.float32, device=flat.device)
    lost = torch.zeros(len(start), dtype=torch.bool, device=flat.device)
    active = torch.arange(len(start), device=flat.device)
    place, value = start, flat[start]
    for count in range(_RADIUS):
        if len(active) == 0:
            break
        out = room[active] <= count
        lost[active[out]] = True
        active, place, value = active[~out], place[~out], value[~out]
        onward = place + stride[active]
        reached = flat[onward]
        going = (reached - value) * sign[active] > 0
        active, place, value = active[going], onward[going], reached[going]
        taken[active] += 1
    return taken, lost
