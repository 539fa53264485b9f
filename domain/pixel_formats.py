"""How FFmpeg lays out the pixel formats that frames travel in: planes, their shapes and their samples."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import FrameRejected
from domain.frames import FrameFormat


@dataclass(frozen=True, slots=True)
class PlaneLayout:
    """Bits a sample, and by how much chroma is smaller (log2 of rows and columns), None without chroma planes."""

    bits: int = 8
    chroma_shift: tuple[int, int] | None = None
    full_range: bool = False


_SUBSAMPLING = {"420p": (1, 1), "422p": (0, 1), "444p": (0, 0)}
"""log2 of (rows, columns) of luma per sample of chroma."""

LAYOUTS = {
    **{f"yuv{name}": PlaneLayout(8, shift) for name, shift in _SUBSAMPLING.items()},
    **{f"yuvj{name}": PlaneLayout(8, shift, full_range=True) for name, shift in _SUBSAMPLING.items()},
    **{f"yuv{name}{bits}le": PlaneLayout(bits, shift) for name, shift in _SUBSAMPLING.items() for bits in (10, 12)},
    "gray": PlaneLayout(8),
    "gray10le": PlaneLayout(10),
    "gray12le": PlaneLayout(12),
    "nv12": PlaneLayout(8, (1, 1)),
    "rgb24": PlaneLayout(8, full_range=True),
}


def layout_of(shape: FrameFormat) -> PlaneLayout:
    """Return the layout of a format. Raises `FrameRejected` for one that cannot be scored."""
    layout = LAYOUTS.get(shape.pixel_format)
    if layout is None:
        raise FrameRejected(f"pixel format '{shape.pixel_format}' cannot be scored; have ingest convert it to yuv420p")
    if shape.width < 1 or shape.height < 1:
        raise FrameRejected(f"a picture of {shape.width}x{shape.height} has no pixels")
    return layout


def check_planes(shape: FrameFormat, shapes: Sequence[tuple[int, ...]], sample_bytes: Sequence[int]) -> None:
    """Raise `FrameRejected` where planes of these shapes and bytes a sample do not fit the format."""
    layout = layout_of(shape)
    expected = _plane_shapes(shape, layout)
    planes = tuple(shapes)
    pair_form = shape.pixel_format == "nv12" and len(planes) == 2 and planes[1] == (*_pair_columns(expected[1]), 2)
    if planes != expected and not (pair_form and planes[0] == expected[0]):
        raise FrameRejected(f"planes {planes} do not fit {shape.pixel_format}, which needs {expected}")
    needed = 1 if layout.bits == 8 else 2
    if any(each != needed for each in sample_bytes):
        raise FrameRejected(f"{shape.pixel_format} needs samples of uint{8 * needed}")


def _plane_shapes(shape: FrameFormat, layout: PlaneLayout) -> tuple[tuple[int, ...], ...]:
    luma = (shape.height, shape.width)
    if shape.pixel_format == "rgb24":
        return ((*luma, 3),)
    if layout.chroma_shift is None:
        return (luma,)
    rows, columns = (-(-side >> shift) for side, shift in zip(luma, layout.chroma_shift, strict=True))
    if shape.pixel_format == "nv12":
        return (luma, (rows, columns * 2))
    return (luma, (rows, columns), (rows, columns))


def _pair_columns(shape: tuple[int, ...]) -> tuple[int, int]:
    return shape[0], shape[1] // 2
