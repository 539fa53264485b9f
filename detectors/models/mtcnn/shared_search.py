"""A picture's faces are searched once: who counts them and who rates them take what MTCNN found from the pictures."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from detectors.models.mtcnn.boxes import Faces
from detectors.models.mtcnn.cascade import Mtcnn
from detectors.models.pictures import Pictures


class FaceFinder(Protocol):
    """Finds the faces of pictures, each picture alone."""

    def find_faces(self, pictures: Sequence[Tensor] | Tensor) -> list[Faces]:
        """The faces of each picture (3, H, W), RGB in [0, 1]."""
        ...


def find_shared_faces(finder: FaceFinder, pictures: Pictures) -> list[Faces]:
    """Return the faces of each picture: what an equal finder found in these pictures before, where one did.

    Two finders are equal where both are MTCNN with the same weights and smallest face (`Mtcnn.search_key`).
    """
    if isinstance(finder, nn.Module):
        finder.to(pictures.luma.device)
    key = finder.search_key if isinstance(finder, Mtcnn) else ""
    if not key:
        return finder.find_faces(pictures.rgb)
    table = pictures.derive(f"faces {key}", lambda: _as_table(finder.find_faces(pictures.rgb), pictures.luma))
    return [_read_row(row) for row in table]


def _as_table(found: Sequence[Faces], like: Tensor) -> Tensor:
    """Faces as (N, K, 15): box, score and five points of each, NaN where a picture has fewer than K."""
    table = like.new_full((len(found), max(map(len, found), default=0), 15), float("nan"))
    for row, faces in zip(table, found, strict=True):
        row[: len(faces)] = torch.cat([faces.boxes, faces.scores[:, None], faces.points.flatten(1)], dim=1)
    return table


def _read_row(row: Tensor) -> Faces:
    faces = row[~row[:, 4].isnan()]
    return Faces(faces[:, :4], faces[:, 4], faces[:, 5:].reshape(-1, 5, 2))
