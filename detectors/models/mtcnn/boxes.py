"""Boxes of candidate faces, (K, 4) left, top, right, bottom: squared, corrected, cut out, thinned."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate


def make_square(boxes: Tensor) -> Tensor:
    """Widen each box (N, 4), (x1, y1, x2, y2) in pixels, about its centre to a square of its longer side."""
    sides = boxes[:, 2:] - boxes[:, :2]
    longer = sides.amax(dim=1, keepdim=True)
    corner = boxes[:, :2] + sides * 0.5 - longer * 0.5
    return torch.cat([corner, corner + longer], dim=1)


def apply_offsets(boxes: Tensor, offsets: Tensor) -> Tensor:
    """Boxes moved by the network's offsets (K, 4) in sides of the box, both its end pixels counted (K, 4)."""
    sides = boxes[:, 2:] - boxes[:, :2] + 1
    return boxes + offsets * sides.repeat(1, 2)


def clip_to_picture(boxes: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Whole-pixel crops (K, 4) as [left, top, right, bottom) of an H x W picture, and which of them hold a pixel (K,).

    A box counts its first pixel as number 1. A box wholly outside the picture, as a correction can make it, has no
    crop; the caller drops it with everything else it knows of that candidate, so that nothing gets out of step.
    """
    edges = boxes.trunc().long()
    first = (edges[:, :2] - 1).clamp_min(0)
    last = torch.minimum(edges[:, 2:], edges.new_tensor([width, height]))
    crops = torch.cat([first, last], dim=1)
    return crops, (last > first).all(dim=1)


def cut_patches(picture: Tensor, crops: Tensor, side: int) -> Tensor:
    """Crops (K, 4) of a picture (3, H, W), each averaged over equal areas to (3, side, side); (K, 3, side, side)."""
    cut = [
        interpolate(picture[None, :, top:bottom, left:right], size=(side, side), mode="area")
        for left, top, right, bottom in crops.tolist()
    ]
    return torch.cat(cut) if cut else picture.new_zeros(0, 3, side, side)


def suppress_by_smaller_area(boxes: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """Return the indices (K,) of boxes (N, 4) to keep, best of `scores` (N,) first.

    None covers more than `threshold` of another, measured on the smaller one.

    A face found inside a larger one is the same face. Both end pixels of a box count. Of equal scores, which are
    common where they round to 1, the later box wins, as in facenet-pytorch.
    """
    order = scores.argsort(stable=True).flip(0)
    chosen = boxes[order].double()
    sides = chosen[:, 2:] - chosen[:, :2] + 1
    areas = sides.prod(dim=1)
    shared = torch.minimum(chosen[:, None, 2:], chosen[None, :, 2:]) - torch.maximum(
        chosen[:, None, :2], chosen[None, :, :2]
    )
    overlap = (shared + 1).clamp_min(0).prod(dim=2) / torch.minimum(areas[:, None], areas[None, :])
    clashes = (overlap > threshold).cpu()
    kept: list[int] = []
    for candidate in range(len(order)):
        if not any(clashes[candidate, better] for better in kept):
            kept.append(candidate)
    return order[torch.tensor(kept, dtype=torch.long, device=order.device)]


@dataclass(frozen=True, slots=True)
class Faces:
    """The faces of one picture, best first; F may be 0.

    `boxes` (F, 4) float32, left, top, right, bottom in pixels of the picture, and may reach a little beyond it;
    `scores` (F,) in [0, 1]; `points` (F, 5, 2) x and y in pixels: the two eyes, the nose, the two corners of the
    mouth, left to right as seen in the picture.
    """

    boxes: Tensor
    scores: Tensor
    points: Tensor

    def __len__(self) -> int:
        return int(self.boxes.shape[0])

    def select(self, chosen: Tensor) -> "Faces":
        """Return the faces that `chosen`, (F,) bool or indices, names."""
        return Faces(self.boxes[chosen], self.scores[chosen], self.points[chosen])
