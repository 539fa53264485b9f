"""Does a score fall as a picture is made worse? Five ladders of known strength on pictures never trained on.

Every degradation takes and returns an RGB picture (H, W, 3), uint8 levels 0 to 255.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from detectors.models.pictures import Detector, Pictures
from lab.training.measures.correlations import srocc
from lab.training.pictures import Pixels, decode_picture

HOLDS = -0.9
"""Spearman's correlation of score with strength at which a ladder counts as holding."""


def blur(picture: Pixels, sigma: float) -> Pixels:
    """Gaussian defocus of `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


def add_noise(picture: Pixels, sigma: float, seed: int = 0) -> Pixels:
    """Gaussian sensor noise of `sigma` levels, for one seed the same for every strength but for its size."""
    noise: NDArray[np.float64] = np.random.default_rng(seed).standard_normal(picture.shape)
    return _levels(picture + sigma * noise)


def compress_jpeg(picture: Pixels, quality: float) -> Pixels:
    """JPEG at `quality` of 100."""
    _, packet = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(packet, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])


def darken(picture: Pixels, share: float) -> Pixels:
    """Only `share` of the light, in linear light (gamma 2.2)."""
    light: NDArray[np.float64] = (picture / 255.0) ** 2.2
    return _levels(255 * (share * light) ** (1 / 2.2))


def add_fog(picture: Pixels, share: float) -> Pixels:
    """Mixed with `share` of a light grey veil."""
    return _levels((1 - share) * picture.astype(np.float64) + share * 200.0)


LADDERS: Mapping[str, tuple[Callable[[Pixels, float], Pixels], tuple[float, ...]]] = MappingProxyType(
    {
        "blur": (blur, (0.8, 1.6, 3.2, 6.4)),
        "noise": (add_noise, (6.0, 12.0, 25.0, 50.0)),
        "compression": (compress_jpeg, (40.0, 20.0, 10.0, 5.0)),
        "darkness": (darken, (0.4, 0.16, 0.06, 0.025)),
        "fog": (add_fog, (0.25, 0.45, 0.65, 0.85)),
    }
)
"""What is done and how strongly, from mild to severe; the untouched picture comes before the first."""


@dataclass(frozen=True, slots=True)
class LadderResult:
    """Over `n` pictures: the share whose score falls (Spearman <= -0.9), the mean Spearman, the mean score per rung."""

    n: int
    holds: float
    mean_spearman: float
    mean_scores: tuple[float, ...]


def score_ladders(detector: Detector, metric: str, paths: Sequence[Path]) -> dict[str, NDArray[np.float64]]:
    """The scores (pictures, rungs) on every ladder, each picture at its own size."""
    pictures = [decode_picture(path) for path in paths]
    return {
        name: np.array([_scores(detector, metric, picture, worsen, strengths) for picture in pictures])
        for name, (worsen, strengths) in LADDERS.items()
    }


def summarise_ladder(scores: NDArray[np.float64]) -> LadderResult:
    """What one ladder's scores (pictures, rungs) show."""
    falls = spearman(scores)
    return LadderResult(
        n=len(scores),
        holds=float((falls <= HOLDS).mean()),
        mean_spearman=float(falls.mean()),
        mean_scores=tuple(round(float(score), 1) for score in scores.mean(axis=0)),
    )


def spearman(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spearman's correlation of each picture's scores (pictures, rungs) with strength, (pictures,)."""
    rungs = np.arange(scores.shape[1], dtype=np.float64)
    return np.array([srocc(row, rungs) for row in scores])


def _scores(
    detector: Detector,
    metric: str,
    picture: Pixels,
    worsen: Callable[[Pixels, float], Pixels],
    strengths: Sequence[float],
) -> NDArray[np.float64]:
    rungs = np.stack([picture, *(worsen(picture, strength) for strength in strengths)])
    rgb = torch.from_numpy(rungs).permute(0, 3, 1, 2).float() / 255
    scores: NDArray[np.float64] = detector.score(Pictures.from_rgb(rgb))[metric].double().numpy()
    return scores


def _levels(values: NDArray[np.float64]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
