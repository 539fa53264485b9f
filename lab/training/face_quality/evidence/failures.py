"""Where the bundled weights are furthest from the labels, as pictures: faces that may be shown, made worse again."""

from collections.abc import Iterator, Sequence

import numpy as np

from detectors.models.face_quality.network import DIMENSIONS, Assessor
from lab.training.detection_quality.failures import Miss, draw_sheet
from lab.training.face_quality.evidence.heldout_eval import compute_shown_scores
from lab.training.face_quality.face_set import FaceSet
from lab.training.face_quality.synthesis.face_sources import SELFIES, FaceSource
from lab.training.face_quality.synthesis.synthetic_faces import SyntheticFace, make_numbered_face, view_face
from lab.training.pictures import Pixels

FACES = 200
SEED = 31
"""Of no set that is trained, chosen or measured on."""


def draw_failures(network: Assessor, sources: Sequence[FaceSource]) -> bytes:
    """A JPEG: for each of the five dimensions the face judged furthest above its label, and under it furthest below.

    Only the face-mask pictures (CC0) may be shown: people trained on, in distortions never seen.
    """
    free = [source for source in sources if source.scene == SELFIES]
    pictures: dict[str, Pixels] = {}
    faces = [make_numbered_face(free, number, SEED, pictures) for number in range(FACES)]
    return draw_sheet(_misses(network, faces), each_way=len(DIMENSIONS) - 1)


def _misses(network: Assessor, faces: Sequence[SyntheticFace]) -> Iterator[Miss]:
    views, points = zip(*map(view_face, faces), strict=True)
    labels = np.array([face.labels for face in faces])
    scores = compute_shown_scores(network, FaceSet(np.stack(views), np.stack(points), labels))
    for face, given, known in zip(faces, scores, labels, strict=True):
        for name, says, label in list(zip(DIMENSIONS, given, known, strict=True))[:-1]:
            yield Miss(face.picture, name, f"{name}: says {says:.1f}, label {label:.1f}", says - label)
