"""A recorder's own picture in place of the camera's: one exact colour, and a line of text in the middle."""

import torch
from torch import Tensor
from torch.nn import functional

from detectors.base import reduced

_SAME = 2.5 / 255
_TEXT_STEP = 0.3
_LEAST_TEXT, _MOST_TEXT = 0.0015, 0.15
_MIDDLE = 0.2


def slate(luma: Tensor, chroma: Tensor | None) -> Tensor:
    """Return the share of pixels of exactly one colour where text stands in the middle, else 0; (N,) in [0, 1].

    One colour: within 2.5 levels of the picture's median in luma and both chroma. Text: 0.15 % to 15 % of the inner
    60 % by 60 % are lighter or darker than that by 0.3. A black picture with only a clock at its border has no text
    in the middle and is no slate; a sensor's noise leaves no exact colour. Colour bars are not recognised. Masks are
    not respected: a slate fills the picture. Source: ours.
    """
    small = reduced(luma, longer_side=320)
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
