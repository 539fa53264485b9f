"""Where a learned view lies in another one: the shift, zoom and turn under which both show the same edges.

Works on block structures (rows, columns, 2 + 8), of which it uses the gradient energy and its eight orientations, so
that it costs no picture. Pure numpy.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evaluation.scene.structure_comparison import BlockStructure

Field = NDArray[np.float32]

ORIENTATIONS = slice(2, 10)
ZOOMS = (0.7, 0.8, 0.9, 1.1, 1.25, 1.4)
TURNS_DEG = (-12.0, -8.0, -4.0, 4.0, 8.0, 12.0)
LEAST_OVERLAP = 0.25
"""Share of the view that must still be in sight: less shows anything anywhere."""
LEAST_MATCH = 0.5
"""A best alignment that matches less is chance."""
CLEAR_SHIFT = 0.3
"""A plain shift that is better than all others by so much needs no zoom or turn to be tried as well."""
STRONG = 0.5
LEAST_STRENGTH = 0.7
"""Square root of half a level a pixel: weaker edges are the encoder's own."""
SAME_EDGES = 0.7
"""Cosine of two blocks' oriented edges from which they are the same."""
LEAST_SHARED = 30
"""Strong blocks that an alignment must explain: fewer fit somewhere by chance, as people in a crowd do."""
_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Alignment:
    """One way to lay the learned view over the present one, and how well that fits.

    `right` and `down` are how far its content went, as shares of the picture's width and height; `zoom` is its new
    size, `turn_deg` its clockwise turn in the picture. `match` is the correlation of oriented edges in the
    overlap, -1 … 1.
    """

    right: float = 0.0
    down: float = 0.0
    zoom: float = 1.0
    turn_deg: float = 0.0
    match: float = 0.0


@dataclass(frozen=True, slots=True)
class Registration:
    """`home` is the match with nothing moved, `best` the alignment that matches best of all.

    `rival` is the best match of a shift that is not next to it: along a horizon or a fence one fits like another.
    `agreement` is the share of strong edges, learned and present, that `best` explains, 0 where too few are shared
    or it is chance.
    """

    home: float
    best: Alignment
    rival: float
    agreement: float


def oriented_edges(structure: BlockStructure, weights: Field | None = None) -> Field:
    """Return (8, rows, columns): the square root of each orientation's gradient energy, NaN blocks as zero.

    The square root keeps one strong edge from deciding alone.
    """
    edges = np.sqrt(np.maximum(structure[..., 1:2] * structure[..., ORIENTATIONS], 0.0))
    edges[np.isnan(edges)] = 0.0
    if weights is not None:
        edges = edges * weights[..., None]
    return np.ascontiguousarray(np.moveaxis(edges, -1, 0), dtype=np.float32)


def correlate_shifts(present: Field, learned: Field, present_mask: Field, learned_mask: Field) -> tuple[Field, Field]:
    """Return (match, overlap), both (2 rows - 1, 2 columns - 1), of `learned` moved by every shift of whole blocks.

    Index (rows - 1, columns - 1) is no shift; larger is down and right. `match` is Pearson's correlation over the
    overlap and all channels, each channel about its own mean there (masked normalised cross-correlation after
    Padfield, "Masked object registration in the Fourier domain", 2012); `overlap` the share of all blocks compared.
    """
    rows, columns = present.shape[1:]
    size = (2 * rows - 1, 2 * columns - 1)

    def forward(field: Field) -> NDArray[np.complex64]:
        return np.asarray(np.fft.rfft2(field, size), dtype=np.complex64)

    def backward(spectrum: NDArray[np.complex64]) -> Field:
        surface = np.fft.irfft2(spectrum, size)
        return np.asarray(np.roll(surface, (rows - 1, columns - 1), axis=(-2, -1)), dtype=np.float32)

    present, learned = present * present_mask, learned * learned_mask
    of_seen, of_seen_mask = forward(present), forward(present_mask)
    of_learned, of_learned_mask = forward(learned).conj(), forward(learned_mask).conj()
    count = np.maximum(backward(of_seen_mask * of_learned_mask), _EPSILON)
    sum_seen = backward(of_seen * of_learned_mask)
    sum_learned = backward(of_seen_mask * of_learned)
    product = backward((of_seen * of_learned).sum(axis=0)) - (sum_seen * sum_learned).sum(axis=0) / count
    square_seen = backward(forward((present * present).sum(axis=0)) * of_learned_mask)
    square_learned = backward(of_seen_mask * forward((learned * learned).sum(axis=0)).conj())
    spread_seen = square_seen - (sum_seen * sum_seen).sum(axis=0) / count
    spread_learned = square_learned - (sum_learned * sum_learned).sum(axis=0) / count
    scale = np.sqrt(np.maximum(spread_seen, 0) * np.maximum(spread_learned, 0))
    match = np.where(scale > _EPSILON * count, product / np.maximum(scale, _EPSILON), 0.0)
    return np.clip(match, -1, 1).astype(np.float32), (count / (rows * columns)).astype(np.float32)


