"""How many faces a picture shows, and how sure MTCNN is of them: counts and confidences, never who it is."""

from collections.abc import Mapping
from math import inf
from pathlib import Path

import torch
from torch import Tensor

from detectors.models.mtcnn.boxes import Faces
from detectors.models.mtcnn.cascade import Mtcnn
from detectors.models.mtcnn.shared_search import find_shared_faces
from detectors.models.mtcnn.weights import MODEL, from_weights, locate_weights
from detectors.models.pictures import Pictures
from domain.metrics import Direction, MetricSpec

SMALLEST_FACE_PX = 40.0
"""A face is about 0.16 m wide, and EN 62676-4 asks for 250 pixels a metre to identify someone: 40 px. Saves a third."""

FACE_COUNT = MetricSpec("face_count", "faces", "faces", 0, inf, Direction.NEITHER, "MTCNN, faces of 40 px and more")
FACE_BEST = MetricSpec(
    "face_confidence_best", "surest face", "share", 0, 1, Direction.HIGHER_IS_BETTER, "MTCNN, best of the faces found"
)
FACE_MEAN = MetricSpec(
    "face_confidence_mean", "faces' mean sureness", "share", 0, 1, Direction.HIGHER_IS_BETTER, "MTCNN, faces found"
)


class MtcnnDetector:
    """Counts faces at native size. Faces whose centre is masked do not count."""

    name = MODEL
    metrics = (FACE_COUNT, FACE_BEST, FACE_MEAN)

    def __init__(self, network: Mtcnn, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._network = network

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the metrics (N,); NaN in a picture too small to hold a face, and confidences of no face at all."""
        rgb = pictures.rgb
        if min(rgb.shape[-2:]) < self._network.smallest_face_px:
            nothing = rgb.new_full((len(pictures),), float("nan"))
            return {spec.key: nothing for spec in self.metrics}
        searched = find_shared_faces(self._network, pictures)
        found = [drop_masked(faces, pictures.visible, row) for row, faces in enumerate(searched)]
        nan = rgb.new_tensor(float("nan"))
        return {
            FACE_COUNT.key: rgb.new_tensor([float(len(faces)) for faces in found]),
            FACE_BEST.key: torch.stack([faces.scores.max() if len(faces) else nan for faces in found]),
            FACE_MEAN.key: torch.stack([faces.scores.mean() if len(faces) else nan for faces in found]),
        }


def drop_masked(faces: Faces, visible: Tensor | None, row: int) -> Faces:
    """The faces whose centre the operator did not mask in picture `row` of `visible` (N, 1, H, W)."""
    if visible is None or not len(faces):
        return faces
    centres = ((faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2).long()
    across = centres[:, 0].clamp(0, visible.shape[-1] - 1)
    down = centres[:, 1].clamp(0, visible.shape[-2] - 1)
    return faces.select(visible[row, 0, down, across])


def load_mtcnn_detector(explicit: Path | None = None, downloads: Path | None = None) -> MtcnnDetector:
    """The detector with the weights that can be found; raises WeightsUnavailable without."""
    file = locate_weights(explicit=explicit, downloads=downloads)
    return MtcnnDetector(from_weights(file, smallest_face_px=SMALLEST_FACE_PX), file.fingerprint)
