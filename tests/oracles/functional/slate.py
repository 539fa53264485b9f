"""What stands in place of a camera's picture when its signal is lost: a slate, one flat colour, or colour bars."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from detectors.models.pictures import downscale
from tests.oracles.functional.running_extremes import running_max, running_min

_SAME = 2.5 / 255
_TEXT_STEP = 0.3
_LEAST_TEXT, _MOST_TEXT = 0.0015, 0.15
_MIDDLE = 0.2

_SIDE = 320
_EXACT = 0.6 / 255
_LEAST_FLAT = 0.9
_DARK, _BURNT_OUT, _NEUTRAL = 0.10, 0.97, 0.05

_PATCH, _PATCH_RANGE, _PATCH_BORDER = 3, 6 / 255, 7
_BAR_HUES = tuple(math.radians(degrees) for degrees in (-7, 52, 106, 173, 232, 286))
"""Blue, magenta, red, yellow, green and cyan in the plane of (Cb, Cr), between those of BT.601 and BT.709."""
_HUE_REACH, _LEAST_CHROMA = math.radians(15), 0.12
_LEAST_HUES, _LEAST_OF_HUE = 5, 0.02


def slate(luma: Tensor, chroma: Tensor | None) -> Tensor:
    """Return the share of pixels of exactly one colour where text stands in the middle, else 0; (N,) in [0, 1].

    One colour: within 2.5 levels of the picture's median in luma and both chroma. Text: 0.15 % to 15 % of the inner
    60 % by 60 % are lighter or darker than that by 0.3. A black picture with only a clock at its border has no text
    in the middle and is no slate; a sensor's noise leaves no exact colour. Masks are not respected: a slate fills the
    picture. Source: ours.
    """
    small = downscale(luma, longer_side=_SIDE)
    median = small.flatten(1).median(dim=1).values[:, None, None, None]
    same = (small - median).abs() < _SAME
    if chroma is not None:
        colour = functional.interpolate(chroma, size=small.shape[-2:], mode="area")
        usual = colour.flatten(2).median(dim=2).values[:, :, None, None]
        same &= ((colour - usual).abs() < _SAME).all(dim=1, keepdim=True)
    height, width = small.shape[-2:]
    top, left = int(height * _MIDDLE), int(width * _MIDDLE)
    middle = small[..., top : height - top, left : width - left]
    text = ((middle - median).abs() > _TEXT_STEP).float().mean(dim=(1, 2, 3))
    written = (text >= _LEAST_TEXT) & (text <= _MOST_TEXT)
    return torch.where(written, same.float().mean(dim=(1, 2, 3)), 0.0)


def one_colour(luma: Tensor, chroma: Tensor | None) -> Tensor:
    """Return the share of pixels of exactly one colour where that is nearly all of the picture, else 0; (N,).

    One colour: the median's own code (within 0.6 levels) in luma and both chroma, in single samples. A generated
    colour stays exact whatever codes it, while a wall, or a fog smoothed by an encoder, goes through several codes.
    Nearly all: 90 %, which leaves room for a clock and a name, and is more than masks cover. Black and white are left
    to the faults of the light. Source: ours.
    """
    luma, chroma = _samples(luma), None if chroma is None else _samples(chroma)
    median = luma.flatten(1).median(dim=1).values[:, None, None, None]
    same = ((luma - median).abs() < _EXACT).float()
    coloured = torch.zeros_like(median, dtype=torch.bool)
    if chroma is not None:
        usual = chroma.flatten(2).median(dim=2).values[:, :, None, None]
        alike = ((chroma - usual).abs() < _EXACT).all(dim=1, keepdim=True).float()
        same = same * functional.interpolate(alike, size=same.shape[-2:], mode="nearest")
        coloured = usual.norm(dim=1, keepdim=True) >= _NEUTRAL
    share = same.mean(dim=(1, 2, 3))
    generated = ((median >= _DARK) | coloured) & (median < _BURNT_OUT)
    return torch.where(generated[:, 0, 0, 0] & (share >= _LEAST_FLAT), share, 0.0)


def colour_bars(luma: Tensor, chroma: Tensor | None) -> Tensor:
    """Return the share of the picture in flat patches where the hues of colour bars are among them, else 0; (N,).

    Flat: single samples that differ by at most 6 levels from their neighbours, and what lies between such patches.
    Hues: at least five of blue, magenta, red, yellow, green and cyan, saturated, each on 2 % of the picture, wherever
    they are. Painted walls and containers show some of these hues, shaded and with texture, and never all. Grey test
    patterns are not recognised. 0 without colour. Source: ours, after the hues of SMPTE EG 1 and EBU bars.
    """
    if chroma is None:
        return luma.new_zeros(len(luma))
    chroma = _samples(chroma)
    luma = functional.interpolate(_samples(luma), size=chroma.shape[-2:], mode="nearest")
    both = torch.cat([luma, chroma], dim=1)
    flat = ((running_max(both, _PATCH) - running_min(both, _PATCH)) <= _PATCH_RANGE).all(dim=1, keepdim=True)
    saturated = flat & (chroma.norm(dim=1, keepdim=True) >= _LEAST_CHROMA)
    angle = torch.atan2(chroma[:, 1:], chroma[:, :1])
    hues = torch.tensor(_BAR_HUES, dtype=angle.dtype, device=angle.device)[:, None, None]
    of_hue = saturated & (torch.cos(angle - hues) >= math.cos(_HUE_REACH))
    found = (of_hue.float().mean(dim=(2, 3)) >= _LEAST_OF_HUE).sum(dim=1)
    covered = running_max(flat.float(), _PATCH_BORDER).mean(dim=(1, 2, 3))
    return torch.where(found >= _LEAST_HUES, covered, 0.0)


def _samples(plane: Tensor) -> Tensor:
    """Return every n-th sample of each direction so that the longer side is at most 320; no means."""
    step = -(-max(plane.shape[-2:]) // _SIDE)
    return plane[..., ::step, ::step]
