"""How good the faces in a picture are: six dimensions of each face large enough, their median and their best."""

from collections.abc import Collection, Mapping
from functools import partial
from math import inf
from pathlib import Path

import torch
from torch import Tensor

from detectors.models import weights
from detectors.models.face_quality.network import DIMENSIONS, VIEWS, Assessor, Dimension, regress_overall
from detectors.models.face_quality.ultra_light import NAME, SHA256, load_ultra_light
from detectors.models.face_quality.views import (
    SMALLEST_FACE,
    PartsProvider,
    face_views,
    is_within_range,
    parts_from_points,
)
from detectors.models.face_quality.weights import load_assessor
from detectors.models.mtcnn import weights as mtcnn_weights
from detectors.models.mtcnn.boxes import Faces
from detectors.models.mtcnn.detector import drop_masked
from detectors.models.mtcnn.shared_search import FaceFinder, find_shared_faces
from detectors.models.pictures import Pictures
from detectors.models.weights import WeightsFile
from domain.metrics import Direction, MetricSpec

MODELS = ("sfiqa_s", "sfiqa_xs", "sfiqa_xxs", "sfiqa_mobilenet")
WORST, BEST = 1.0, 5.0
FACES_AT_ONCE = 8
SMALLEST_SEARCHED_PX = 40.0
SOURCE = "Jiang et al. 2026 (SFIQA-Assessor), faces of at least 96 x 96 turned at most 60 degrees"

LABELS: Mapping[Dimension, str] = {
    Dimension.NOISE: "freedom from noise",
    Dimension.SHARPNESS: "sharpness",
    Dimension.COLOURFULNESS: "colour",
    Dimension.CONTRAST: "contrast",
    Dimension.FIDELITY: "fidelity",
    Dimension.OVERALL: "overall quality",
}


def _rating(dimension: Dimension, which: str, label: str) -> MetricSpec:
    return MetricSpec(
        key=f"face_{dimension}_{which}",
        label=f"faces' {LABELS[dimension]}, {label}",
        unit="1-5, opinion",
        low=WORST,
        high=BEST,
        direction=Direction.HIGHER_IS_BETTER,
        source=SOURCE,
    )


MEDIANS = tuple(_rating(dimension, "median", "median") for dimension in DIMENSIONS)
BESTS = tuple(_rating(dimension, "best", "best face") for dimension in DIMENSIONS)
FACES_JUDGED = MetricSpec("faces_judged", "faces judged", "faces", 0, inf, Direction.NEITHER, SOURCE)
OUT_OF_RANGE = MetricSpec(
    "faces_out_of_range", "faces outside the model's range", "faces", 0, inf, Direction.NEITHER, SOURCE
)


