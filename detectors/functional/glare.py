"""A lamp or the sun in the lens: burnt-out discs, larger than lamps that are merely in view."""

from torch import Tensor

from detectors.functional.exposure import CLIPPED
from detectors.functional.extremes import running_max, running_min
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
    opened = running_max(running_min(clipped, side), side)
    return visible_mean(opened, visible)[:, 0]
