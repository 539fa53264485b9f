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

from detectors.models.face_quality.network import DIMENSIONS, Dimension, regress_overall
from lab.training.augment.face_distortions import ENHANCEMENT_GAIN, FACE_SIDE, VEIL_SHARE, Distortion, StrengthRange

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

MASKING = 4.0
"""Exponent by which harms to one dimension add up: about that of vision's pooling of what it detects separately (Quick
1974; Robson and Graham 1981). The greatest harm decides, for it hides the smaller ones: a defocus under low
resolution, or under blocks, is not seen."""
DETAIL_LEFT: Mapping[Distortion, StrengthRange] = MappingProxyType(
    {
        Distortion.FOCUS: StrengthRange(0.75, 0.07),
        Distortion.MOTION: StrengthRange(0.83, 0.27),
        Distortion.RESOLUTION: StrengthRange(0.72, 0.12),
    }
)
"""The share left after each blur of the detail that over-enhancement raises (deviation of luma less its blur by two
pixels of 224), measured on fourteen training faces."""
NOISE_CODED_AWAY = 0.5
"""The share of noise that H.264 at full strength no longer shows."""


def label_face(strengths: Mapping[Distortion, float], face_px: float) -> NDArray[np.float32]:
    """Six labels in the order of DIMENSIONS: 5 - 4 min(1, (sum of (harm x strength)^4)^(1/4)).

    A face of few pixels is of low resolution before any distortion: `face_px`, its longer side, counts as the
    strength at which the resolution ladder leaves as many.
    """
    native = float(np.clip(np.log(face_px / FACE_SIDE.first) / np.log(FACE_SIDE.last / FACE_SIDE.first), 0, 1))
    suffered = dict(strengths)
    suffered[Distortion.RESOLUTION] = max(native, strengths.get(Distortion.RESOLUTION, 0.0))
    if Distortion.ENHANCEMENT in suffered:
        suffered[Distortion.ENHANCEMENT] = _equivalent_enhancement(strengths)
    if Distortion.NOISE in suffered:
        suffered[Distortion.NOISE] *= 1 - NOISE_CODED_AWAY * suffered.get(Distortion.H264, 0.0)
    lost = [
        sum((HARM[name].get(dimension, 0.0) * strength) ** MASKING for name, strength in suffered.items())
        for dimension in DIMENSIONS[:-1]
    ]
    harm = np.minimum(1.0, np.array(lost) ** (1 / MASKING))
    five = torch.from_numpy(BEST - (BEST - WORST) * harm)
    overall = regress_overall(five[None])
    return torch.cat([five, overall]).numpy().astype(np.float32)


def _equivalent_enhancement(strengths: Mapping[Distortion, float]) -> float:
    """The strength at which over-enhancement would change an otherwise untouched face as much as it changed this one.

    It multiplies the detail that is left, and the ladder of its gains is geometric: less detail is so many rungs less.
    """
    left = (
        1.0 - float(np.interp(strengths[Distortion.VEIL], (0, 1), VEIL_SHARE)) if Distortion.VEIL in strengths else 1.0
    )
    for blur, ladder in DETAIL_LEFT.items():
        if blur in strengths:
            left *= ladder.at(strengths[blur])
    rungs = np.log(ENHANCEMENT_GAIN.last / ENHANCEMENT_GAIN.first)
    return float(np.clip(strengths[Distortion.ENHANCEMENT] + np.log(left) / rungs, 0, 1))
