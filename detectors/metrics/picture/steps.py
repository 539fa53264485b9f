"""Steps between neighbouring pixels, added up along the borders that coding blocks may have."""

from dataclasses import dataclass

import cv2
import numpy as np

from detectors.metrics.picture.arrays import Bytes, Floats, Samples

BAND = 16
"""Rows that one sum covers: those of a macroblock."""


@dataclass(frozen=True, slots=True)
class Steps:
    """|Δ| across each border between columns, summed over bands of 16 rows, the last band over what is left.

    `sums` (bands, W-1) in codes; `counts`, how many pixels each is of, is as large or, where nothing is masked,
    (bands, 1).
    """

    sums: Samples
    counts: Floats

    @property
    def masked(self) -> bool:
        """Whether steps of one band are of more pixels here than there."""
        return bool(self.counts.shape[1] > 1)


def column_steps(luma: Samples, inside: Bytes | None = None) -> Steps:
    """Return the steps across the columns of (H, W) codes; `inside` (H, W) is 1 where a pixel counts."""
    steps = cv2.absdiff(luma[:, 1:], luma[:, :-1])
    if inside is None:
        height = len(luma)
        rows = np.minimum(BAND, height - np.arange(0, height, BAND)).astype(np.float32)
        return Steps(band_sums(steps), rows[:, None])
    counted = np.asarray(cv2.min(inside[:, 1:], inside[:, :-1]), np.uint8)
    return Steps(band_sums(steps * counted), band_sums(counted).astype(np.float32))


def row_steps(luma: Samples, inside: Bytes | None = None) -> Steps:
    """Return the steps across the rows of luma (H, W), as `column_steps` of the picture turned on its side."""
    return column_steps(cv2.transpose(luma), None if inside is None else np.asarray(cv2.transpose(inside), np.uint8))


def band_sums(values: Samples) -> Samples:
    """Return the sums of (H, W) over bands of 16 rows, the last over what is left: (bands, W) uint16.

    Sixteen 12-bit codes fit into 16 bits.
    """
    height, width = values.shape
    whole = height // BAND * BAND
    sums = np.empty((-(-height // BAND), width), np.uint16)
    np.add.reduce(values[:whole].reshape(-1, BAND, width), axis=1, dtype=np.uint16, out=sums[: whole // BAND])
    if whole < height:
        np.add.reduce(values[whole:], axis=0, dtype=np.uint16, out=sums[-1])
    return sums
