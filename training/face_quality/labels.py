"""From the strengths of the distortions to a face's six labels, 1 to 5.

Which dimension a distortion harms, and by how much at full strength, is ours, after the paper's definitions
(section III-B): noise is any visible artefact, sharpness gathers defocus, motion and low resolution, colourfulness is
colour as it should be, contrast the range of light, fidelity what is not of the face. The overall label is the
paper's regression on the other five, so learning it shows nothing about people: it is circular.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

from detectors.face_quality.network import DIMENSIONS, Dimension, regressed_overall
from training.face_quality.distortions import FACE_SIDE, Distortion

BEST, WORST = 5.0, 1.0

HARM: Mapping[Distortion, Mapping[Dimension, float]] = MappingProxyType(
    {
        Distortion.FOCUS: {Dimension.SHARPNESS: 1.0, Dimension.FIDELITY: 0.3, Dimension.CONTRAST: 0.15},
        Distortion.MOTION: {Dimension.SHARPNESS: 1.0, Dimension.FIDELITY: 0.4, Dimension.CONTRAST: 0.1},
        Distortion.RESOLUTION: {Dimension.SHARPNESS: 1.0, Dimension.FIDELITY: 0.4},
        Distortion.EXPOSURE: {Dimension.CONTRAST: 1.0, Dimension.COLOURFULNESS: 0.3, Dimension.SHARPNESS: 0.15},
        Distortion.VEIL: {Dimension.CONTRAST: 1.0, Dimension.COLOURFULNESS: 0.35, Dimension.SHARPNESS: 0.15},
        Distortion.COLOUR: {Dimension.COLOURFULNESS: 1.0, Dimension.FIDELITY: 0.1},
        Distortion.INFRARED: {Dimension.COLOURFULNESS: 1.0, Dimension.CONTRAST: 0.15, Dimension.FIDELITY: 0.2},
        Distortion.NOISE: {Dimension.NOISE: 1.0, Dimension.SHARPNESS: 0.25, Dimension.FIDELITY: 0.3},
        Distortion.ENHANCEMENT: {Dimension.FIDELITY: 1.0, Dimension.NOISE: 0.35, Dimension.CONTRAST: 0.1},
        Distortion.H264: {Dimension.FIDELITY: 0.85, Dimension.NOISE: 0.6, Dimension.SHARPNESS: 0.65},
    }
)
"""The share of the scale lost at full strength."""

NOISE_CODED_AWAY = 0.5
"""The share of noise that H.264 at full strength no longer shows."""


def labels(strengths: Mapping[Distortion, float], face_px: float) -> NDArray[np.float32]:
    """Six labels in the order of DIMENSIONS: 5 - 4 (1 - product of (1 - harm x strength)).

    A face of few pixels is of low resolution before anything befalls it: `face_px`, its longer side, counts as the
    strength at which the resolution ladder leaves as many.
    """
    native = float(np.clip(np.log(face_px / FACE_SIDE.first) / np.log(FACE_SIDE.last / FACE_SIDE.first), 0, 1))
    suffered = dict(strengths)
    suffered[Distortion.RESOLUTION] = max(native, strengths.get(Distortion.RESOLUTION, 0.0))
    if Distortion.NOISE in suffered:
        suffered[Distortion.NOISE] *= 1 - NOISE_CODED_AWAY * suffered.get(Distortion.H264, 0.0)
    kept = np.ones(len(DIMENSIONS) - 1)
    for distortion, strength in suffered.items():
        for place, dimension in enumerate(DIMENSIONS[:-1]):
            kept[place] *= 1 - HARM[distortion].get(dimension, 0.0) * strength
    five = torch.from_numpy(WORST + (BEST - WORST) * kept)
    overall = regressed_overall(five[None])
    return torch.cat([five, overall]).numpy().astype(np.float32)
