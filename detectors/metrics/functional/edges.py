"""How many pixels an edge needs from its dark to its bright side: few in focus, many out of it."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.metrics.picture.arrays import Bytes, Samples
from detectors.metrics.picture.decoded_picture import DecodedPicture

_STRONG = 30
"""Canny's upper threshold on |gx| + |gy| of the Sobel operator in levels of 255, as FFmpeg's blurdetect has it."""
_RADIUS = 50
_MOST_EDGES = 1_000
_SAMPLED_PIXELS, _FEW_EDGES = 60_000, 700
_STRETCH = 4
_LEAST_EDGES = 32
_SMOOTHING = (5, 1.4)
"""Side and sigma of the Gaussian, FFmpeg's."""
_SLOPE = (5, 12)
"""Tangent of 22.5 degrees, between a flat and a diagonal gradient."""
_DIAGONAL = 0.7

Places = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Edges:
    """Places of edge pixels in the flattened picture, and the step along their gradient."""

    places: Places
    step_x: Places
    step_y: Places


def edge_width(picture: DecodedPicture) -> float:
    """Return the mean width of edges in pixels; higher is blurrier; NaN with fewer than 32 edge pixels.

    Marziliano, Dufaux, Winkler, Ebrahimi, "A no-reference perceptual blur metric" (ICIP 2002), in the four directions
    of FFmpeg's vf_blurdetect: Canny edges of the smoothed picture; from each, both ways along the gradient, the
    steps to the next local extremum; diagonal steps count 0.7 as there. Native size, whole levels of 255, so that a
    slope ends where 8 bits end it. Of a large picture every n-th row is searched, and of more than 1,000 edge pixels
    evenly spaced ones count.
    """
    if min(picture.shape) < 16:
        return math.nan
    side, sigma = _SMOOTHING
    smooth = np.asarray(
        cv2.GaussianBlur(picture.levels, (side, side), sigma, borderType=cv2.BORDER_REPLICATE), np.uint8
    )
    edges = _find_edges(smooth, None if picture.visible is None else picture.visible.inside(4))
    if len(edges.places) < _LEAST_EDGES:
        return math.nan
    return _mean_width(smooth, edges)


def _find_edges(smooth: Bytes, inside: Bytes | None) -> _Edges:
    """Return the crests of strong gradients, from every n-th row; where that finds too few, from more rows."""
    step = max(1, round(smooth.size / _SAMPLED_PIXELS))
    edges = _edges_of_rows(smooth, step, inside)
    if step > 1 and len(edges.places) < _FEW_EDGES:
        edges = _edges_of_rows(smooth, max(1, step // 8), inside)
    return edges


def _edges_of_rows(smooth: Bytes, step: int, inside: Bytes | None) -> _Edges:
    """Return at most 1,000 crests of the rows 2, 2 + step …, two pixels off the border."""
    height, width = smooth.shape
    rows = [smooth[2 + shift : height - 2 + shift : step].astype(np.int16) for shift in (-2, -1, 0, 1, 2)]
    _, _, above = _gradients(*rows[:3])
    slope_x, slope_y, here = _gradients(*rows[1:4])
    _, _, below = _gradients(*rows[2:])
    steep_x, steep_y = np.abs(slope_x[:, 1:-1]), np.abs(slope_y[:, 1:-1])
    flat = steep_y * np.int16(_SLOPE[1]) < steep_x * np.int16(_SLOPE[0])
    upright = steep_x * np.int16(_SLOPE[1]) < steep_y * np.int16(_SLOPE[0])
    falling = (slope_x[:, 1:-1] ^ slope_y[:, 1:-1]) >= 0
    centre = here[:, 1:-1]
    crest = flat & (centre > np.maximum(here[:, :-2], here[:, 2:]))
    crest |= upright & (centre > np.maximum(above[:, 1:-1], below[:, 1:-1]))
    diagonal = ~(flat | upright)
    crest |= diagonal & falling & (centre > np.maximum(above[:, :-2], below[:, 2:]))
    crest |= diagonal & ~falling & (centre > np.maximum(above[:, 2:], below[:, :-2]))
    crest &= centre > _STRONG
    if inside is not None:
        crest &= inside[2 : height - 2 : step, 2:-2] > 0
    found = np.flatnonzero(crest)
    found = found[:: max(1, -(-len(found) // _MOST_EDGES))]
    row, column = np.divmod(found, crest.shape[1])
    flat, upright, falling = (which.ravel()[found] for which in (flat, upright, falling))
    step_y = np.where(flat, 0, np.where(upright | falling, 1, -1))
    return _Edges((2 + row * step) * width + column + 2, np.where(upright, 0, 1), step_y)


def _gradients(above: Samples, here: Samples, below: Samples) -> tuple[Samples, Samples, Samples]:
    """Return Sobel's gx, gy and |gx| + |gy| of rows and their neighbours, (n, W - 2) int16."""
    across = above + below
    across += here
    across += here
    slope_x = across[:, 2:] - across[:, :-2]
    down = below - above
    slope_y = down[:, 2:] + down[:, :-2]
    slope_y += down[:, 1:-1]
    slope_y += down[:, 1:-1]
    strength = np.abs(slope_x)
    strength += np.abs(slope_y)
    return slope_x, slope_y, strength


def _mean_width(smooth: Bytes, edges: _Edges) -> float:
    """Walk both ways from each edge pixel to the next local extremum; edges that reach the border are left out."""
    height, width = smooth.shape
    flat = smooth.ravel()
    rows, columns = np.divmod(edges.places, width)
    stride = edges.step_y * width + edges.step_x
    rising = np.where(flat[edges.places] > flat[edges.places - stride], 1, -1).astype(np.int16)
    right, below = width - 1 - columns, height - 1 - rows
    far = np.full_like(rows, _RADIUS + 1)
    vertical = edges.step_y + 1
    room_on = np.minimum(np.where(edges.step_x > 0, right, far), np.choose(vertical, [rows, far, below]))
    room_back = np.minimum(np.where(edges.step_x > 0, columns, far), np.choose(vertical, [below, far, rows]))
    start = np.concatenate([edges.places, edges.places])
    both = np.concatenate([stride, -stride])
    on, back = np.split(
        _slope_lengths(flat, start, both, np.concatenate([rising, -rising]), np.concatenate([room_on, room_back])),
        2,
    )
    widths = (on + back) * np.where((edges.step_x != 0) & (edges.step_y != 0), _DIAGONAL, 1.0)
    counted = widths[(on >= 0) & (back >= 0) & (widths > 0)]
    return float(counted.mean()) if len(counted) >= _LEAST_EDGES else math.nan


def _slope_lengths(flat: Bytes, start: Places, stride: Places, sign: Samples, room: Places) -> Places:
    """Return how far the picture keeps changing with `sign` along `stride`, and -1 where it ran out of the picture."""
    lengths = np.zeros(len(start), np.intp)
    active = np.arange(len(start))
    place = start
    value: Samples = flat[start].astype(np.int16)
    going = np.ones(len(start), np.bool_)
    for count in range(1, _RADIUS + 1):
        place = place + stride
        # What lies beyond the picture is read from its end; `room` says that it does not count.
        reached = flat.take(place, mode="clip").astype(np.int16)
        lengths[active[going & (room < count)]] = -1
        going &= (room >= count) & ((reached - value) * sign > 0)
        lengths[active[going]] = count
        value = reached
        if count % _STRETCH == 0:
            active, place, stride, room = (part[going] for part in (active, place, stride, room))
            value, sign = value[going], sign[going]
            going = np.ones(len(active), np.bool_)
            if len(active) == 0:
                break
    return lengths
