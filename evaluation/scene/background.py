"""What stays still over a window of pictures, and how it compares with what was learned of the view.

A background is a structure (rows, columns, 11): the ten channels of a block structure, each the
median over the window, and in channel 10 how still the block was, 0 … 1. Structures of ten channels count as wholly
still.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.cameras import Mask
from evaluation.scene.registration import (
    LEAST_SHARED,
    Alignment,
    Registration,
    match_in_place,
    oriented_edges,
    register,
)
from evaluation.scene.structure_comparison import (
    LEAST_ENERGY,
    LOST_ENERGY,
    MIN_TEXTURED_BLOCKS,
    SAME_ORIENTATION,
    BlockStructure,
    correlation,
    cosine,
    median_structure,
    textured_blocks,
    visible_blocks,
)

STILLNESS = 10
STILL = 0.5
"""A block at least this still belongs to the background."""
LEAST_DISAGREEMENT = 0.25
"""Under this share of changed blocks the view is in place, and where else it might lie is not asked."""
COMPARISON_METRICS = (
    "structure_disagreement",
    "structure_lost",
    "structure_new",
    "structure_kept",
    "layout_correlation",
    "detail_correlation",
    "view_stillness",
    "view_match",
    "another_scene",
    "shift_clearness",
    "shift_agreement",
)
LARGE_OVERLAP = 0.5
LARGE_AGREEMENT = 0.65
"""Of 140 photographs that fit another one best by half and more, three had edges explained (docs/evidence.md)."""
_AWAY = ("another_scene", "shift_clearness", "shift_agreement")
SAME_EDGES = 0.9
SAME_STRENGTH = 0.4
"""Greatest difference of two blocks' log gradient energies, after what all of them have in common."""
LEAST_NEIGHBOURS = 4
_NEIGHBOURS_KEPT = 0.7
_WEIGHTS = {
    "structure_disagreement": 13.6,
    "structure_lost": -23.5,
    "structure_new": -6.1,
    "structure_kept": -14.7,
    "layout_correlation": -6.1,
    "view_match": -19.9,
}
_BIAS = 6.1


@dataclass(frozen=True, slots=True)
class Comparison:
    """The numbers of a view against its baseline, and the alignment under which it fits best; both empty if unknown."""

    values: dict[str, float]
    alignment: Alignment | None = None


