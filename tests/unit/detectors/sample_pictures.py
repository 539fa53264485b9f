"""Test pictures: scikit-image's photographs as luma, and what OpenCV does to them."""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from skimage import data
from torch import Tensor

Codes = NDArray[np.uint8]


def photograph(name: str = "camera") -> Codes:
    """Return a photograph's (H, W) luma codes, full range, both sides even."""
    picture = np.asarray(getattr(data, name)(), dtype=np.uint8)
    if picture.ndim == 3:
        picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    return picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]


def luma(*pictures: Codes) -> Tensor:
    """Return (N, 1, H, W) luma in [0, 1] of full-range codes."""
    return torch.from_numpy(np.stack(pictures).astype(np.float32) / 255)[:, None]


def blurred(picture: Codes, sigma: float) -> Codes:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), dtype=np.uint8) if sigma else picture


def jpeg(picture: Codes, quality: int) -> Codes:
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def noisy(picture: Codes, sigma: float, seed: int = 0) -> Codes:
    rng = np.random.default_rng(seed)
    return np.clip(picture + rng.normal(0, sigma, picture.shape), 0, 255).round().astype(np.uint8)
