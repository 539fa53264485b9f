"""What the bundled weights are held against: held-out people, and ladders of one distortion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from detectors.models.face_quality.network import DIMENSIONS, Assessor, Dimension, regress_overall
from lab.training.augment.degradation_ladders import HOLDS, spearman
from lab.training.augment.face_distortions import Distortion
from lab.training.face_quality.face_set import FaceSet
from lab.training.face_quality.synthesis.distortion_labels import HARM
from lab.training.face_quality.synthesis.face_sources import FaceSource
from lab.training.face_quality.synthesis.synthetic_faces import make_face, view_face
from lab.training.face_quality.trainer import predict_faces
from lab.training.measures.agreement import measure_agreement
from lab.training.pictures import decode_picture
from lab.training.samples import Values

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
LADDER_SEED = 23


@dataclass(frozen=True, slots=True)
class DistortionLadder:
    """One distortion on `n` faces: what the dimension it harms most, and the overall score, do as strength grows.

    `holds` is the share of faces whose score falls at Spearman <= -0.9; `scores` the mean at each strength.
    """

    dimension: Dimension
    n: int
    holds: float
    mean_spearman: float
    scores: tuple[float, ...]
    overall_holds: float
    overall_scores: tuple[float, ...]


def compute_shown_scores(network: Assessor, faces: FaceSet) -> Values:
    """The scores (N, 6) that the detector would show: within 1 to 5, the overall by the paper's regression."""
    scores = predict_faces(network, faces).clip(1, 5)
    scores[:, -1] = regress_overall(torch.from_numpy(scores)).numpy()
    return scores


def measure_heldout(network: Assessor, faces: FaceSet) -> dict[str, Mapping[str, object]]:
    """Agreement with the labels of faces of people never trained on, by dimension."""
    scores, labels = compute_shown_scores(network, faces), np.asarray(faces.labels, np.float64)
    return {str(name): measure_agreement(scores[:, at], labels[:, at]).as_json() for at, name in enumerate(DIMENSIONS)}


def measure_ladders(network: Assessor, sources: Sequence[FaceSource]) -> dict[str, DistortionLadder]:
    """Every distortion alone at five strengths on every source, all else the same."""
    return {str(distortion): _ladder(network, sources, distortion) for distortion in Distortion}


def _ladder(network: Assessor, sources: Sequence[FaceSource], distortion: Distortion) -> DistortionLadder:
    harmed = max(HARM[distortion], key=lambda name: HARM[distortion][name])
    scores = np.array([compute_shown_scores(network, _rungs(source, distortion)) for source in sources])
    falling, overall = scores[:, :, DIMENSIONS.index(harmed)], scores[:, :, -1]
    return DistortionLadder(
        dimension=harmed,
        n=len(sources),
        holds=float((spearman(falling) <= HOLDS).mean()),
        mean_spearman=float(spearman(falling).mean()),
        scores=_means(falling),
        overall_holds=float((spearman(overall) <= HOLDS).mean()),
        overall_scores=_means(overall),
    )


def _rungs(source: FaceSource, distortion: Distortion) -> FaceSet:
    """The untouched face and the face at each strength; size, direction and grain are the same on every rung."""
    picture = decode_picture(Path(source.path))
    faces = [
        make_face(source, picture, {distortion: strength} if rung else {}, np.random.default_rng(LADDER_SEED))
        for rung, strength in enumerate(STRENGTHS)
    ]
    seen = [view_face(face) for face in faces]
    labels = np.array([face.labels for face in faces])
    return FaceSet(np.stack([views for views, _ in seen]), np.stack([points for _, points in seen]), labels)


def _means(scores: Values) -> tuple[float, ...]:
    return tuple(round(float(score), 2) for score in scores.mean(axis=0))
