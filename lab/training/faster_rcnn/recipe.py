"""From photographs and clips to the bundled Faster R-CNN: label, train, measure, bundle."""

import random
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn

from detectors.models import weights
from detectors.models.faster_rcnn.mobilenet_v2_fpn import NAME, build_mobilenet_v2_fpn
from detectors.models.faster_rcnn.weights import MODEL
from domain.errors import ConfigError
from lab.training.datasets.photographs import biq2021
from lab.training.detection_quality.export import bundle_weights
from lab.training.detection_quality.yolox import YoloxNano
from lab.training.faster_rcnn.evaluation import Pupil, compare_people
from lab.training.faster_rcnn.material import extract_frames, label_pictures, read_labels
from lab.training.faster_rcnn.pupil import build_pupil, plain_state
from lab.training.faster_rcnn.trainer import ExampleDraw, PupilSchedule, train
from lab.training.networks.pretrained_mobilenet import load_mobilenet_v2_tflite
from lab.training.samples import TRAIN, VALIDATION

SEED = 7
CLIPS = {"car-park": 6, "one-by-one-person": 8}
"""The CC BY clips, and of which so many pictures one is taken."""
YOLOX = "reference-models/yolox_nano.onnx"
AVERAGED = "averaged.pt"
STEPS = 20_000


def label(data: Path, photographs: Path, run: Path, most: int | None) -> int:
    """Label the clips, then `most` photographs of BIQ2021's train half (None: all) in an order of chance.

    Returns how many were labelled now; goes on where it was left.
    """
    teacher = YoloxNano(data / YOLOX)
    frames = [
        (path, "clips")
        for clip, every in CLIPS.items()
        for path in extract_frames(data / "clips" / f"{clip}.mp4", every, run / "frames")
    ]
    samples = [one for one in biq2021.read(photographs) if one.split in (TRAIN, VALIDATION)]
    random.Random(SEED).shuffle(samples)
    count = label_pictures(teacher, frames, run, always_closer=True)
    return count + label_pictures(teacher, [(one.path, str(one.split)) for one in samples[:most]], run)


def train_pupil(run: Path, imagenet: Path, schedule: PupilSchedule) -> None:
    """Train on what is labelled, from MobileNetV2's tflite or the checkpoint in `run`; keeps the averaged weights."""
    torch.manual_seed(SEED)
    network = build_pupil(load_mobilenet_v2_tflite(imagenet).state_dict())
    state = train(network, ExampleDraw(list(read_labels(run))), schedule, run / "run")
    torch.save(state, run / AVERAGED)


def load_averaged(run: Path) -> nn.Module:
    """The network of use with the averaged weights. Raises ConfigError where `run` holds none."""
    path = run / AVERAGED
    if not path.is_file():
        raise ConfigError(f"{run} holds no trained network: train it first")
    network = build_mobilenet_v2_fpn()
    network.load_state_dict(plain_state(torch.load(path, map_location="cpu", weights_only=True)))
    return network.eval()


def measure(data: Path, run: Path, every: int) -> Iterator[str]:
    """A line for each set of pictures: the average precision of people, the teacher's, and their ratio."""
    for one in compare_people(Pupil(load_averaged(run)), YoloxNano(data / YOLOX), data, every):
        share = one.pupil / one.teacher
        yield (
            f"{one.name:16} pictures {one.pictures:4} people {one.people:5}  "
            f"AP50 {one.pupil:.3f}  teacher {one.teacher:.3f}  ratio {share:.2f}"
        )


def bundle(run: Path, folder: Path = weights.BUNDLED) -> None:
    """Write the averaged weights as the bundled file and its manifest entry."""
    bundle_weights(MODEL, load_averaged(run).state_dict(), {"variant": NAME}, folder)
