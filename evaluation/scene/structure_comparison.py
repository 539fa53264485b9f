"""Is this still the view that was learned? Block structure against block structure, never picture against picture.

A structure is (rows, columns, channels) float32: 0 mean luma (0 … 1), 1 gradient energy (levels a pixel), 2 … a
histogram of gradient orientations (`detectors/metrics/functional/edge_directions.py`); NaN throughout a masked block.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.cameras import Mask
from domain.masks import points_inside

BlockStructure = NDArray[np.float32]
"""(rows, columns, channels), as `detectors/metrics/functional/edge_directions.py` measures them."""

MIN_TEXTURED_BLOCKS = 40
"""Fewer blocks with structure say nothing about where the camera looks."""
TEXTURED_OVER_MEDIAN = 0.5
LEAST_ENERGY = 0.5
"""Levels a pixel; what is weaker is the encoder's own and comes and goes with it."""
SAME_ORIENTATION = 0.80
"""Cosine between two orientation histograms over which a block still shows the same edges."""
LOST_ENERGY = 0.25
"""A block with less than this share of its usual gradient energy has lost its structure."""


def visible_blocks(rows: int, columns: int, masks: Sequence[Mask]) -> NDArray[np.bool_]:
    """Return (rows, columns) True where a block's centre lies under no mask."""
    if not masks:
        return np.ones((rows, columns), dtype=bool)
    y = (np.arange(rows)[:, None] + 0.5) / rows
    x = (np.arange(columns)[None, :] + 0.5) / columns
    hidden = np.zeros((rows, columns), dtype=bool)
    for mask in masks:
        hidden |= points_inside(mask, x, y)
    return ~hidden


def textured_blocks(learned: BlockStructure, masks: Sequence[Mask] = ()) -> NDArray[np.bool_]:
    """Return (rows, columns) True where the learned view has edges worth comparing: the upper part of its energies."""
    energy = learned[..., 1]
    visible = visible_blocks(energy.shape[0], energy.shape[1], masks) & ~np.isnan(energy)
    if not visible.any():
        return visible
    floor = TEXTURED_OVER_MEDIAN * float(np.median(energy[visible]))
    return np.asarray(visible & (energy > max(floor, LEAST_ENERGY)))


def cosine(left: BlockStructure, right: BlockStructure) -> NDArray[np.float32]:
    """Return the cosine between the histograms of each block, (rows, columns) in [0, 1]; 0 where one is empty."""
    norms = np.linalg.norm(left, axis=-1) * np.linalg.norm(right, axis=-1)
    return np.asarray((left * right).sum(axis=-1) / np.maximum(norms, 1e-9), dtype=np.float32)


def correlation(left: NDArray[np.float32], right: NDArray[np.float32]) -> float:
    """Return Pearson's correlation of two arrays of one shape, in [-1, 1]; 0 where either does not vary."""
    a, b = left - left.mean(), right - right.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 1e-9 else 0.0


def median_structure(samples: Sequence[BlockStructure]) -> BlockStructure | None:
    """Return the blockwise median of structures of one shape: what moves through a block is outvoted."""
    if not samples:
        return None
    shape = samples[-1].shape
    return np.median(np.stack([sample for sample in samples if sample.shape == shape]), axis=0).astype(np.float32)
