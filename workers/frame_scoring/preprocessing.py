"""Planes as decoded become tensors: one upload a batch, range expanded, nothing resized, nothing lost."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from detectors.metrics.picture.visible import visible_area
from detectors.models.pictures import Pictures, rgb_to_luma_chroma
from domain.cameras import Mask
from domain.frames import ColorRange, Frame, FrameFormat, Plane
from domain.pixel_formats import check_planes, layout_of


def upload_pictures(frames: Sequence[Frame], device: torch.device, masks: Sequence[tuple[Mask, ...]] = ()) -> Pictures:
    """Return frames of one format as float32 pictures on `device`.

    Luma Y' = (code - 16·2^(b-8)) / (219·2^(b-8)) and chroma C = (code - 2^(b-1)) / (224·2^(b-8)) in limited range;
    code / (2^b - 1) and (code - 2^(b-1)) / (2^b - 1) in full range (ITU-T H.273); luma is clipped to [0, 1], chroma to
    [-0.5, 0.5]. `masks`, one tuple a frame, are what the operator leaves out. Raises `FrameRejected` when a frame's
    planes do not fit its format, and `ValueError` when the frames are not of one format.
    """
    if not frames:
        raise ValueError("pictures() needs at least one frame")
    shape = frames[0].format
    if any(frame.format != shape for frame in frames):
        raise ValueError("pictures() takes frames of one format; group them first")
    if masks and len(masks) != len(frames):
        raise ValueError("pictures() takes one tuple of masks a frame, or none at all")
    layout = layout_of(shape)
    for frame in frames:
        check_planes(shape, [plane.shape for plane in frame.planes], [plane.itemsize for plane in frame.planes])
    visible = _visible_mask(masks, shape, device)
    if shape.pixel_format == "rgb24":
        rgb = _upload([frame.planes[0] for frame in frames], device).permute(0, 3, 1, 2).float() / 255
        luma, chroma = rgb_to_luma_chroma(rgb, shape.color_matrix)
        return Pictures(luma, chroma, shape.color_matrix, visible)
    full = layout.full_range or shape.color_range is ColorRange.FULL
    luma = _expand_luma(_upload([frame.planes[0] for frame in frames], device).unsqueeze(1), layout.bits, full)
    codes = _chroma_codes(frames, device)
    chroma_range = None if codes is None else _expand_chroma(codes, layout.bits, full)
    return Pictures(luma, chroma_range, shape.color_matrix, visible)


def _upload(planes: Sequence[Plane], device: torch.device) -> Tensor:
    """Return planes as one tensor on the device, still integers; 16-bit samples as int32, which torch computes with."""
    stacked = np.stack(planes)
    if stacked.dtype == np.uint16:
        stacked = stacked.astype(np.int32)
    return torch.from_numpy(stacked).to(device)


def _chroma_codes(frames: Sequence[Frame], device: torch.device) -> Tensor | None:
    """Return (N, 2, h, w) integer Cb and Cr, None where the format has none."""
    first = frames[0]
    if len(first.planes) == 1:
        return None
    if first.format.pixel_format == "nv12":
        rows = first.planes[1].shape[0]
        pairs = _upload([frame.planes[1].reshape(rows, -1, 2) for frame in frames], device)
        return pairs.permute(0, 3, 1, 2)
    return torch.stack([_upload([frame.planes[i] for frame in frames], device) for i in (1, 2)], dim=1)


def _expand_luma(codes: Tensor, bits: int, full: bool) -> Tensor:
    """Clipped while still integers, a quarter of the bytes."""
    step = 2 ** (bits - 8)
    if full:
        return codes.float().div_(2**bits - 1)
    return codes.clamp(16 * step, 235 * step).sub_(16 * step).float().div_(219 * step)


def _expand_chroma(codes: Tensor, bits: int, full: bool) -> Tensor:
    step, middle = 2 ** (bits - 8), 2 ** (bits - 1)
    if full:
        return codes.float().sub_(middle).div_(2**bits - 1).clamp_(-0.5, 0.5)
    return codes.clamp(16 * step, 240 * step).float().sub_(middle).div_(224 * step)


def _visible_mask(masks: Sequence[tuple[Mask, ...]], shape: FrameFormat, device: torch.device) -> Tensor | None:
    """Return (N, 1, H, W) bool, False under a mask; a pixel touched by a mask counts as under it."""
    if not any(masks):
        return None
    visible = np.ones((len(masks), 1, shape.height, shape.width), dtype=bool)
    for picture, hidden in zip(visible, masks, strict=True):
        area = visible_area(shape.height, shape.width, tuple(hidden))
        if area is not None:
            picture[0] = area.pixels > 0
    return torch.from_numpy(visible).to(device)
