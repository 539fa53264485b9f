"""Whether a picture suddenly lost much of its structure: the reading process then samples more often for some seconds.

A hand over the lens or a blow lasts a second or two, which one picture a second sees once or not at all. Cheap on
purpose (about .1 ms a kept picture): it decides when to sample, never what is wrong.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS, SIDE = 9, 16, 10
"""Blocks of SIDE x SIDE samples, taken from the picture at even distances."""
MEMORY = 5
"""Pictures whose median is the usual structure …"""
LEAST = 2
"""… and how many there must be."""
KEPT = 0.35
"""A block with less of its usual gradient than this has lost its structure."""
LEAST_LEVELS = 2.0
"""A block with less mean gradient than so many levels of 255 has no structure to lose."""
LEAST_BLOCKS = 12
LOST_SHARE = 0.2
DENSE_S = 5.0
"""How long it is looked more often after a loss …"""
REST_S = 25.0
"""… and for how long after that no loss counts, so that a crowd costs no more than a sixth of the time."""

Blocks: TypeAlias = NDArray[np.float32]
Samples: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class StructureWatch:
    """The structure of the last pictures, oldest first, and until when it is looked more often (stream seconds)."""

    recent: tuple[Blocks, ...] = field(default=(), compare=False, repr=False)
    dense_until_s: float | None = None

    def dense(self, now_s: float) -> bool:
        """Return whether pictures are wanted more often now."""
        return self.dense_until_s is not None and now_s < self.dense_until_s

    def follow(self, plane: Samples, bits: int, now_s: float) -> "StructureWatch":
        """Return the watch after one kept picture: its first plane, (H, W) luma or (H, W, 3) RGB of `bits` bits.

        While it samples more often nothing is learned, so that a cover does not become usual within seconds.
        """
        luma = plane if plane.ndim == 2 else plane[..., 1]
        if self.dense(now_s) or min(luma.shape) < 2 * SIDE:
            return self
        seen = block_gradients(luma) / np.float32(1 << (bits - 8))
        resting = self.dense_until_s is not None and now_s < self.dense_until_s + REST_S
        until = now_s + DENSE_S if not resting and lost_share(seen, self.recent) >= LOST_SHARE else self.dense_until_s
        return StructureWatch((*self.recent, seen)[-MEMORY:], until)


def block_gradients(luma: Samples) -> Blocks:
    """Return the mean absolute step between neighbouring samples of each block, (ROWS, COLUMNS), in codes."""
    height, width = luma.shape
    sampled = luma[_places(height, ROWS * SIDE)][:, _places(width, COLUMNS * SIDE)].astype(np.float32)
    steps = np.zeros_like(sampled)
    np.subtract(sampled[:, 1:], sampled[:, :-1], out=steps[:, 1:])
    np.abs(steps, out=steps)
    down = sampled[1:] - sampled[:-1]
    steps[1:] += np.abs(down, out=down)
    return np.asarray(steps.reshape(ROWS, SIDE, COLUMNS, SIDE).mean(axis=(1, 3)) / 2, np.float32)


@lru_cache(maxsize=64)
def _places(length: int, count: int) -> NDArray[np.intp]:
    """Return `count` evenly spaced samples of a side."""
    return np.linspace(0, length - 1, count).astype(np.intp)


def lost_share(seen: Blocks, recent: tuple[Blocks, ...]) -> float:
    """Return the share of the blocks with usual structure that lost it, 0 where little is usual or known."""
    if len(recent) < LEAST:
        return 0.0
    usual = np.median(np.stack(recent), axis=0)
    textured = usual >= LEAST_LEVELS
    count = int(textured.sum())
    return float((textured & (seen < KEPT * usual)).sum()) / count if count >= LEAST_BLOCKS else 0.0
