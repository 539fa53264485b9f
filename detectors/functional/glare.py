"""A lamp or the sun in the lens: burnt-out discs, larger than lamps that are merely in view."""

from torch import Tensor
from torch.nn import functional

from detectors.functional.exposure import CLIPPED
from detectors.functional.visible import visible_mean

_DISC_SHARE = 0.05
"""Width of the square that must fit into a burnt-out area, as a share of the picture's shorter side."""


def glare_share(luma: Tensor, visible: Tensor | None = None) -> Tensor:
    """Return the share of the picture inside compact burnt-out areas, (N,) in [0, 1]; lower is better.

    A morphological opening of {luma >= 0.97} with a square of 5 % of the shorter side: windows, headlights and
    specular lines vanish, discs stay. Overcast sky stays too, so the number speaks only against a reference.
    Source: ours.
    """
    clipped = (luma >= CLIPPED).float()
    side = max(3, round(_DISC_SHARE * min(luma.shape[-2:])) | 1)
    eroded = -_spread(-clipped, side)
    return visible_mean(_spread(eroded, side), visible)[:, 0]


def _spread(mask: Tensor, side: int) -> Tensor:
    """Return the maximum over a square, one axis after the other."""
    reach = side // 2
    wide = functional.max_pool2d(mask, (1, side), stride=1, padding=(0, reach))
    return functional.max_pool2d(wide, (side, 1), stride=1, padding=(reach, 0))
