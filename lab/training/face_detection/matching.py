"""Which faces found are right, and what follows: precision, recall and accuracy (Lu et al. 2022, section 3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor
from torchvision.ops import box_iou

SAME_IOU = 0.5


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """Faces found and true (`right`), found and not true (`wrong`), true and not found (`missed`)."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: "MatchCounts") -> "MatchCounts":
        return MatchCounts(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def precision(self) -> float:
        """right / (right + wrong); NaN where nothing was found."""
        return _ratio(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """right / (right + missed); NaN where there was no face."""
        return _ratio(self.right, self.right + self.missed)

    @property
    def accuracy(self) -> float:
        """right / (right + wrong + missed)."""
        return _ratio(self.right, self.right + self.wrong + self.missed)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def match_faces(found: Tensor, scores: Tensor, true: Tensor) -> MatchCounts:
    """Compare boxes found (F, 4), with scores (F,), with the true ones (K, 4) of one picture.

    The surest box first, each takes the free true box it overlaps most, if their IoU is above 0.5; a second box on
    the same face is wrong.
    """
    if not len(found) or not len(true):
        return MatchCounts(0, len(found), len(true))
    overlap = box_iou(found, true)
    right = 0
    for index in scores.argsort(descending=True, stable=True).tolist():
        best = int(overlap[index].argmax())
        if overlap[index, best] > SAME_IOU:
            right += 1
            overlap[:, best] = -1
    return MatchCounts(right, len(found) - right, len(true) - right)


def bootstrap_counts(
    counts: Sequence[MatchCounts], measure: str, *, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of `precision`, `recall` or `accuracy` over pictures drawn with replacement."""
    rows = np.array([(one.right, one.wrong, one.missed) for one in counts])
    generator = np.random.default_rng(seed)
    drawn = [rows[generator.integers(0, len(rows), len(rows))].sum(axis=0).tolist() for _ in range(draws)]
    low, high = np.nanpercentile([getattr(MatchCounts(*row), measure) for row in drawn], [2.5, 97.5])
    return float(low), float(high)
