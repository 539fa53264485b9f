"""The three stages of MTCNN (Zhang et al. 2016, arXiv 1604.02878, section 2), from pictures of any sizes to faces.

A picture goes through alone on a CPU, where a batch gains nothing, so that its answer cannot depend on its company;
on other devices equal sizes share a batch, and everything that decides (thresholds, thinning) is per picture.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from detectors.models.mtcnn.boxes import (
    Faces,
    apply_offsets,
    clip_to_picture,
    cut_patches,
    make_square,
    suppress_by_smaller_area,
)
from detectors.models.mtcnn.networks import ONet, PNet, RNet
from detectors.models.runtime import FeatureExtractor, use_pytorch_only

SMALLEST_FACE_PX = 20.0
SCALE_STEP = 0.709
"""Each picture of the pyramid has half the area of the one before."""
THRESHOLDS = (0.6, 0.7, 0.7)
WITHIN_SCALE_IOU, ACROSS_SCALES_IOU, LAST_SHARE = 0.5, 0.7, 0.7
CELL, STRIDE = 12, 2
PATCHES_AT_ONCE = 512
PICTURES_AT_ONCE = 16


class Mtcnn(nn.Module):
    """PNet proposes, RNet refines, ONet decides and finds the points; thresholds are the authors'."""

    def __init__(self, smallest_face_px: float = SMALLEST_FACE_PX) -> None:
        super().__init__()
        if smallest_face_px < CELL:
            raise ValueError(f"MTCNN sees no face under {CELL} px: smallest_face_px is {smallest_face_px:g}")
        self.smallest_face_px = smallest_face_px
        self.search_key = ""
        """Equal where two networks find the same faces, "" where that is not known."""
        self._pnet_runtime: FeatureExtractor | None = None
        self.pnet = PNet()
        self.rnet = RNet()
        self.onet = ONet()

    @torch.inference_mode()
    def find_faces(self, pictures: Sequence[Tensor] | Tensor) -> list[Faces]:
        """Return the faces of each picture, in order.

        Pictures are (3, H, W) RGB in [0, 1] of any sizes, or (N, 3, H, W).

        A picture without a face, or too small to hold one, has none; it disturbs no other.
        """
        at_once = 1 if next(self.parameters()).device.type == "cpu" else PICTURES_AT_ONCE
        found: dict[int, Faces] = {}
        for members in _group_by_size(pictures, at_once):
            levels = torch.stack([pictures[index] for index in members]).float() * 255
            found |= dict(zip(members, self._search(levels), strict=True))
        return [found[index] for index in range(len(pictures))]

    def forward(self, picture: Tensor, patches24: Tensor, patches48: Tensor) -> tuple[Tensor, Tensor]:
        """Every layer once, to count what it costs: PNet over the pyramid of (N, 3, H, W), RNet and ONet on patches.

        Returns the face probabilities of (K, 3, 24, 24) and (L, 3, 48, 48), levels of 255 all.
        """
        with use_pytorch_only():
            self._propose(picture)
        return self.rnet(_normalise_levels(patches24))[0], self.onet(_normalise_levels(patches48))[0]

    def _search(self, pictures: Tensor) -> list[Faces]:
        """Faces of (N, 3, H, W) RGB in levels of 255."""
        proposals = self._propose(pictures)
        return [
            self._decide(picture, self._refine(picture, boxes))
            for picture, boxes in zip(pictures, proposals, strict=True)
        ]

    def _propose(self, pictures: Tensor) -> list[Tensor]:
        """First stage: per picture squared boxes (K, 4), thinned within each scale and across them."""
        height, width = pictures.shape[-2:]
        per_picture: list[list[Tensor]] = [[] for _ in pictures]
        for scale in pyramid_scales(height, width, self.smallest_face_px):
            size = (int(height * scale + 1), int(width * scale + 1))
            probability, offsets = self._look_everywhere(
                _normalise_levels(interpolate(pictures, size=size, mode="area"))
            )
            for rows, likely, moves in zip(per_picture, probability, offsets, strict=True):
                rows.append(_candidates(likely, moves, scale))
        return [_merge_scales(rows) if rows else pictures.new_zeros(0, 4) for rows in per_picture]

    def _look_everywhere(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """PNet's answers by the quickest runtime there is: most of MTCNN's time, and the same boxes."""
        if self._pnet_runtime is None:
            self._pnet_runtime = FeatureExtractor(_flat_proposals, self.pnet, torch.float32)
        rows, columns = (proposal_cells(side) for side in pictures.shape[-2:])
        answers = self._pnet_runtime(pictures).view(len(pictures), 5, rows, columns)
        return answers[:, 0], answers[:, 1:]

    def _refine(self, picture: Tensor, boxes: Tensor) -> Tensor:
        """Second stage: boxes (K, 4) of one picture that RNet holds for faces, thinned, corrected and squared."""
        crops, real = clip_to_picture(boxes, picture.shape[-2], picture.shape[-1])
        boxes, crops = boxes[real], crops[real]
        likely, offsets = _run_in_portions(self.rnet, cut_patches(picture, crops, 24))
        passed = likely > THRESHOLDS[1]
        boxes, likely, offsets = boxes[passed], likely[passed], offsets[passed]
        kept = _suppress_overlaps(boxes, likely, ACROSS_SCALES_IOU)
        return make_square(apply_offsets(boxes[kept], offsets[kept]))

    def _decide(self, picture: Tensor, boxes: Tensor) -> Faces:
        """Third stage: faces of one picture among boxes (K, 4)."""
        crops, real = clip_to_picture(boxes, picture.shape[-2], picture.shape[-1])
        boxes, crops = boxes[real], crops[real]
        likely, offsets, relative = _run_in_portions(self.onet, cut_patches(picture, crops, 48))
        passed = likely > THRESHOLDS[2]
        boxes, likely, offsets, relative = boxes[passed], likely[passed], offsets[passed], relative[passed]
        sides = boxes[:, None, 2:] - boxes[:, None, :2] + 1
        points = relative.view(-1, 2, 5).transpose(1, 2) * sides + boxes[:, None, :2] - 1
        boxes = apply_offsets(boxes, offsets)
        return Faces(boxes, likely, points).select(suppress_by_smaller_area(boxes, likely, LAST_SHARE))


def pyramid_scales(height: int, width: int, smallest_face_px: float) -> list[float]:
    """The pyramid's factors: the smallest face becomes 12 px, then steps of 0.709 while the picture holds a cell."""
    factor = CELL / smallest_face_px
    shorter = min(height, width) * factor
    found = []
    while shorter >= CELL:
        found.append(factor)
        factor *= SCALE_STEP
        shorter *= SCALE_STEP
    return found


def proposal_cells(side: int) -> int:
    """Rows or columns of PNet's answer for so many of a picture: 3 x 3, pooling by 2 rounded up, 3 x 3 twice."""
    return -(-(side - 2) // STRIDE) - 4


def _flat_proposals(pnet: nn.Module, pictures: Tensor) -> Tensor:
    """Probability and the four offsets of every cell, (N, 5 * cells)."""
    probability, offsets = pnet(pictures)
    return torch.cat([probability.flatten(1), offsets.flatten(1)], dim=1)


def _candidates(likely: Tensor, offsets: Tensor, scale: float) -> Tensor:
    """Cells of one picture at one scale that may be faces: (K, 9) box, probability, offsets; thinned."""
    places = (likely >= THRESHOLDS[0]).nonzero()
    chosen = likely[places[:, 0], places[:, 1]]
    moves = offsets[:, places[:, 0], places[:, 1]].T
    corner = places.flip(1).float() * STRIDE
    boxes = torch.cat([((corner + 1) / scale).floor(), ((corner + CELL) / scale).floor()], dim=1)
    rows = torch.cat([boxes, chosen[:, None], moves], dim=1)
    return rows[_suppress_overlaps(boxes, chosen, WITHIN_SCALE_IOU)]


def _merge_scales(rows: list[Tensor]) -> Tensor:
    """All scales of one picture thinned together; each box moved by its offsets in box sides and squared, (K, 4)."""
    every = torch.cat(rows)
    kept = every[_suppress_overlaps(every[:, :4], every[:, 4], ACROSS_SCALES_IOU)]
    boxes, offsets = kept[:, :4], kept[:, 5:]
    return make_square(boxes + offsets * (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2))


def _suppress_overlaps(boxes: Tensor, scores: Tensor, iou: float) -> Tensor:
    """Indices of boxes kept, best first: none overlaps a better one by more than `iou`."""
    from torchvision.ops import nms  # noqa: PLC0415 - takes a second, which no other command should wait

    kept: Tensor = nms(boxes, scores, iou)
    return kept


def _run_in_portions(network: nn.Module, cut: Tensor) -> tuple[Tensor, ...]:
    """The network's answers for patches (K, 3, S, S) in levels of 255, a bounded number at a time; K may be 0.

    Channels last in memory, because PyTorch's pooling is several times as fast so.
    """
    ready = _normalise_levels(cut).contiguous(memory_format=torch.channels_last)
    portions = [network(portion) for portion in torch.split(ready, PATCHES_AT_ONCE)]
    return tuple(torch.cat(parts) for parts in zip(*portions, strict=True))


def _normalise_levels(levels: Tensor) -> Tensor:
    """Levels of 255 as the networks were trained: (x - 127.5) / 128."""
    return (levels - 127.5) / 128


def _group_by_size(pictures: Sequence[Tensor] | Tensor, at_once: int) -> list[list[int]]:
    """Indices of pictures that may share a batch: of one size, at most `at_once`."""
    by_size: dict[tuple[int, ...], list[int]] = {}
    for index, picture in enumerate(pictures):
        by_size.setdefault(tuple(picture.shape), []).append(index)
    return [
        members[start : start + at_once] for members in by_size.values() for start in range(0, len(members), at_once)
    ]
