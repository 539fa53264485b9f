"""Where the bundled weights are furthest from the labels, as pictures: faces that may be shown, made worse anew."""

from collections.abc import Iterator, Sequence

import numpy as np

from detectors.face_quality.network import DIMENSIONS, Assessor
from training.detection_quality.failures import Miss, sheet
from training.face_quality.evidence import shown
from training.face_quality.face_set import FaceSet
from training.face_quality.made import MadeFace, numbered, viewed
from training.face_quality.sources import SELFIES, FaceSource
from training.pictures import Pixels

FACES = 200
SEED = 31
"""Of no set that is trained, chosen or measured on."""


def drawn(network: Assessor, sources: Sequence[FaceSource]) -> bytes:
    """A JPEG: for each of the five dimensions the face judged furthest above its label, and under it furthest below.

    Only the face-mask pictures (CC0) may be shown: people trained on, in distortions never seen.
    """
    free = [source for source in sources if source.scene == SELFIES]
    pictures: dict[str, Pixels] = {}
    faces = [numbered(free, number, SEED, pictures) for number in range(FACES)]
    return sheet(_misses(network, faces), each_way=len(DIMENSIONS) - 1)


def _misses(network: Assessor, faces: Sequence[MadeFace]) -> Iterator[Miss]:
    views, points = zip(*map(viewed, faces), strict=True)
    labels = np.array([face.labels for face in faces])
    scores = shown(network, FaceSet(np.stack(views), np.stack(points), labels))
    for face, given, known in zip(faces, scores, labels, strict=True):
        for name, says, label in list(zip(DIMENSIONS, given, known, strict=True))[:-1]:
            yield Miss(face.picture, name, f"{name}: says {says:.1f}, label {label:.1f}", says - label)