class FaceQualityDetector:
    """SFIQA-Assessor as a detector. Neither crops nor features of a face leave it, only the numbers of a picture.

    A face is judged alone, so its scores depend on no other face, picture or batch. Ratings are NaN in a picture
    without a face in the model's range; the counts say whether there was one outside it. Overall quality is the
    network's own answer, or the paper's regression on the other five where the weights were trained on that.
    """

    metrics = (*MEDIANS, *BESTS, FACES_JUDGED, OUT_OF_RANGE)

    def __init__(
        self,
        network: Assessor,
        finder: FaceFinder,
        fingerprint: str,
        *,
        name: str = MODELS[0],
        rated: int = len(DIMENSIONS),
        withheld: Collection[Dimension] = (),
        regressed: bool = False,
        parts: PartsProvider = parts_from_points,
    ) -> None:
        """`rated` dimensions were trained, counted from the last; the others and those `withheld` are never shown.
        `regressed`: overall quality is Eq. 1 on the other five.
        """
        self.name = name
        self.fingerprint = fingerprint
        self._network = network.eval()
        self._network.fuse_early()
        self._finder = finder
        self._rated = rated
        self._regressed = regressed
        self._hidden = [DIMENSIONS.index(name) for name in withheld]
        self._parts = parts

    @torch.inference_mode()
    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the metrics (N,) float32: medians and best of the faces' ratings, 1 to 5, and two counts."""
        rgb = pictures.rgb
        self._network.to(rgb.device)
        found = find_shared_faces(self._finder, pictures)
        rows = [self._picture(rgb[row], drop_masked(faces, pictures.visible, row)) for row, faces in enumerate(found)]
        columns = torch.stack(rows).unbind(1)
        return {spec.key: column for spec, column in zip(self.metrics, columns, strict=True)}

    @torch.inference_mode()
    def rate(self, picture: Tensor, faces: Faces, *, smallest_px: float = SMALLEST_FACE) -> Tensor:
        """Scores (F, 6) in the order of DIMENSIONS, 1 to 5, of the faces in one picture (3, H, W).

        NaN for a face outside the model's range, and for a dimension the weights were not trained for. A smaller
        `smallest_px` is for research only.
        """
        scores = picture.new_full((len(faces), len(DIMENSIONS)), float("nan"))
        height, width = picture.shape[-2:]
        judged = is_within_range(faces.boxes, faces.points, height, width, smallest_px=smallest_px)
        inside = judged.nonzero().squeeze(1)
        chosen = [VIEWS.index(view) for view in self._network.variant.views]
        for some in torch.split(inside, FACES_AT_ONCE) if len(inside) else ():
            views = face_views(picture, faces.boxes[some], faces.points[some], self._parts)[:, chosen]
            rated = self._network(views).float()
            if self._regressed:
                rated[:, -1] = regress_overall(rated.clamp(WORST, BEST))
            scores[some] = rated.clamp(WORST, BEST)
        scores[:, : len(DIMENSIONS) - self._rated] = float("nan")
        scores[:, self._hidden] = float("nan")
        return scores

    def _picture(self, picture: Tensor, faces: Faces) -> Tensor:
        """The metrics of one picture, in their order."""
        scores = self.rate(picture, faces)
        judged = scores[~scores[:, -1].isnan()]
        counts = picture.new_tensor([float(len(judged)), float(len(faces) - len(judged))])
        if not len(judged):
            return torch.cat([picture.new_full((2 * len(DIMENSIONS),), float("nan")), counts])
        return torch.cat([judged.quantile(0.5, dim=0), judged.amax(dim=0), counts])


def load_face_quality(
    name: str, explicit: Path | None = None, downloads: Path | None = None, *, face_detector: Path | None = None
) -> FaceQualityDetector:
    """The model of that name with the operator's, the bundled or the downloaded weights.

    `face_detector` is the ONNX file of the paper's own face detector, in place of MTCNN.

    Raises WeightsUnavailable where it, or MTCNN, has none.
    """
    file = weights.locate_weights(name, explicit=explicit, downloads=downloads)
    return from_weights(file, face_detector=face_detector)


def from_weights(file: WeightsFile, *, face_detector: Path | None = None) -> FaceQualityDetector:
    """The detector that a weights file describes, with MTCNN's own weights beside it."""
    stored = load_assessor(file.path)
    mtcnn = mtcnn_weights.locate_weights()
    finder: FaceFinder = mtcnn_weights.from_weights(mtcnn, smallest_face_px=SMALLEST_SEARCHED_PX)
    fingerprint = f"{file.fingerprint}+{mtcnn.fingerprint}"
    if face_detector is not None:
        finder = load_ultra_light(face_detector, mtcnn_weights.from_weights(mtcnn))
        fingerprint += f"+{NAME}@{SHA256[:12]}"
    return FaceQualityDetector(
        stored.network,
        finder,
        fingerprint,
        name=file.model,
        rated=stored.rated,
        withheld=stored.withheld,
        regressed=stored.regressed,
    )


FACE_QUALITY = {name: partial(load_face_quality, name) for name in MODELS}
"""Every size by its name: the three of the paper, and the one trained here."""
