"""The three views of a face that SFIQA-Assessor looks at, cut from boxes and five points (section IV-A).

The paper finds faces with Ultra-Light-Fast and parses them with a network; ours come from MTCNN's boxes and points, a
substitution. Every face is cut alone, so its views do not depend on what else is in the picture or the batch.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from detectors.models.face_quality.network import SIDE

SMALLEST_FACE = 96
LARGEST_YAW_DEGREES = 60.0
PROFILE_YAW_DEGREES = 45.0
NOSE_DEPTH = 0.55
"""How far the tip of the nose is before the plane of the eyes, in distances between the eyes: about 35 of 63 mm."""
EYES_SIZE = (2.2, 0.9)
MOUTH_SIZE = (1.4, 1.0)
"""Width along the line of the eyes and height across it, in distances between the eyes."""


class PartsProvider(Protocol):
    """Says where a face's eyes and mouth are."""

    def __call__(self, faces: Tensor, points: Tensor) -> Tensor:
        """Masks (F, 1, 224, 224) of compact faces (F, 3, 224, 224) and their points (F, 5, 2) in the same pixels."""
        ...


def yaw_degrees(points: Tensor) -> Tensor:
    """How far each face (F, 5, 2) is turned, 0 to 90, from where the nose falls on the line of the eyes.

    Ours: tan(yaw) = offset / (NOSE_DEPTH d) with the offset measured from the middle of the eyes and d their distance
    in the picture, which both shrink and grow with the turn as an orthographic projection has it. Eyes in one point
    count as 90.
    """
    eyes = points[:, 1] - points[:, 0]
    distance = eyes.norm(dim=1)
    offset = ((points[:, 2] - points[:, :2].mean(dim=1)) * eyes).sum(dim=1).abs() / distance.clamp_min(1e-6)
    return torch.rad2deg(torch.atan2(offset, NOSE_DEPTH * distance)).where(distance > 0, offset.new_tensor(90.0))


def is_within_range(
    boxes: Tensor, points: Tensor, height: int, width: int, *, smallest_px: float = SMALLEST_FACE
) -> Tensor:
    """Which faces (F,) the model may judge: what is visible of the box at least 96 x 96, yaw at most 60 degrees."""
    left, top, right, bottom = _visible(boxes, height, width).unbind(1)
    large = torch.minimum(right - left, bottom - top) >= smallest_px
    return large & (yaw_degrees(points) <= LARGEST_YAW_DEGREES)


def loose_squares(boxes: Tensor, height: int, width: int) -> Tensor:
    """Squares (F, 4) of twice the longer side of each box (F, 4), whole pixels, in a picture H x W.

    Ours: a square that would leave the picture is moved inside; where it does not fit it is as large as the picture.
    """
    sides = (boxes[:, 2:] - boxes[:, :2]).amax(dim=1)
    square = (2 * sides).round().clamp(1, min(height, width))
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    room = torch.stack([width - square, height - square], dim=1)
    start = torch.minimum((centre - square[:, None] / 2).round().clamp_min(0), room)
    return torch.cat([start, start + square[:, None]], dim=1).long()


def compact_boxes(boxes: Tensor, height: int, width: int) -> Tensor:
    """Return the visible part of boxes (F, 4), in px as left, top, right, bottom, outwards to whole pixels.

    `height` and `width` are the picture's. No box is empty: each has at least one pixel.
    """
    left, top, right, bottom = _visible(boxes, height, width).unbind(1)
    left, top = left.floor().clamp(0, width - 1), top.floor().clamp(0, height - 1)
    right, bottom = torch.maximum(right.ceil(), left + 1), torch.maximum(bottom.ceil(), top + 1)
    return torch.stack([left, top, right, bottom], dim=1).long()


def parts_from_points(faces: Tensor, points: Tensor) -> Tensor:
    """Rectangles over eyes and mouth along the line of the eyes, in distances d between them: 2.2 x .9 and 1.4 x 1.

    From faces (F, 3, S, S) and points (F, 5, 2) in pixels of the view, x first, to masks (F, 1, S, S) of 0 and 1. A
    face turned more than 45 degrees hides one side: its mask is the whole face.
    """
    eyes = points[:, 1] - points[:, 0]
    distance = eyes.norm(dim=1).clamp_min(1e-6)
    along = eyes / distance[:, None]
    across = torch.stack([-along[:, 1], along[:, 0]], dim=1)
    line = torch.arange(SIDE, device=points.device, dtype=points.dtype) + 0.5
    grid = torch.stack(torch.meshgrid(line, line, indexing="xy"), dim=-1).view(1, -1, 2)
    mask = yaw_degrees(points)[:, None] > PROFILE_YAW_DEGREES
    for centre, size in ((points[:, :2].mean(dim=1), EYES_SIZE), (points[:, 3:].mean(dim=1), MOUTH_SIZE)):
        from_centre = (grid - centre[:, None]) / distance[:, None, None]
        inside = [
            (from_centre * axis[:, None]).sum(dim=2).abs() <= extent / 2
            for axis, extent in ((along, size[0]), (across, size[1]))
        ]
        mask = mask | (inside[0] & inside[1])
    return mask.view(len(points), 1, SIDE, SIDE).to(faces.dtype)


PARTS: Mapping[str, PartsProvider] = MappingProxyType({"points": parts_from_points})
"""Providers of the eyes-and-mouth view. A face-parsing network (BiSeNet, SegFace) is not built: its weights cannot be
bundled, and a mask of its own fits in here by the same signature."""


def face_views(picture: Tensor, boxes: Tensor, points: Tensor, parts: PartsProvider = parts_from_points) -> Tensor:
    """Views (F, 3, 3, 224, 224), loose, compact, parts, of the faces in one picture (3, H, W), RGB in [0, 1]."""
    height, width = picture.shape[-2:]
    if len(boxes) == 0:
        return picture.new_zeros(0, 3, 3, SIDE, SIDE)
    compact = compact_boxes(boxes, height, width)
    loose_views = _crop_views(picture, loose_squares(boxes, height, width))
    compact_views = _crop_views(picture, compact)
    inside = points_in_view(points, compact).to(picture.dtype)
    parts_views = compact_views * parts(compact_views, inside)
    return torch.stack([loose_views, compact_views, parts_views], dim=1)


def points_in_view(points: Tensor, rectangles: Tensor) -> Tensor:
    """Points (F, 5, 2) of the picture in pixels of the 224 x 224 view that each rectangle (F, 4) becomes."""
    size = (rectangles[:, 2:] - rectangles[:, :2]).to(points.dtype)
    return (points - rectangles[:, None, :2].to(points.dtype)) * (SIDE / size)[:, None]


def _crop_views(picture: Tensor, rectangles: Tensor) -> Tensor:
    """Each rectangle (F, 4) of whole pixels resized to 224 x 224, antialiased bilinear."""
    cuts = [
        interpolate(picture[None, :, top:bottom, left:right], size=(SIDE, SIDE), mode="bilinear", antialias=True)
        for left, top, right, bottom in rectangles.tolist()
    ]
    return torch.cat(cuts)


def _visible(boxes: Tensor, height: int, width: int) -> Tensor:
    limits = boxes.new_tensor([width, height, width, height])
    return torch.minimum(boxes.clamp_min(0), limits)
