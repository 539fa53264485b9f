"""Faces as the network is trained on them: views kept as bytes on disk, the eyes-and-mouth view cut when asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from torch import Tensor

from detectors.models.face_quality.network import DIMENSIONS, SIDE
from detectors.models.face_quality.views import compact_boxes, face_views, parts_from_points, points_in_view
from detectors.models.mtcnn.cascade import Mtcnn
from domain.errors import ConfigError
from lab.training.pictures import Pixels, decode_picture
from lab.training.samples import Dataset, Sample

Labels = NDArray[np.float32]
Number = TypeVar("Number", np.uint8, np.float32)
SCALE_WORST, SCALE_BEST = 1.0, 5.0
WITHOUT_FACE = np.array([[0.3, 0.35], [0.7, 0.35], [0.5, 0.55], [0.35, 0.75], [0.65, 0.75]], np.float32)
"""Where the five points of a face usually are, in shares of its box: for a picture in which MTCNN finds none."""


@dataclass(frozen=True)
class FaceSet:
    """`views` (N, 2, 224, 224, 3): loose and compact; `points` (N, 5, 2) in the compact view; `labels` (N, 6).

    Labels are on the scale of 1 to 5 in the order of DIMENSIONS, NaN where a dimension was not rated.
    """

    views: Pixels
    points: NDArray[np.float32]
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)


def as_input(views: Pixels, points: NDArray[np.float32]) -> Tensor:
    """What the network sees, (N, 3, 3, 224, 224) in [0, 1], of views (N, 2, 224, 224, 3) and their points."""
    planes = torch.from_numpy(views).permute(0, 1, 4, 2, 3).float() / 255
    mask = parts_from_points(planes[:, 1], torch.from_numpy(points))
    return torch.cat([planes, (planes[:, 1] * mask).unsqueeze(1)], dim=1)


def mirror_views(views: Pixels, points: NDArray[np.float32]) -> tuple[Pixels, NDArray[np.float32]]:
    """Mirror views (N, SIDE, SIDE, 3) and points (N, 5, 2); left eye and corner of the mouth become the right ones."""
    turned = points[:, [1, 0, 2, 4, 3]] * np.array([-1, 1], np.float32) + np.array([SIDE, 0], np.float32)
    return views[:, :, :, ::-1], turned


def load_or_cut_faces(samples: Sequence[Sample], dataset: Dataset, mtcnn: Mtcnn, folder: Path) -> FaceSet:
    """The faces of a data set of faces, one a picture, kept in `folder`.

    As in the paper the picture itself is the loose view; MTCNN (in place of Ultra-Light-Fast) gives the compact face,
    the most central one. Ours: where it finds none, the compact face is the middle half and its points the usual ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder / "pictures.txt"
    names = "\n".join(sample.path.name for sample in samples)
    if listed.is_file() and listed.read_text(encoding="utf-8") != names:
        raise ConfigError(f"{folder} holds the faces of other pictures: choose another folder, or delete it")
    listed.write_text(names, encoding="utf-8")
    views = open_array(folder / "views.npy", (len(samples), 2, SIDE, SIDE, 3), np.uint8)
    points = open_array(folder / "points.npy", (len(samples), 5, 2), np.float32)
    done = open_array(folder / "done.npy", (len(samples),), np.uint8)
    console = Console(stderr=True)
    missing: list[int] = np.flatnonzero(done == 0).tolist()
    for index in track(missing, "faces", console=console, disable=not console.is_terminal, transient=True):
        views[index], points[index] = _cut_central_face(decode_picture(samples[index].path), mtcnn)
        done[index] = 1
    return FaceSet(views, points, opinion_labels(samples, dataset))


def cut_faces(samples: Sequence[Sample], mtcnn: Mtcnn) -> FaceSet:
    """As `load_or_cut_faces`, of a few pictures and without labels."""
    pairs = [_cut_central_face(decode_picture(sample.path), mtcnn) for sample in samples]
    unlabelled = np.full((len(pairs), len(DIMENSIONS)), np.nan, np.float32)
    return FaceSet(np.stack([views for views, _ in pairs]), np.stack([points for _, points in pairs]), unlabelled)


def opinion_labels(samples: Sequence[Sample], dataset: Dataset) -> Labels:
    """Labels (N, 6) on the scale of 1 to 5; a data set's only opinion, "mos", is the overall quality."""
    labels = np.full((len(samples), len(DIMENSIONS)), np.nan, np.float32)
    for place, dimension in enumerate(DIMENSIONS):
        name = "mos" if dimension == DIMENSIONS[-1] and "mos" in dataset.scales else str(dimension)
        if name in dataset.scales:
            scale = dataset.scales[name]
            share = (np.array([one.scores[name] for one in samples]) - scale.worst) / (scale.best - scale.worst)
            labels[:, place] = SCALE_WORST + (SCALE_BEST - SCALE_WORST) * share
    return labels


def open_array(path: Path, shape: tuple[int, ...], kind: type[Number]) -> NDArray[Number]:
    """An array in a file, made full of zeros where there is none. Raises ConfigError for one of another shape."""
    if not path.is_file():
        return np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)
    array: NDArray[Number] = np.load(path, mmap_mode="r+")
    if array.shape != shape:
        raise ConfigError(f"{path} holds {array.shape}, not {shape}: it was made for another training; delete it")
    return array


def cut_views(
    picture: Tensor, box: Tensor, points: Tensor, *, whole_is_loose: bool = False
) -> tuple[Pixels, NDArray[np.float32]]:
    """The loose and the compact view (2, 224, 224, 3) of one face in (3, H, W), and its points in the compact one."""
    height, width = picture.shape[-2:]
    views = face_views(picture, box[None], points[None])[0, :2]
    if whole_is_loose:
        views[0] = torch.nn.functional.interpolate(picture[None], (SIDE, SIDE), mode="bilinear", antialias=True)[0]
    inside = points_in_view(points[None], compact_boxes(box[None], height, width))[0]
    return (views * 255).round().byte().permute(0, 2, 3, 1).numpy(), inside.numpy()


def _cut_central_face(picture: Pixels, mtcnn: Mtcnn) -> tuple[Pixels, NDArray[np.float32]]:
    rgb = torch.from_numpy(picture).permute(2, 0, 1).float() / 255
    height, width = rgb.shape[-2:]
    faces = mtcnn.find_faces([rgb])[0]
    if len(faces):
        centres = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2
        chosen = int((centres - centres.new_tensor([width / 2, height / 2])).norm(dim=1).argmin())
        return cut_views(rgb, faces.boxes[chosen], faces.points[chosen], whole_is_loose=True)
    box = torch.tensor([0.25 * width, 0.25 * height, 0.75 * width, 0.75 * height])
    usual = box[:2] + torch.from_numpy(WITHOUT_FACE) * (box[2:] - box[:2])
    return cut_views(rgb, box, usual, whole_is_loose=True)