def find_background(samples: Sequence[BlockStructure]) -> BlockStructure | None:
    """Return the background of some structures of one shape, oldest first; None where there are none.

    Stillness of a block: how well its edges agree with the median's in the quarter of the samples that agree least,
    as the cosine of the oriented edges times the ratio of their strengths. Flat blocks that stay flat are still.
    """
    median = median_structure([sample[..., :STILLNESS] for sample in samples])
    if median is None:
        return None
    alike = [sample for sample in samples if sample.shape[:2] == median.shape[:2]]
    stillness = np.ones(median.shape[:2], dtype=np.float32)
    if len(alike) > 1:
        edges = oriented_edges(median)
        strength = _strength(edges)
        agreement = np.stack([_agreement(oriented_edges(sample), edges, strength) for sample in alike])
        stillness = np.sort(agreement, axis=0)[(len(alike) - 1) // 4]
    stillness = np.where(np.isnan(median[..., 1]), np.nan, stillness)
    return np.concatenate([median, stillness[..., None]], axis=-1).astype(np.float32)


def _strength(edges: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.sqrt((edges * edges).sum(axis=0)), dtype=np.float32)


def _agreement(
    edges: NDArray[np.float32], median: NDArray[np.float32], strength: NDArray[np.float32]
) -> NDArray[np.float32]:
    own = _strength(edges)
    weak = np.sqrt(LEAST_ENERGY)
    flat = (own < weak) & (strength < weak)
    same = (edges * median).sum(axis=0) / np.maximum(own * strength, 1e-6)
    ratio = np.minimum(own, strength) / np.maximum(np.maximum(own, strength), 1e-6)
    return np.asarray(np.where(flat, 1.0, same * ratio), dtype=np.float32)


def stillness_of(structure: BlockStructure) -> NDArray[np.float32]:
    """Return how still each block is, (rows, columns) in 0 … 1, NaN blocks as 0; 1 where it was never measured."""
    if structure.shape[-1] <= STILLNESS:
        return (~np.isnan(structure[..., 1])).astype(np.float32)
    return np.asarray(np.nan_to_num(structure[..., STILLNESS]), dtype=np.float32)


def compare_backgrounds(present: BlockStructure, learned: BlockStructure, masks: Sequence[Mask] = ()) -> Comparison:
    """Return the numbers of `present` against the `learned` background; nothing where too little of it stays still.

    `structure_disagreement`: share of the learned view's still, textured blocks whose edges are gone or point
    elsewhere. `structure_lost`: share that kept less than a quarter of their gradient energy. `structure_new`: share of
    its flat blocks that have edges now. `structure_kept`: share of the textured blocks that show the same edges as
    before, most of their neighbours included: a part of the view that stayed where it was.
    `layout_correlation` and `detail_correlation`: Pearson's correlation of the block means of luma and of
    log(1 + gradient energy); where things are outlives clouds, night and defocus far better than how bright they are.
    `view_match`: correlation of oriented edges in place; `another_scene`: how much it looks like one, 0 … 1;
    `shift_clearness`: by how much the view fits better where it fits best, shifted, zoomed or turned, than in place and
    anywhere else; `shift_agreement`: the share of edges that are explained there; the last three are 0 where the view
    is in place.
    `view_stillness`: share of the present blocks that stay still over the window. Source: ours. About .2 ms in place,
    15 ms where it is not.
    """
    if present.shape[:2] != learned.shape[:2]:
        return Comparison({})
    visible = visible_blocks(learned.shape[0], learned.shape[1], masks)
    visible &= ~np.isnan(present[..., 0]) & ~np.isnan(learned[..., 0])
    still = stillness_of(learned)
    textured = textured_blocks(learned[..., :STILLNESS], masks) & visible & (still >= STILL)
    count = int(textured.sum())
    if count < MIN_TEXTURED_BLOCKS:
        return Comparison({})
    energy, usual = present[..., 1], learned[..., 1]
    weaker = energy < LOST_ENERGY * usual
    turned = cosine(present[..., 2:STILLNESS], learned[..., 2:STILLNESS]) < SAME_ORIENTATION
    floor = max(LEAST_ENERGY, 0.5 * float(np.median(usual[visible])))
    flat = visible & (usual < floor)
    values = {
        "structure_disagreement": float((textured & (weaker | turned)).sum()) / count,
        "structure_lost": float((textured & weaker).sum()) / count,
        "structure_new": float((flat & (energy >= 2 * floor)).sum()) / max(1, int(flat.sum())),
        "structure_kept": float(kept_blocks(present, learned, textured).sum()) / count,
        "layout_correlation": correlation(present[..., 0][visible], learned[..., 0][visible]),
        "detail_correlation": correlation(np.log1p(energy[visible]), np.log1p(usual[visible])),
    }
    values["view_stillness"] = float((visible & (stillness_of(present) >= STILL)).sum()) / int(visible.sum())
    weights = np.where(visible, np.clip(still, 0, 1), 0).astype(np.float32)
    present, learned = _mask(present, visible), _mask(learned, visible)
    edges_now = int((visible & (energy >= floor)).sum())
    if values["structure_disagreement"] < LEAST_DISAGREEMENT or edges_now < LEAST_SHARED:
        match = match_in_place(present, learned, weights)
        return Comparison({**values, "view_match": match, **dict.fromkeys(_AWAY, 0.0)})
    registration = register(present, learned, weights)
    moved = registration.best.match > registration.home
    values["view_match"] = registration.home
    values["another_scene"] = _another_scene(values)
    values["shift_clearness"] = _clearness(registration) if moved else 0.0
    values["shift_agreement"] = registration.agreement if moved else 0.0
    return Comparison(values, registration.best if moved else None)


def kept_blocks(present: BlockStructure, learned: BlockStructure, textured: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which textured blocks (rows, columns) show the same edges as strongly as before, as most neighbours do.

    Strength is compared after the median change, which light and focus make. Single blocks agree by chance, patches of
    them hardly: of photographs exchanged, none keeps a twentieth.
    """
    alike = textured & (cosine(present[..., 2:STILLNESS], learned[..., 2:STILLNESS]) > SAME_EDGES)
    if not alike.any():
        return alike
    change = np.log((present[..., 1] + LEAST_ENERGY) / (learned[..., 1] + LEAST_ENERGY))
    alike &= np.abs(change - np.median(change[alike])) < SAME_STRENGTH
    around, neighbours = _sum_of_neighbours(alike), _sum_of_neighbours(textured)
    return np.asarray(alike & (around >= _NEIGHBOURS_KEPT * neighbours) & (neighbours >= LEAST_NEIGHBOURS))


def _sum_of_neighbours(blocks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many of the 3 x 3 blocks around each are set, itself included."""
    padded = np.pad(blocks.astype(np.int64), 1)
    down = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray(down[:, :-2] + down[:, 1:-1] + down[:, 2:])


def _clearness(registration: Registration) -> float:
    """Return by how much the best alignment fits better than the view in place and than any other alignment.

    Columns and fences fit again one column further on. Where most of the edges of half the view are explained, that
    makes only the amount unsure, not the move: chance explains as much only where the overlap is small.
    """
    overlap = (1 - abs(registration.best.right)) * (1 - abs(registration.best.down))
    sure = overlap >= LARGE_OVERLAP and registration.agreement >= LARGE_AGREEMENT
    return max(
        0.0, registration.best.match - (registration.home if sure else max(registration.home, registration.rival))
    )


def _another_scene(values: Mapping[str, float]) -> float:
    """Return how much this looks like another scene, 0 … 1: many edges that turned, none of the old layout, no
    part of the view still in place.

    A logistic function, fitted on made views: photographs exchanged, with near things that stay and with people,
    against the same view under crowds, clouds, obstacles and faults of lens and light (docs/evidence.md).
    """
    score = _BIAS + sum(weight * values[metric] for metric, weight in _WEIGHTS.items())
    return 1.0 / (1.0 + math.exp(-score))


def _mask(structure: BlockStructure, visible: NDArray[np.bool_]) -> BlockStructure:
    return np.where(visible[..., None], structure[..., :STILLNESS], np.nan).astype(np.float32)
