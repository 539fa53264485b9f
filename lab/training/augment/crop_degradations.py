"""Crops made worse on purpose: photographs with opinions hardly show noise, hard compression, darkness or fog.

No opinion is known of them, only their order: the score must fall from the crop as it is to a milder and to a severer
rung of one kind.
"""

import numpy as np
from torch import Tensor
from torch.nn.functional import relu

from lab.training.augment.degradation_ladders import add_fog, add_noise, blur, compress_jpeg, darken
from lab.training.pictures import Pixels

MARGIN = 0.03
"""Each rung must score this share of the scale below the one before."""

APART = 0.3
"""The two strengths lie at least this share of a kind's range apart."""

MILDEST_AND_SEVEREST = {
    "blur": (0.6, 7.0),
    "noise": (5.0, 60.0),
    "compression": (45.0, 4.0),
    "darkness": (0.45, 0.02),
    "fog": (0.2, 0.9),
}
"""Strengths as the ladders of `measures/ladders.py` count them; drawn evenly in their logarithm."""


def degrade_crop_pair(crop: Pixels, generator: np.random.Generator) -> tuple[Pixels, Pixels]:
    """A milder and a severer version of a crop (H, W, 3), of one kind drawn at random."""
    kind = str(generator.choice(sorted(MILDEST_AND_SEVEREST)))
    mild = generator.random() * (1 - APART)
    severe = mild + APART + generator.random() * (1 - APART - mild)
    pattern = int(generator.integers(2**31))
    return _degrade_crop(kind, crop, mild, pattern), _degrade_crop(kind, crop, severe, pattern)


def ranking_loss(labelled: Tensor, rungs: Tensor) -> Tensor:
    """The loss of order, 0 where every rung is MARGIN below the one before.

    `labelled` (K,) are the predictions of crops as they are, `rungs` (K, 2) those of their milder and severer versions.
    """
    first = relu(MARGIN - (labelled - rungs[:, 0]))
    second = relu(MARGIN - (rungs[:, 0] - rungs[:, 1]))
    return (first + second).mean()


def _degrade_crop(kind: str, crop: Pixels, share: float, pattern: int) -> Pixels:
    mildest, severest = MILDEST_AND_SEVEREST[kind]
    strength = float(mildest * (severest / mildest) ** share)
    if kind == "noise":
        return add_noise(crop, strength, seed=pattern)
    worsen = {"blur": blur, "compression": compress_jpeg, "darkness": darken, "fog": add_fog}[kind]
    return worsen(crop, strength)
