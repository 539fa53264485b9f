"""What each strength of each distortion does to a face, measured: the calibration behind the labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from skimage.metrics import structural_similarity

from training.face_quality.distortions import Distortion
from training.face_quality.made import made, viewed
from training.face_quality.sources import FaceSource
from training.pictures import Pixels, decoded

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
SEED = 23


@dataclass(frozen=True, slots=True)
class Damage:
    """Over `n` faces at 224 x 224, at each of STRENGTHS: mean PSNR in dB, and mean SSIM of the luma, 1 is untouched."""

    n: int
    psnr_db: tuple[float, ...]
    ssim: tuple[float, ...]


def damages(sources: Sequence[FaceSource]) -> dict[str, Damage]:
    """Every distortion alone, against the same face untouched."""
    pictures = [decoded(Path(source.path)) for source in sources]
    return {str(name): _damage(sources, pictures, name) for name in Distortion}


def _damage(sources: Sequence[FaceSource], pictures: Sequence[Pixels], distortion: Distortion) -> Damage:
    found = np.array(
        [
            [_difference(source, picture, distortion, strength) for strength in STRENGTHS]
            for source, picture in zip(sources, pictures, strict=True)
        ]
    )
    psnr, ssim = found.mean(axis=0).T
    return Damage(len(sources), tuple(psnr.round(1).tolist()), tuple(ssim.round(2).tolist()))


def _difference(source: FaceSource, picture: Pixels, distortion: Distortion, strength: float) -> tuple[float, float]:
    before = viewed(made(source, picture, {}, np.random.default_rng(SEED)))[0][1]
    after = viewed(made(source, picture, {distortion: strength}, np.random.default_rng(SEED)))[0][1]
    grey = [cv2.cvtColor(view, cv2.COLOR_RGB2GRAY) for view in (before, after)]
    return float(cv2.PSNR(before, after)), float(structural_similarity(*grey))  # type: ignore[no-untyped-call]
