"""Which samples each step sees: it follows from (seed, step) alone, so that a resumed training sees the same."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Batches:
    """Every sample once an epoch, in an order of the epoch's own; the last batch of an epoch may be smaller."""

    samples: int
    batch: int
    seed: int

    @property
    def per_epoch(self) -> int:
        """Steps an epoch."""
        return -(-self.samples // self.batch)

    def of(self, step: int) -> NDArray[np.int64]:
        """Indices of step `step`, counted from 0 over all epochs."""
        epoch, place = divmod(step, self.per_epoch)
        order = np.random.default_rng([self.seed, epoch]).permutation(self.samples)
        return order[place * self.batch : (place + 1) * self.batch]

    def ends_epoch(self, step: int) -> bool:
        """Whether step `step` is the last of its epoch."""
        return (step + 1) % self.per_epoch == 0
