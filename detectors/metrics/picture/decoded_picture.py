"""A decoded picture with what several metrics share, each computed once: reduced picture, block sums, histogram."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import cv2
import numpy as np

from detectors.metrics.functional.edge_directions import block_structure
from detectors.metrics.picture.arrays import Bytes, Floats, Samples, Words
from detectors.metrics.picture.codes import FIXED_POINT, CodeRange, code_range
from detectors.metrics.picture.steps import Steps, column_steps, row_steps
from detectors.metrics.picture.visible import VisibleArea, visible_area
from detectors.metrics.picture.windows import area_mean, reduced_size
from domain.cameras import Mask
from domain.frames import ColorMatrix, ColorRange, Frame
from domain.pixel_formats import check_planes, layout_of

REDUCED_SIDE = 640
"""Longer side in pixels of the reduced picture, on which everything is measured that needs no fine detail."""
SMALL_SIDE = 320
"""That of what needs even less detail."""
_LEAST_SMALL_SIDE = 240
_ENOUGH_PIXELS = 500_000
LUMA_WEIGHTS: Mapping[ColorMatrix, tuple[float, float]] = {
    ColorMatrix.BT601: (0.299, 0.114),
    ColorMatrix.BT709: (0.2126, 0.0722),
    ColorMatrix.BT2020: (0.2627, 0.0593),
}
"""(Kr, Kb) of ITU-R BT.601, BT.709 and BT.2020 (non-constant luminance); Kg = 1 - Kr - Kb."""


class DecodedPicture:
    """One picture as decoded: luma (H, W) codes, clipped to their range, and Cb and Cr at the size the stream has."""

    def __init__(
        self,
        luma: Samples,
        chroma: tuple[Samples, Samples] | None,
        codes: CodeRange,
        matrix: ColorMatrix = ColorMatrix.BT601,
        visible: VisibleArea | None = None,
    ) -> None:
        self.luma = luma
        self.chroma = chroma
        self.codes = codes
        self.matrix = matrix
        self.visible = visible

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.luma.shape[0], self.luma.shape[1]

    @property
    def enough_rows(self) -> slice:
        """Every row, or as many evenly spaced ones as make up half a million pixels: enough for a share."""
        return slice(None, None, max(1, round(self.luma.size / _ENOUGH_PIXELS)))

    @cached_property
    def levels(self) -> Bytes:
        """Luma in whole levels, 0 is black and 255 white, (H, W)."""
        codes = self.codes
        if codes.bits == 8 and codes.span == 255:
            return self.luma
        return np.asarray(
            cv2.convertScaleAbs(self.luma, alpha=codes.levels, beta=-codes.black * codes.levels), np.uint8
        )

    @cached_property
    def column_steps(self) -> Steps:
        """Steps across the borders of columns, masked pixels left out."""
        return column_steps(self.luma, None if self.visible is None else self.visible.inside(1))

    @cached_property
    def row_steps(self) -> Steps:
        """Steps across the borders of rows, masked pixels left out."""
        return row_steps(self.luma, None if self.visible is None else self.visible.inside(1))

    @cached_property
    def reduced_luma(self) -> Words:
        """Luma averaged down to at most 640 pixels on the longer side, (h, w) uint16, 128 to an 8-bit code."""
        size = reduced_size(self.shape, REDUCED_SIDE)
        if self._is_reduced:
            return np.asarray(np.multiply(self.luma, np.uint16(FIXED_POINT), dtype=np.uint16), np.uint16)
        unit = FIXED_POINT / (1 << (self.codes.bits - 8))
        return np.rint(area_mean(self.luma, size, highest=self.codes.highest, scale=unit)).astype(np.uint16)

    @property
    def _is_reduced(self) -> bool:
        """Whether luma as decoded is the reduced picture already, in 8-bit codes."""
        return self.codes.bits == 8 and reduced_size(self.shape, REDUCED_SIDE) == self.shape

    @cached_property
    def reduced8(self) -> Bytes:
        """`reduced_luma` in whole 8-bit codes."""
        if self._is_reduced:
            return self.luma
        return ((self.reduced_luma + np.uint16(FIXED_POINT // 2)) >> 7).astype(np.uint8)

    @cached_property
    def small(self) -> Floats:
        """Luma averaged down to at most 320 pixels on the longer side, (h, w) float32 in [0, 1]."""
        codes = self.codes8
        reduced, unit = self.reduced_luma, codes.span * FIXED_POINT
        size = small_size((reduced.shape[0], reduced.shape[1]))
        if reduced.shape == (2 * size[0], 2 * size[1]):
            halved = cv2.resize(reduced, size[::-1], interpolation=cv2.INTER_AREA)
            return np.asarray(halved * np.float32(1 / unit) - np.float32(codes.black / codes.span), np.float32)
        # Two bits less, so that four pixels add up in 16 bits.
        return area_mean(
            reduced >> 2,
            size,
            highest=64 * FIXED_POINT,
            scale=4 / unit,
            offset=-codes.black / codes.span,
        )

    @cached_property
    def small8(self) -> Bytes:
        """`small` in whole levels of 255."""
        return np.asarray(cv2.convertScaleAbs(self.small, alpha=255), np.uint8)

    @cached_property
    def codes8(self) -> CodeRange:
        """What 8-bit codes mean, those that `reduced` is made of."""
        return code_range(8, full=self.codes.black == 0)

    @cached_property
    def structure(self) -> Floats:
        """Block statistics of `reduced`, (rows, columns, 10); see `block_structure`."""
        return block_structure(self.reduced_luma, self.codes8, self.reduced_visible)

    @cached_property
    def reduced_visible(self) -> VisibleArea | None:
        """Which pixels of `reduced` hold nothing masked."""
        return None if self.visible is None else self.visible.reduce(REDUCED_SIDE)

    @cached_property
    def reduced_chroma(self) -> tuple[Floats, Floats] | None:
        """Cb and Cr averaged down to at most 320 pixels, each (h, w) float32 in [-0.5, 0.5]."""
        if self.chroma is None:
            return None
        codes = self.codes
        size = small_size((self.chroma[0].shape[0], self.chroma[0].shape[1]))
        blue, red = (
            area_mean(
                plane,
                size,
                highest=codes.highest,
                scale=1 / codes.colour_span,
                offset=-codes.neutral / codes.colour_span,
            )
            for plane in self.chroma
        )
        return blue, red


def small_size(shape: tuple[int, int]) -> tuple[int, int]:
    """Return (height, width) of at most 320 pixels; where 240 to 320 divide the picture evenly, that.

    Whole blocks are averaged ten times as fastly as fractions.
    """
    factor = -(-max(shape) // SMALL_SIDE)
    if factor > 1 and shape[0] % factor == shape[1] % factor == 0 and max(shape) // factor >= _LEAST_SMALL_SIDE:
        return shape[0] // factor, shape[1] // factor
    return reduced_size(shape, SMALL_SIDE)


def read_picture(frame: Frame, masks: Sequence[Mask] = ()) -> DecodedPicture:
    """Return the picture of a frame, with what `masks` leave visible.

    Luma is clipped to black … white and colour to its range, as metrics are defined on them. Of `rgb24`, luma and
    colour are rounded to 8 bits. Raises `FrameRejected` where the planes do not fit the format.
    """
    shape = frame.format
    layout = layout_of(shape)
    check_planes(shape, [plane.shape for plane in frame.planes], [plane.itemsize for plane in frame.planes])
    visible = visible_area(shape.height, shape.width, tuple(masks))
    if shape.pixel_format == "rgb24":
        return DecodedPicture(
            *_luma_chroma(frame.planes[0], shape.color_matrix), code_range(8, full=True), shape.color_matrix, visible
        )
    codes = code_range(layout.bits, layout.full_range or shape.color_range is ColorRange.FULL)
    luma: Samples = frame.planes[0]
    chroma = _chroma_planes(frame)
    if codes.black:
        top = codes.neutral + codes.colour_span // 2
        luma = _clip(luma, codes.black, codes.black + codes.span)
        chroma = None if chroma is None else (_clip(chroma[0], codes.black, top), _clip(chroma[1], codes.black, top))
    return DecodedPicture(luma, chroma, codes, shape.color_matrix, visible)


def _clip(plane: Samples, low: int, high: int) -> Samples:
    return np.clip(plane, plane.dtype.type(low), plane.dtype.type(high))


def _chroma_planes(frame: Frame) -> tuple[Samples, Samples] | None:
    """Return Cb and Cr as decoded, None where the format has none."""
    if len(frame.planes) == 1:
        return None
    if frame.format.pixel_format == "nv12":
        rows = frame.planes[1].shape[0]
        blue, red = cv2.split(frame.planes[1].reshape(rows, -1, 2))
        return blue, red
    return frame.planes[1], frame.planes[2]


def _luma_chroma(rgb: Samples, matrix: ColorMatrix) -> tuple[Samples, tuple[Samples, Samples]]:
    """Return full-range luma and colour codes of (H, W, 3) RGB, each rounded to 8 bits."""
    kr, kb = LUMA_WEIGHTS[matrix]
    luma = np.array([kr, 1 - kr - kb, kb])
    blue = (np.array([0, 0, 1]) - luma) / (2 - 2 * kb)
    red = (np.array([1, 0, 0]) - luma) / (2 - 2 * kr)
    weights = np.column_stack([np.array([luma, blue, red]), [0, 128, 128]])
    planes = cv2.split(cv2.transform(rgb, weights))
    return planes[0], (planes[1], planes[2])
