"""What the no-reference networks learn: the DCT metric's logarithm, or the share of objects that survived."""

import zlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lab.training.detection_quality.training_pairs import PairSet

BLOCK = 25
"""Photographs with neighbouring numbers stay on one side of a split: they often show one scene."""


class Objective(Protocol):
    """What is learned: the labels of a set, and how far an answer is from them."""

    def targets(self, pairs: PairSet) -> NDArray[np.float32]:
        """(n, k) numbers that `loss` understands."""
        ...

    def loss(self, answers: Tensor, targets: Tensor) -> Tensor:
        """The mean over a batch of answers (N,) and targets (N, k)."""
        ...

    def comparable_targets(self, targets: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n,) what answers should rank with."""
        ...


@dataclass(frozen=True, slots=True)
class LogLoss:
    """The logarithm of the DCT metric in one reading; squared error as in the paper, or absolute beyond `bend`."""

    reading: str
    bend: float | None = None

    def targets(self, pairs: PairSet) -> NDArray[np.float32]:
        """Return (N, 1): the logarithm of the metric, which is at least .5."""
        return np.log(np.maximum(pairs.column(self.reading), 0.5))[:, None]

    def loss(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean error of answers (N,) and targets (N, 1)."""
        if self.bend is None:
            return nn.functional.mse_loss(answers, targets[:, 0])
        return nn.functional.smooth_l1_loss(answers, targets[:, 0], beta=self.bend)

    def comparable_targets(self, targets: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what answers are correlated with, (N,)."""
        return targets[:, 0]


@dataclass(frozen=True, slots=True)
class SurvivalShare:
    """Of `before` objects `after` survived: cross entropy, a picture weighing its objects up to `most`.

    A picture without people or vehicles weighs `others` of that: what else is found there teaches, but is not asked.
    """

    most: int = 4
    others: float = 0.5

    def targets(self, pairs: PairSet) -> NDArray[np.float32]:
        """Return (N, 2): the share of objects that survived, [0, 1], and the weight of the pair."""
        before, after = pairs.column("before"), pairs.column("after")
        share = np.where(pairs.column("subjects") > 0, 1.0, self.others)
        return np.stack([after / before, np.minimum(before, self.most) * share], axis=1, dtype=np.float32)

    def loss(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the weighted cross entropy of logits (N,) and targets (N, 2)."""
        each = nn.functional.binary_cross_entropy_with_logits(answers, targets[:, 0], reduction="none")
        return (each * targets[:, 1]).sum() / targets[:, 1].sum()

    def comparable_targets(self, targets: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what answers are correlated with, (N,)."""
        return targets[:, 0]


def split_pairs(pairs: PairSet, share: float = 0.1) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices to train and to validate on, (n,) and (N - n,); blocks of neighbouring photographs stay on one side."""
    held = np.array([zlib.crc32(block.encode()) % 1000 < 1000 * share for block in scene_blocks(pairs)])
    return np.flatnonzero(~held), np.flatnonzero(held)


def scene_blocks(pairs: PairSet) -> list[str]:
    """The block that each pair's photograph belongs to."""
    return [_block(str(row["scene"])) for row in pairs.labels]


def _block(scene: str) -> str:
    subset, _, number = scene.partition("(")
    digits = number.split(")")[0]
    return f"{subset}{int(digits) // BLOCK}" if digits.isdigit() else scene
