"""Which stable reading of Eq. 21 to take: chosen on photographs of the training half alone, never on the tables' films.

Each photograph is compressed at the five CRFs; the readings are correlated with how many of YOLOX-nano's own findings
in the untouched photograph survive, photograph by photograph and over groups of them.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction

import numpy as np
import torch

from detectors.models.detection_quality.dct_metric import READINGS, dct_losses
from detectors.models.detection_quality.first_convolution import FirstConvolution
from lab.training.augment.video_compression import CRFS, EncoderSetting, Pixels, compress_frames, crop_to_even
from lab.training.detection_quality.survival import FOUND, SurvivalCount, count_survivors
from lab.training.detection_quality.yolox import ObjectDetector
from lab.training.measures.correlations import plcc, srocc
from lab.training.samples import Values

GROUP = 10
FRAMES = 3
RATE = Fraction(25)


def compare_readings(
    photographs: Iterable[Pixels], detector: ObjectDetector, convolution: FirstConvolution
) -> Mapping[str, Mapping[str, float]]:
    """For each reading: LCC and SROCC with the share lost per photograph and CRF, and LCC over groups of ten."""
    lost: list[list[SurvivalCount]] = []
    readings: list[list[Mapping[str, float]]] = []
    for photograph in photographs:
        original = crop_to_even(photograph)
        before = detector(original)
        if not (before.scores >= FOUND).any():
            continue
        clip = np.stack([np.roll(original, shift, axis=1) for shift in (2, 1, 0)])
        degraded = [compress_frames(clip, EncoderSetting(crf, None), RATE)[-1] for crf in CRFS]
        lost.append([count_survivors(before, detector(one)) for one in degraded])
        readings.append([_read_losses(original, one, convolution) for one in degraded])
    shares = np.array([[1 - one.share for one in row] for row in lost])
    counts = np.array([[one.before for one in row] for row in lost])
    return {
        name: _figures(np.array([[one[name] for one in row] for row in readings]), shares, counts) for name in READINGS
    }


def _read_losses(original: Pixels, degraded: Pixels, convolution: FirstConvolution) -> Mapping[str, float]:
    pair = [torch.from_numpy(one.copy()).permute(2, 0, 1)[None].float() / 255 for one in (original, degraded)]
    return {name: value.item() for name, value in dct_losses(pair[0], pair[1], convolution).items()}


def _figures(values: Values, shares: Values, counts: Values) -> Mapping[str, float]:
    """`values`, `shares` lost and objects `counts`, all (photographs, CRFs)."""
    groups = len(values) // GROUP
    grouped = [one[: groups * GROUP].reshape(groups, GROUP, -1) for one in (values, shares * counts, counts)]
    means, losses = grouped[0].mean(axis=1).ravel(), (grouped[1].sum(axis=1) / grouped[2].sum(axis=1)).ravel()
    return {
        "n": float(values.size),
        "lcc": plcc(values.ravel(), shares.ravel()),
        "srocc": srocc(values.ravel(), shares.ravel()),
        "lcc_groups": plcc(means, losses),
        "srocc_groups": srocc(means, losses),
    }
