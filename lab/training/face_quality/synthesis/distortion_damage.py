"""What each strength of each distortion does to a face, measured: the calibration behind the labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from skimage.metrics import structural_similarity

from lab.training.augment.face_distortions import Distortion
from lab.training.face_quality.synthesis.face_sources import FaceSource
from lab.training.face_quality.synthesis.synthetic_faces import make_face, view_face
from lab.training.pictures import Pixels, decode_picture

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
SEED = 23


@dataclass(frozen=True, slots=True)
class Damage:
    """Over `n` faces at 224 x 224, at each of STRENGTHS: mean PSNR in dB, and mean SSIM of the luma, 1 is untouched."""

    n: int
    psnr_db: tuple[float, ...]
    ssim: tuple[float, ...]


def measure_damage(sources: Sequence[FaceSource]) -> dict[str, Damage]:
    """Every distortion alone, against the same face untouched."""
    pictures = [decode_picture(Path(source.path)) for source in sources]
    return {str(name): _measure_distortion(sources, pictures, name) for name in Distortion}


def _measure_distortion(sources: Sequence[FaceSource], pictures: Sequence[Pixels], distortion: Distortion) -> Damage:
    found = np.array(
        [
            [_difference(source, picture, distortion, strength) for strength in STRENGTHS]
            for source, picture in zip(sources, pictures, strict=True)
        ]
    )
    psnr, ssim = found.mean(axis=0).T
    return Damage(len(sources), tuple(psnr.round(1).tolist()), tuple(ssim.round(2).tolist()))


def _difference(source: FaceSource, picture: Pixels, distortion: Distortion, strength: float) -> tuple[float, float]:
    before = view_face(make_face(source, picture, {}, np.random.default_rng(SEED)))[0][1]
    after = view_face(make_face(source, picture, {distortion: strength}, np.random.default_rng(SEED)))[0][1]
    grey = [cv2.cvtColor(view, cv2.COLOR_RGB2GRAY) for view in (before, after)]
    return float(cv2.PSNR(before, after)), float(structural_similarity(*grey))  # type: ignore[no-untyped-call]
