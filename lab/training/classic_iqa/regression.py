"""BRISQUE's regression fitted again: ridge regression with a radial kernel on a sample of the pictures.

The authors use a support vector regression; kernel ridge has the same form and a solution that needs no search but
over its two parameters, which are chosen by cross-validation over scenes, inside what is trained on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from detectors.models.classic_iqa.brisque import SupportVectorRegression
from lab.training.measures.correlations import srocc
from lab.training.samples import Values

GAMMAS = (0.01, 0.03, 0.1, 0.3)
RIDGES = (0.01, 0.1, 1.0)
MOST_VECTORS = 600
FOLDS = 5


@dataclass(frozen=True, slots=True)
class RegressionFit:
    """The regression, its parameters, and its rank correlation on the held-out fifths."""

    regression: SupportVectorRegression
    gamma: float
    ridge: float
    held_out_srocc: float


def fit_regression(features: Values, badness: Values, scenes: Sequence[str], *, seed: int = 7) -> RegressionFit:
    """Fit features (N, 36) to badness (N,), 0 (best) to 100; rows that are not finite are left out.

    `scenes` (N,) keeps pictures of one scene in one fifth. Deterministic for a seed.
    """
    usable = np.asarray(np.isfinite(features).all(axis=1), bool)
    rows, labels = torch.from_numpy(features[usable]).double(), torch.from_numpy(badness[usable]).double()
    fold = _folds([scene for scene, kept in zip(scenes, usable.tolist(), strict=True) if kept], seed)
    choices = [(gamma, ridge) for gamma in GAMMAS for ridge in RIDGES]
    agreements = [_held_out_srocc(rows, labels, fold, choice, seed) for choice in choices]
    best = int(np.argmax(agreements))
    gamma, ridge = choices[best]
    return RegressionFit(solve_regression(rows, labels, gamma, ridge, seed), gamma, ridge, agreements[best])


def solve_regression(
    features: Tensor, badness: Tensor, gamma: float, ridge: float, seed: int
) -> SupportVectorRegression:
    """Ridge regression with at most 600 of the rows as vectors V, drawn by the seed.

    Solves (K'K + ridge K_VV) a = K'(y - mean), K the kernel between rows and vectors.
    """
    low, high = features.amin(dim=0), features.amax(dim=0)
    scaled = 2 * (features - low) / (high - low).clamp_min(1e-12) - 1
    drawn = np.random.default_rng(seed).permutation(len(scaled))[:MOST_VECTORS]
    vectors = scaled[torch.from_numpy(np.sort(drawn))]
    level = badness.mean()
    kernel, among = _kernel(scaled, vectors, gamma), _kernel(vectors, vectors, gamma)
    system = kernel.T @ kernel + ridge * among + 1e-9 * torch.eye(len(vectors), dtype=torch.float64)
    shares = torch.linalg.solve(system, kernel.T @ (badness - level))
    return SupportVectorRegression(
        low, torch.maximum(high, low + 1e-12), vectors, shares, rho=0.0, gamma=gamma, level=float(level)
    )


def _kernel(rows: Tensor, vectors: Tensor, gamma: float) -> Tensor:
    return torch.exp(-gamma * torch.cdist(rows, vectors).square())


def _folds(scenes: Sequence[str], seed: int) -> Tensor:
    """Which fifth each picture is in, (N,); a scene is in one."""
    names = sorted(set(scenes))
    order = np.random.default_rng(seed).permutation(len(names))
    place = {names[index]: rank % FOLDS for rank, index in enumerate(order)}
    return torch.tensor([place[scene] for scene in scenes])


def _held_out_srocc(rows: Tensor, labels: Tensor, fold: Tensor, choice: tuple[float, float], seed: int) -> float:
    """Rank correlation over all fifths, each predicted by a fit to the others."""
    predicted = torch.zeros_like(labels)
    for index in range(FOLDS):
        held = fold == index
        if not held.any() or held.all():
            continue
        predicted[held] = solve_regression(rows[~held], labels[~held], *choice, seed)(rows[held])
    return srocc(predicted.numpy(), labels.numpy())
