"""Detectability on scenes never trained on: what it predicts beside the people and vehicles YOLOX-nano really loses."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from detectors.models.detection_quality.detectability import DETECTABILITY, DetectabilityDetector
from detectors.models.pictures import Pictures
from lab.training.augment.camera_degradations import DEGRADATIONS
from lab.training.augment.video_compression import Pixels
from lab.training.datasets.people_boxes import read_penn_fudan
from lab.training.detection_quality.fitting.calibration import Numbers, expected_calibration_error
from lab.training.detection_quality.survival import count_surviving_subjects
from lab.training.detection_quality.tables.films import UNSEEN, load_footage
from lab.training.detection_quality.yolox import ObjectDetector
from lab.training.measures.correlations import plcc, srocc
from lab.training.pictures import decode_picture

UNTOUCHED = "untouched"
EVERY_S = 2.0
"""Between the pictures taken of a film."""


@dataclass(frozen=True)
class HeldoutShares:
    """Predicted shares (n,), objects found before (n,) and after (n,) a degradation, its kind and scene."""

    predicted: Numbers
    before: Numbers
    after: Numbers
    kinds: tuple[str, ...]
    scenes: tuple[str, ...]

    def only(self, chosen: Sequence[bool]) -> "HeldoutShares":
        kept = np.array(chosen, bool)
        kinds, scenes = (tuple(np.array(names)[kept].tolist()) for names in (self.kinds, self.scenes))
        return HeldoutShares(self.predicted[kept], self.before[kept], self.after[kept], kinds, scenes)

    def figures(self) -> Mapping[str, float]:
        """n, objects, mean share predicted and true, calibration error, correlations with the true share."""
        shares = self.after / self.before
        return {
            "n": len(shares),
            "objects": float(self.before.sum()),
            "predicted": float((self.predicted * self.before).sum() / self.before.sum()),
            "survived": float(self.after.sum() / self.before.sum()),
            "ece": expected_calibration_error(self.predicted, self.before, self.after),
            "srocc": srocc(self.predicted, shares),
            "plcc": plcc(self.predicted, shares),
        }


def heldout_pictures(data: Path) -> Iterator[tuple[str, Pixels]]:
    """Penn-Fudan's photographs and a picture every two seconds of the unseen films, at their own size."""
    root = data / "images" / "pennfudan", data / "annotations" / "pennfudan"
    for path, _ in read_penn_fudan(*root):
        yield "Penn-Fudan", decode_picture(path)
    for film in UNSEEN:
        shot = load_footage(film, data, halved=False)
        for picture in shot.pictures[:: max(1, round(EVERY_S * float(shot.rate)))]:
            yield film.name, picture


def predict_heldout(
    detector: DetectabilityDetector,
    finder: ObjectDetector,
    pictures: Iterator[tuple[str, Pixels]],
    *,
    each: int = 5,
    seed: int = 11,
) -> HeldoutShares:
    """Every picture untouched and with `each` degradations in turn, if a person or vehicle is surely found in it."""
    rows: list[tuple[float, int, int, str, str]] = []
    kinds = list(DEGRADATIONS)
    generator = np.random.default_rng(seed)
    for number, (scene, picture) in enumerate(pictures):
        before = finder(picture)
        if not count_surviving_subjects(before, before).before:
            continue
        turn = [kinds[(number * each + step) % len(kinds)] for step in range(each)]
        for kind in (UNTOUCHED, *turn):
            worse = picture if kind == UNTOUCHED else DEGRADATIONS[kind](picture, generator)
            kept = count_surviving_subjects(before, finder(worse))
            rows.append((_share(detector, worse), kept.before, kept.after, kind, scene))
    predicted, found, after, named, scenes = zip(*rows, strict=True)
    return HeldoutShares(np.array(predicted), np.array(found, float), np.array(after, float), named, scenes)


def _share(detector: DetectabilityDetector, picture: Pixels) -> float:
    rgb = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255
    return float(detector.score(Pictures.from_rgb(rgb))[DETECTABILITY.key].item()) / 100