@lru_cache(maxsize=64)
def _sources(rows: int, columns: int, zoom: float, turn_deg: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return where each block of a zoomed and turned view lay before, in blocks; blocks are taken as 16:9 squares."""
    height = 9.0 / 16.0 * columns / rows
    y = (np.arange(rows, dtype=np.float32) - (rows - 1) / 2)[:, None] * height
    x = (np.arange(columns, dtype=np.float32) - (columns - 1) / 2)[None, :]
    cosine, sine = math.cos(math.radians(turn_deg)) / zoom, math.sin(math.radians(turn_deg)) / zoom
    from_x = cosine * x + sine * y + (columns - 1) / 2
    from_y = (-sine * x + cosine * y) / height + (rows - 1) / 2
    return from_y.astype(np.float32), from_x.astype(np.float32)


def transform(edges: Field, mask: Field, zoom: float, turn_deg: float) -> tuple[Field, Field]:
    """Return edges and mask of a view after a zoom and a clockwise turn about its middle; what was unseen is masked."""
    rows, columns = mask.shape
    y, x = _sources(rows, columns, zoom, turn_deg)
    inside = (y >= 0) & (y <= rows - 1) & (x >= 0) & (x <= columns - 1)
    top, left = np.clip(np.floor(y).astype(int), 0, rows - 2), np.clip(np.floor(x).astype(int), 0, columns - 2)
    fy, fx = np.clip(y - top, 0, 1), np.clip(x - left, 0, 1)

    def sample(field: Field) -> Field:
        upper = field[..., top, left] * (1 - fx) + field[..., top, left + 1] * fx
        lower = field[..., top + 1, left] * (1 - fx) + field[..., top + 1, left + 1] * fx
        return np.asarray(upper * (1 - fy) + lower * fy, dtype=np.float32)

    moved = sample(edges)
    bins = turn_deg / (180.0 / edges.shape[0])
    whole, part = math.floor(bins), bins - math.floor(bins)
    turned = (1 - part) * np.roll(moved, whole, axis=0) + part * np.roll(moved, whole + 1, axis=0)
    return turned.astype(np.float32), (sample(mask) * inside).astype(np.float32)


_CANDIDATES = ((1.0, 0.0), *((zoom, 0.0) for zoom in ZOOMS), *((1.0, turn) for turn in TURNS_DEG))


def register(present: BlockStructure, learned: BlockStructure, weights: Field) -> Registration:
    """Find how the learned view lies in the seen one: about 15 ms.

    `weights` (rows, columns), 0 … 1, say how far each learned block is to be trusted.
    """
    mask_seen = (~np.isnan(present[..., 1])).astype(np.float32)
    mask_learned = ((weights > 0) & ~np.isnan(learned[..., 1])).astype(np.float32)
    edges_seen, edges_learned = oriented_edges(present), oriented_edges(learned, weights)
    rows, columns = mask_seen.shape
    best, rival, home = Alignment(match=-1.0), -1.0, 0.0
    laid = edges_learned, mask_learned
    for zoom, turn in _CANDIDATES:
        plain = zoom == 1.0 and turn == 0.0
        field, mask = (edges_learned, mask_learned) if plain else transform(edges_learned, mask_learned, zoom, turn)
        match, overlap = correlate_shifts(edges_seen, field, mask_seen, mask)
        match = np.where(overlap >= LEAST_OVERLAP, match, -1.0)
        if plain:
            home = float(match[rows - 1, columns - 1])
        row, column = (int(place) for place in np.unravel_index(int(np.argmax(match)), match.shape))
        if float(match[row, column]) > best.match:
            down, right = _refine(match, row, column)
            best = Alignment(
                right=(right - (columns - 1)) / columns,
                down=(down - (rows - 1)) / rows,
                zoom=zoom,
                turn_deg=turn,
                match=float(match[row, column]),
            )
            rival = _rival(match, row, column)
            laid = field, mask
        if plain and best.match - max(home, rival) >= CLEAR_SHIFT:
            break
    agreement = _agreement(edges_seen, mask_seen, *laid, best) if best.match >= LEAST_MATCH else 0.0
    return Registration(home, best, rival, agreement)


def _agreement(present: Field, present_mask: Field, learned: Field, learned_mask: Field, where: Alignment) -> float:
    """Return the lesser of two shares: of strong learned edges found again, and of strong present ones foreseen."""
    rows, columns = present_mask.shape
    down, right = round(where.down * rows), round(where.right * columns)
    now = (slice(max(0, down), rows + min(0, down)), slice(max(0, right), columns + min(0, right)))
    then = (slice(max(0, -down), rows + min(0, -down)), slice(max(0, -right), columns + min(0, -right)))
    left, other = present[:, now[0], now[1]], learned[:, then[0], then[1]]
    common = (present_mask[now] > STRONG) & (learned_mask[then] > STRONG)
    strength, usual = np.sqrt((left * left).sum(axis=0)), np.sqrt((other * other).sum(axis=0))
    alike = (left * other).sum(axis=0) > SAME_EDGES * strength * usual
    shares = []
    for ours, theirs in ((usual, strength), (strength, usual)):
        floor = max(LEAST_STRENGTH, 0.7 * float(np.median(ours[common]))) if common.any() else LEAST_STRENGTH
        strong = common & (ours > floor)
        if int(strong.sum()) < LEAST_SHARED:
            return 0.0
        shares.append(float((strong & alike & (theirs > 0.4 * ours)).sum()) / int(strong.sum()))
    return min(shares)


def match_in_place(present: BlockStructure, learned: BlockStructure, weights: Field) -> float:
    """Return the correlation of oriented edges with nothing moved, -1 … 1."""
    mask = (weights > 0) & ~np.isnan(present[..., 1]) & ~np.isnan(learned[..., 1])
    if not mask.any():
        return 0.0
    left, right = oriented_edges(present)[:, mask], oriented_edges(learned, weights)[:, mask]
    left, right = left - left.mean(axis=1, keepdims=True), right - right.mean(axis=1, keepdims=True)
    scale = float(np.sqrt((left * left).sum() * (right * right).sum()))
    return float((left * right).sum()) / scale if scale > _EPSILON else 0.0


def _rival(match: Field, row: int, column: int) -> float:
    """Return the best match of a shift at least three blocks away."""
    away = match.copy()
    away[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3] = -1.0
    return float(away.max())


def _refine(match: Field, row: int, column: int) -> tuple[float, float]:
    """Return the peak's place to a part of a block, by a parabola through its neighbours along each axis."""

    def offset(before: float, here: float, after: float) -> float:
        bend = before - 2 * here + after
        if before <= -1 or after <= -1 or bend >= -_EPSILON:
            return 0.0
        return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))

    down = right = 0.0
    if 0 < row < match.shape[0] - 1:
        down = offset(float(match[row - 1, column]), float(match[row, column]), float(match[row + 1, column]))
    if 0 < column < match.shape[1] - 1:
        right = offset(float(match[row, column - 1]), float(match[row, column]), float(match[row, column + 1]))
    return row + down, column + right
