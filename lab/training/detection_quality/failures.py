"""Where detectability and the regressor are furthest off, as pictures: frames of the two CC BY films, made worse."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from detectors.models.detection_quality.dct_metric import dct_losses
from detectors.models.detection_quality.detectability import DETECTABILITY, load_detectability
from detectors.models.detection_quality.detector import DETECTION_LOSS, load_detection_quality
from detectors.models.detection_quality.first_convolution import load_first_convolution
from detectors.models.pictures import Detector, Pictures
from lab.training.augment.camera_degradations import DEGRADATIONS
from lab.training.augment.video_compression import CRFS, EncoderSetting, Pixels, compress_frames
from lab.training.detection_quality.recipe import REGRESSED_READING
from lab.training.detection_quality.survival import count_surviving_subjects
from lab.training.detection_quality.tables.films import FURTHER, Footage, load_footage
from lab.training.detection_quality.yolox import ObjectDetector

LONGEST = 720
"""Pictures of each film that are looked at."""
EVERY = 36
RUN = 6
"""Neighbouring pictures that are coded together; the last is judged."""
EACH_WAY = 3
WIDTH = 288
TEXT_HEIGHT = 22
JPEG_QUALITY = 75
SEED = 5


@dataclass(frozen=True)
class Miss:
    """A picture (H, W, 3), what was done to it, in words what is said of it, and how far the prediction lies above (or,
    negative, below) the truth."""

    picture: Pixels
    kind: str
    text: str
    excess: float


def survival_misses(shots: Iterable[Footage], finder: ObjectDetector, detector: Detector) -> Iterator[Miss]:
    """Every degradation of some frames: the share of people and vehicles claimed beside what survived."""
    generator = np.random.default_rng(SEED)
    for shot in shots:
        for picture in shot.pictures[::EVERY]:
            before = finder(picture)
            if not count_surviving_subjects(before, before).before:
                continue
            for name, degrade in DEGRADATIONS.items():
                worse = degrade(picture, generator)
                kept = count_surviving_subjects(before, finder(worse))
                claimed = _score(detector, DETECTABILITY.key, worse)
                text = f"{name}: says {claimed:.0f}, {kept.after} of {kept.before} found"
                yield Miss(worse, name, text, claimed - 100 * kept.share)


def loss_misses(shots: Iterable[Footage], detector: Detector) -> Iterator[Miss]:
    """Some frames at five CRFs: the metric predicted beside the metric measured, in the reading that was learned."""
    convolution = load_first_convolution()
    for shot in shots:
        for last in range(RUN - 1, len(shot.pictures), EVERY):
            neighbours = shot.pictures[last - RUN + 1 : last + 1]
            for crf in CRFS:
                worse = compress_frames(neighbours, EncoderSetting(crf, None), shot.rate)[-1]
                truth = dct_losses(_rgb(neighbours[-1]), _rgb(worse), convolution, (REGRESSED_READING,))[
                    REGRESSED_READING
                ].item()
                predicted = _score(detector, DETECTION_LOSS.key, worse)
                text = f"CRF {crf}: says {predicted:.2f}, measured {truth:.2f}"
                yield Miss(worse, f"{shot.film.name} {crf}", text, predicted - truth)


def draw_sheet(misses: Iterable[Miss], *, each_way: int = EACH_WAY) -> bytes:
    """A JPEG of two rows: kinds of pictures furthest above the truth, then those furthest below, each at its worst."""
    ordered = sorted(misses, key=lambda miss: miss.excess)
    above = {miss.kind: miss for miss in ordered}
    below = {miss.kind: miss for miss in ordered[::-1]}
    highest = sorted(above.values(), key=lambda miss: -miss.excess)[:each_way]
    lowest = sorted(below.values(), key=lambda miss: miss.excess)[:each_way]
    rows = [_row(highest), _row(lowest)]
    _, packet = cv2.imencode(".jpg", np.concatenate(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return packet.tobytes()


def draw_failures(data: Path, finder: ObjectDetector) -> dict[str, bytes]:
    """Both models' sheets by file name. Raises ConfigError where a film is missing."""
    return {
        "detectability-failures.jpg": draw_sheet(
            survival_misses(_shots(data, halved=False), finder, load_detectability())
        ),
        "detection-quality-failures.jpg": draw_sheet(loss_misses(_shots(data, halved=True), load_detection_quality())),
    }


def _shots(data: Path, *, halved: bool) -> Iterator[Footage]:
    return (load_footage(film, data, halved=halved, longest=LONGEST) for film in FURTHER)


def _row(misses: Sequence[Miss]) -> Pixels:
    tiles = [_tile(miss) for miss in misses]
    height = max(tile.shape[0] for tile in tiles)
    return np.concatenate([np.pad(tile, ((0, height - len(tile)), (2, 2), (0, 0))) for tile in tiles], axis=1)


def _tile(miss: Miss) -> Pixels:
    height, width = miss.picture.shape[:2]
    small = cv2.resize(miss.picture, (WIDTH, round(height * WIDTH / width)), interpolation=cv2.INTER_AREA)
    tile = np.pad(small, ((0, TEXT_HEIGHT), (0, 0), (0, 0)))
    at, white = (4, len(tile) - 7), (255, 255, 255)
    return np.asarray(cv2.putText(tile, miss.text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, white, 1, cv2.LINE_AA), np.uint8)


def _score(detector: Detector, key: str, picture: Pixels) -> float:
    return float(detector.score(Pictures.from_rgb(_rgb(picture)))[key].item())


def _rgb(picture: Pixels) -> torch.Tensor:
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255
