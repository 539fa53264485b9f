"""Pictures with known faces: scikit-image's photograph of an astronaut, pasted where a test wants it."""

import numpy as np
import torch
from skimage import data
from torch import Tensor


def astronaut() -> Tensor:
    """One face, (3, 256, 256) in [0, 1]: the middle of the photograph, native size."""
    picture = np.asarray(data.astronaut(), dtype=np.uint8)  # type: ignore[no-untyped-call]
    return torch.from_numpy(picture[:256, 100:356].copy()).permute(2, 0, 1).float() / 255


def grey(height: int, width: int) -> Tensor:
    """No face at all."""
    return torch.full((3, height, width), 0.5)


def levels(picture: Tensor) -> Tensor:
    """(H, W, 3) uint8 of a picture, as facenet-pytorch takes them."""
    return (picture * 255).round().byte().permute(1, 2, 0)
