"""BRISQUE (Mittal, Moorthy, Bovik, "No-reference image quality assessment in the spatial domain", TIP 2012).

36 features of how natural a picture's luma looks, at its own size and at half, and a support vector regression that
turns them into a score. The features agree with OpenCV's, which reads the authors' regression.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from detectors.models import weights
from detectors.models.classic_iqa.natural_scenes import SHIFTS, fit_asymmetric_gaussian, normalise_luma
from detectors.models.classic_iqa.opencv_model import read_matrix, read_numbers, read_support_vectors
from detectors.models.pictures import Pictures
from detectors.models.weights import WeightsUnavailable

FEATURES = 36
SMALLEST_SIDE = 16


@dataclass(frozen=True, slots=True)
class SupportVectorRegression:
    """Support vector regression with a radial kernel on features scaled to [-1, 1]; all float64.

    `low` and `high` (36,) are the features' range; `vectors` (V, 36) scaled; score = sum_i `shares`_i
    exp(-`gamma` |x - v_i|^2) - `rho`, then times `slope` plus `level`.
    """

    low: Tensor
    high: Tensor
    vectors: Tensor
    shares: Tensor
    rho: float
    gamma: float
    slope: float = 1.0
    level: float = 0.0

    def __call__(self, features: Tensor) -> Tensor:
        """Scores (N,) of features (N, 36)."""
        scaled = 2 * (features - self.low) / (self.high - self.low) - 1
        apart = (scaled[:, None] - self.vectors).square().sum(dim=2)
        plain = (torch.exp(-self.gamma * apart) * self.shares).sum(dim=1) - self.rho
        return plain * self.slope + self.level


@dataclass(frozen=True, slots=True)
class Brisque:
    """Scores pictures, 0 (best) to 100 (worst), by one regression."""

    regression: SupportVectorRegression

    def score(self, pictures: Pictures) -> Tensor:
        """Return (N,) float32; NaN under 16 pixels, and for a picture without any structure."""
        found = brisque_features(pictures.luma)
        scores = torch.stack([self.regression(row[None])[0] for row in found]).clamp(0, 100)
        return torch.where(found.isfinite().all(dim=1), scores, torch.nan).float()


def brisque_features(luma: Tensor) -> Tensor:
    """Features (N, 36) float64 of luma (N, 1, H, W) in [0, 1]; NaN under 16 pixels or without structure.

    Per scale: shape and mean variance of the normalised luma, then of its products with four neighbours shape, mean,
    left and right variance (Table I of the paper). Half size is bicubic, as in OpenCV.
    """
    height, width = luma.shape[-2:]
    if min(height, width) < SMALLEST_SIDE:
        return luma.new_full((len(luma), FEATURES), torch.nan, dtype=torch.float64)
    rows = []
    for picture in luma:
        full = picture[None]
        half = interpolate(full, size=(height // 2, width // 2), mode="bicubic", align_corners=False)
        rows.append(torch.cat([_scale_features(full[0, 0]), _scale_features(half[0, 0])]))
    return torch.stack(rows)


def _scale_features(luma: Tensor) -> Tensor:
    """The 18 features of one scale, (18,)."""
    normal, _ = normalise_luma(luma * 255, beyond="replicate")
    whole = fit_asymmetric_gaussian(normal.flatten()[None], zero_is_right=False)
    columns = [whole.shape, (whole.left.square() + whole.right.square()) / 2]
    for shift in SHIFTS:
        product = fit_asymmetric_gaussian((normal * _shift(normal, *shift)).flatten()[None], zero_is_right=False)
        columns += [product.shape, product.mean, product.left.square(), product.right.square()]
    features = torch.cat(columns)
    flat = float(normal.abs().amax()) == 0
    return torch.full_like(features, torch.nan) if flat else features


def _shift(values: Tensor, down: int, across: int) -> Tensor:
    """values[i + down, j + across] at (i, j), zeros where the picture ends."""
    height, width = values.shape
    moved = torch.zeros_like(values)
    left, right = max(0, -across), min(width, width - across)
    moved[: height - down, left:right] = values[down:, left + across : right + across]
    return moved


def from_opencv(model: Path, feature_range: Path) -> Brisque:
    """BRISQUE with the two files OpenCV distributes, brisque_model_live.yml and brisque_range_live.yml (Apache-2.0).

    Raises WeightsUnavailable where a file is missing or is not such a file.
    """
    vectors, shares, rho, gamma = read_support_vectors(model)
    low, high = read_matrix(feature_range)
    if vectors.shape[1] != FEATURES or low.shape != (FEATURES,):
        raise WeightsUnavailable(f"{model} and {feature_range} are not for BRISQUE's {FEATURES} features")
    return Brisque(SupportVectorRegression(low, high, vectors, shares, rho, gamma))


def from_safetensors(path: Path) -> Brisque:
    """BRISQUE with a regression fitted by `lab/training/classic_iqa`; raises WeightsUnavailable for any other file."""
    tensors, notes = weights.read_weights(path)
    try:
        low, high, vectors, shares = (tensors[name].double() for name in ("low", "high", "vectors", "shares"))
        rho, gamma, slope, level = read_numbers(notes, ("rho", "gamma", "slope", "level"))
    except (KeyError, ValueError) as error:
        raise WeightsUnavailable(f"{path} is not a regression for BRISQUE: {error}") from error
    return Brisque(SupportVectorRegression(low, high, vectors, shares, rho, gamma, slope, level))


def load_brisque(path: Path) -> Brisque:
    """A regression from OpenCV's `…model….yml`, its `…range….yml` beside it, or from a safetensors file."""
    if path.suffix == ".yml":
        return from_opencv(path, path.with_name(path.name.replace("model", "range")))
    return from_safetensors(path)


def to_safetensors(regression: SupportVectorRegression) -> tuple[Mapping[str, Tensor], Mapping[str, str]]:
    """Tensors and notes for `from_safetensors`."""
    tensors = {name: getattr(regression, name).contiguous() for name in ("low", "high", "vectors", "shares")}
    return tensors, {name: repr(getattr(regression, name)) for name in ("rho", "gamma", "slope", "level")}
