"""What a saliency provider is."""

from typing import Protocol

from torch import Tensor


class SaliencyProvider(Protocol):
    """Maps pictures to saliency at a size of its own."""

    def __call__(self, rgb: Tensor) -> Tensor:
        """Return (N, 1, h, w) in [0, 1] for RGB (N, 3, H, W) in [0, 1], the same in any batch."""
        ...
