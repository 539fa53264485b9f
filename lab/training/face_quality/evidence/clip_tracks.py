"""Real faces of clips, judged by the assessor and by MTCNN: does the one's order agree with the other's?

A face that stays for many frames is one face, not many: detections are linked into tracks, and each track counts once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import box_iou

from detectors.models.face_quality.detector import FaceQualityDetector
from detectors.models.mtcnn.cascade import Mtcnn
from lab.training.augment.video_compression import read_clip
from lab.training.measures.correlations import bootstrap_interval, srocc
from lab.training.pictures import Pixels
from lab.training.samples import Values

SAME_FACE_IOU = 0.3
LONGEST_GAP = 2
"""Looked-at frames in which a face may be missed."""
FEWEST, FEWEST_IN_TRACK = 10, 5


@dataclass
class FaceTrack:
    """One face through a clip: the looked-at frames, its box in the last, and what both judges said in each."""

    frames: list[int] = field(default_factory=list)
    box: Tensor = field(default_factory=lambda: torch.zeros(4))
    overall: list[float] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)

    def add(self, frame: int, box: Tensor, overall: float, confidence: float) -> None:
        self.frames.append(frame)
        self.box = box
        self.overall.append(overall)
        self.confidence.append(confidence)


@dataclass(frozen=True, slots=True)
class ConfidenceOrder:
    """How far the overall score orders real faces as MTCNN's confidence does; Spearman, 95 % bootstrap intervals.

    `srocc` is over `tracks` faces, each in the middle frame of its track; `within` is the mean, over the `long_tracks`
    of five frames or more, of the Spearman over a track's own frames: does one face, as it moves, get better and worse
    with it? None of fewer than ten faces, or of no long track.
    """

    clip: str
    smallest_px: float
    detections: int
    tracks: int
    srocc: float | None
    interval: tuple[float, float] | None
    long_tracks: int
    within: float | None
    within_interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class FrameFaces:
    """The faces of one looked-at frame, F of them: boxes (F, 4), both judgements, and the smaller side in pixels."""

    boxes: Tensor
    overall: Tensor
    confidence: Tensor
    side_px: Tensor

    def at_least(self, side_px: float) -> "FrameFaces":
        """The faces of at least that size."""
        kept = self.side_px >= side_px
        return FrameFaces(self.boxes[kept], self.overall[kept], self.confidence[kept], self.side_px[kept])


def compare_with_mtcnn(
    detector: FaceQualityDetector,
    finder: Mtcnn,
    clips: Sequence[Path],
    *,
    frames: int,
    every: int,
    smallest_px: Sequence[float],
) -> list[ConfidenceOrder]:
    """Every `every`th frame's faces, judged by both, reported for those of each size or more: clip by clip, then all.

    Under 96 pixels a face is outside the model's range: such a figure says what the score would do there, no more.
    """
    found: list[ConfidenceOrder] = []
    together: dict[float, list[FaceTrack]] = {side_px: [] for side_px in smallest_px}
    for path in clips:
        pictures, _ = read_clip(path, halved=False, count=frames)
        judged_at = [_rate_faces(detector, finder, picture, min(smallest_px)) for picture in pictures[::every]]
        for side_px, known in together.items():
            tracks = track_faces([faces.at_least(side_px) for faces in judged_at])
            found.append(compare_orders(tracks, path.name, side_px))
            known.extend(tracks)
    return found + [compare_orders(tracks, "all", side_px) for side_px, tracks in together.items()]


def track_faces(judged_at: Sequence[FrameFaces]) -> list[FaceTrack]:
    """The tracks of one clip's looked-at frames."""
    tracks: list[FaceTrack] = []
    for number, faces in enumerate(judged_at):
        link_faces(tracks, number, faces.boxes, faces.overall.tolist(), faces.confidence.tolist())
    return tracks


def _rate_faces(detector: FaceQualityDetector, finder: Mtcnn, picture: Pixels, smallest_px: float) -> FrameFaces:
    rgb = torch.from_numpy(picture).permute(2, 0, 1).float() / 255
    faces = finder.find_faces([rgb])[0]
    overall = detector.rate(rgb, faces, smallest_px=smallest_px)[:, -1]
    left, top, right, bottom = faces.boxes.clamp_min(0).unbind(1)
    width = right.clamp_max(picture.shape[1]) - left
    height = bottom.clamp_max(picture.shape[0]) - top
    rated = ~overall.isnan()
    return FrameFaces(faces.boxes[rated], overall[rated], faces.scores[rated], torch.minimum(width, height)[rated])


def link_faces(
    tracks: list[FaceTrack], frame: int, boxes: Tensor, overall: Sequence[float], confidences: Sequence[float]
) -> None:
    """Add the faces of a frame, boxes (F, 4), to the tracks they overlap most, or begin new ones."""
    open_ones = [track for track in tracks if frame - track.frames[-1] <= LONGEST_GAP + 1]
    overlaps = box_iou(boxes, torch.stack([track.box for track in open_ones])) if open_ones and len(boxes) else None
    taken: set[int] = set()
    for face, box in enumerate(boxes):
        free = [] if overlaps is None else [place for place in range(len(open_ones)) if place not in taken]
        best = max(free, key=lambda place: float(overlaps[face, place]), default=None)  # type: ignore[index]
        if best is None or overlaps is None or overlaps[face, best] < SAME_FACE_IOU:
            tracks.append(FaceTrack())
            tracks[-1].add(frame, box, overall[face], confidences[face])
        else:
            taken.add(best)
            open_ones[best].add(frame, box, overall[face], confidences[face])


def compare_orders(tracks: Sequence[FaceTrack], name: str, smallest_px: float) -> ConfidenceOrder:
    """The order between tracks and within them."""
    middles = [len(track.frames) // 2 for track in tracks]
    overall = np.array([track.overall[place] for track, place in zip(tracks, middles, strict=True)])
    confidences = np.array([track.confidence[place] for track, place in zip(tracks, middles, strict=True)])
    enough = len(tracks) >= FEWEST
    within = _within(tracks)
    return ConfidenceOrder(
        clip=name,
        smallest_px=smallest_px,
        detections=sum(len(track.frames) for track in tracks),
        tracks=len(tracks),
        srocc=srocc(overall, confidences) if enough else None,
        interval=bootstrap_interval(srocc, overall, confidences) if enough else None,
        long_tracks=len(within),
        within=float(within.mean()) if len(within) else None,
        within_interval=bootstrap_interval(_mean, within, within) if len(within) else None,
    )


def _within(tracks: Sequence[FaceTrack]) -> Values:
    """The Spearman of each long track's frames."""
    orders = [
        srocc(np.array(track.overall), np.array(track.confidence))
        for track in tracks
        if len(track.frames) >= FEWEST_IN_TRACK
    ]
    return np.array([order for order in orders if np.isfinite(order)])


def _mean(values: Values, _same: Values) -> float:
    return float(values.mean())
