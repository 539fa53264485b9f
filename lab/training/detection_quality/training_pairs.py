"""The training sets, written once as plain arrays: photographs degraded, and panned clips compressed, with labels.

Everything follows from the seed, the scene's number and the order of draws; making can stop and go on.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from detectors.models.detection_quality.dct_metric import dct_losses
from detectors.models.detection_quality.detectability import LONGER_SIDE
from detectors.models.detection_quality.first_convolution import FirstConvolution
from detectors.models.pictures import downscale
from lab.training.augment.camera_degradations import degrade_randomly
from lab.training.augment.video_compression import SETTINGS, Pixels, compress_frames, pan_picture
from lab.training.detection_quality.survival import count_surviving_subjects, count_survivors
from lab.training.detection_quality.yolox import ObjectDetector

STORED_SIDE = 256
CLIP_SIDE = 256
CLIP_FRAMES = 6
LABELLED_FRAMES = (2, 5)
RATE = Fraction(25)
STORED_READINGS = ("ratio_of_sums", "mean_log_ratio", "floored_mean")
LABELS = "labels.jsonl"
PICTURES = "pictures.u8"


@dataclass(frozen=True)
class PairSet:
    """Pictures (n, 256, 256, 3) and one record of labels a picture; `scene` in each names what was photographed."""

    pictures: Pixels
    labels: tuple[Mapping[str, float | int | str], ...]

    def column(self, name: str) -> NDArray[np.float32]:
        """One label of every pair, (n,)."""
        return np.array([row[name] for row in self.labels], np.float32)


@dataclass(frozen=True)
class Example:
    """One training picture (256, 256, 3) and its labels."""

    picture: Pixels
    labels: Mapping[str, float | int | str]


def make_survival_pairs(
    scene: str, picture: Pixels, detector: ObjectDetector, *, versions: int, seed: int
) -> Iterator[Example]:
    """Degraded versions of one photograph, each a 256 x 256 part of what detectability sees, and what survived.

    Counted are people and vehicles surely found (`subjects` 1), or where the pristine picture shows none, whatever else
    is found (`subjects` 0). Yields nothing where nothing is; the first version is the untouched one.
    """
    generator = np.random.default_rng(seed)
    before = detector(picture)
    if not count_survivors(before, before).before:
        return
    subjects = count_surviving_subjects(before, before).before > 0
    counted = count_surviving_subjects if subjects else count_survivors
    for version in range(versions):
        worse, name = (picture, "none") if version == 0 else degrade_randomly(picture, generator)
        kept = counted(before, detector(worse))
        seen = _reduce_like_network(worse)
        labels: dict[str, float | int | str] = {
            "scene": scene,
            "kind": name,
            "subjects": int(subjects),
            "before": kept.before,
            "after": kept.after,
        }
        yield Example(_part(seen, STORED_SIDE, generator), labels)


def make_loss_pairs(
    scene: str, picture: Pixels, convolution: FirstConvolution, *, settings: int, seed: int
) -> Iterator[Example]:
    """Parts of panned, compressed clips of one photograph, labelled by the DCT metric.

    The photograph is first reduced by up to a third, and in half the clips softened or darkened, as cameras' are.
    """
    generator = np.random.default_rng(seed)
    for number in range(settings):
        source = _vary_like_camera(picture, generator)
        clip = pan_picture(source, side=CLIP_SIDE, frames=CLIP_FRAMES, seed=[seed, number])
        setting = SETTINGS[int(generator.integers(len(SETTINGS)))]
        after = compress_frames(clip, setting, RATE)
        pairs = _tensor(clip[list(LABELLED_FRAMES)]), _tensor(after[list(LABELLED_FRAMES)])
        by_reading = dct_losses(*pairs, convolution, STORED_READINGS)
        for place, frame in enumerate(LABELLED_FRAMES):
            values = {name: round(column[place].item(), 5) for name, column in by_reading.items()}
            labels: dict[str, float | int | str] = {
                "scene": scene,
                "crf": setting.crf,
                "mbit": setting.bandwidth_mbit or 0,
                "frame": frame,
            }
            yield Example(_part(after[frame], STORED_SIDE, generator), labels | values)


def write(
    folder: Path, scenes: Iterable[tuple[str, Callable[[], Iterator[Example]]]], done: Callable[[int], None]
) -> None:
    """Append every scene's examples to `folder`, leaving out scenes already there; `done` gets the running count."""
    folder.mkdir(parents=True, exist_ok=True)
    finished = set(_lines(folder / "scenes.txt"))
    count = _trim_partial(folder)
    with (
        (folder / PICTURES).open("ab") as pictures,
        (folder / LABELS).open("a", encoding="utf-8") as labels,
        (folder / "scenes.txt").open("a", encoding="utf-8") as names,
    ):
        for name, examples in scenes:
            if name in finished:
                continue
            for example in examples():
                pictures.write(example.picture.tobytes())
                labels.write(json.dumps(example.labels) + "\n")
                count += 1
            pictures.flush()
            labels.flush()
            names.write(name + "\n")
            names.flush()
            done(count)


def read(folder: Path) -> PairSet:
    """What `write` has finished so far; the pictures stay on the disk until used."""
    rows = tuple(json.loads(line) for line in _lines(folder / LABELS))
    size = (folder / PICTURES).stat().st_size // (STORED_SIDE * STORED_SIDE * 3)
    count = min(size, len(rows))
    shape = (count, STORED_SIDE, STORED_SIDE, 3)
    return PairSet(np.memmap(folder / PICTURES, np.uint8, "r", shape=shape), rows[:count])


def _trim_partial(folder: Path) -> int:
    """Cut a half-written end off both files; how many examples are whole."""
    if not (folder / LABELS).is_file():
        return 0
    rows = _lines(folder / LABELS)
    one = STORED_SIDE * STORED_SIDE * 3
    count = min(len(rows), (folder / PICTURES).stat().st_size // one)
    (folder / LABELS).write_text("".join(row + "\n" for row in rows[:count]), encoding="utf-8")
    with (folder / PICTURES).open("r+b") as file:
        file.truncate(count * one)
    return count


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def _vary_like_camera(picture: Pixels, generator: np.random.Generator) -> Pixels:
    factor = generator.uniform(max(0.65, CLIP_SIDE / min(picture.shape[:2])), 1.0)
    size = (max(CLIP_SIDE, round(picture.shape[1] * factor)), max(CLIP_SIDE, round(picture.shape[0] * factor)))
    source = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    if generator.random() < 0.3:
        source = np.asarray(cv2.GaussianBlur(source, (0, 0), generator.uniform(0.5, 1.8)), np.uint8)
    if generator.random() < 0.2:
        source = np.rint(source * generator.uniform(0.2, 0.8)).astype(np.uint8)
    return source


def _reduce_like_network(picture: Pixels) -> Pixels:
    """The picture as the network sees it, reduced by area averaging."""
    small = downscale(_tensor(picture[None]), longer_side=LONGER_SIDE)
    levels: Pixels = np.rint(small[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    return levels


def _part(picture: Pixels, side: int, generator: np.random.Generator) -> Pixels:
    top, left = (int(generator.integers(0, max(1, length - side + 1))) for length in picture.shape[:2])
    part = picture[top : top + side, left : left + side]
    missing = [(0, side - part.shape[0]), (0, side - part.shape[1]), (0, 0)]
    return np.pad(part, missing, mode="reflect")


def _tensor(pictures: Pixels) -> torch.Tensor:
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 255
