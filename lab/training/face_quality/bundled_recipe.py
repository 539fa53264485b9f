"""How the bundled weights were trained: faces made worse, MobileNetV2 from ImageNet, cycle after cycle."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from detectors.models.face_quality.network import AssessorVariant, Dimension
from detectors.models.mtcnn import weights as mtcnn_weights
from domain.errors import ConfigError
from lab.training.datasets import find_dataset
from lab.training.face_quality.face_set import FaceSet
from lab.training.face_quality.pretrained_backbones import build_pretrained, fold_backbones
from lab.training.face_quality.schedule import LARGEST_GRADIENT, FaceQualitySchedule
from lab.training.face_quality.synthesis.face_sources import (
    SELFIES,
    FaceSource,
    find_face_sources,
    load_sources,
    save_sources,
    select_liked,
    split_sources,
)
from lab.training.face_quality.synthesis.synthetic_faces import load_or_make_faces
from lab.training.face_quality.trainer import train_assessor
from lab.training.samples import Sample
from lab.training.training_loop import CHECKPOINT

MODEL = "sfiqa_mobilenet"
VARIANT = AssessorVariant("mobilenet_v2", finest=1, light=True)
FIRST = FaceQualitySchedule(
    epochs=1.35,
    batch=16,
    rate=2e-4,
    cycle=True,
    new_factor=4,
    frozen_blocks=7,
    averaging=0.99,
    weight_decay=0.02,
    largest_gradient=LARGEST_GRADIENT,
    bf16=True,
)
CYCLES = (FIRST, replace(FIRST, epochs=0.8, rate=1.5e-4, seed=8))
"""One after the other, each from the averaged weights of the one before."""
WITHHELD: tuple[Dimension, ...] = ()
"""Dimensions not shown because these weights order held-out faces too poorly in them (weights/sfiqa_mobilenet.md)."""
TRAINING_FACES, VALIDATION_FACES, HELD_OUT_FACES = 7000, 400, 1200
TRAINING_SEED, VALIDATION_SEED, HELD_OUT_SEED = 7, 13, 11
SMALLEST_SEARCHED_PX = 90.0


def find_sources(facemask: Path, biq2021: Path, folder: Path) -> list[FaceSource]:
    """The faces to start from, found once and kept in `folder`; nothing of BIQ2021's test half is read."""
    path = folder / "sources.jsonl"
    if path.is_file():
        return load_sources(path)
    pictures = sorted(facemask.glob("*.jpg"))
    if not pictures:
        raise ConfigError(f"{facemask} holds no JPEG: give the folder of the face-mask pictures")
    folder.mkdir(parents=True, exist_ok=True)
    selfies = [Sample(picture, {}, SELFIES) for picture in pictures]
    photographs = select_liked(find_dataset("biq2021").read(biq2021))
    mtcnn = mtcnn_weights.load_mtcnn(smallest_face_px=SMALLEST_SEARCHED_PX)
    return save_sources(find_face_sources([*selfies, *photographs], mtcnn), path)


@dataclass(frozen=True)
class FaceSets:
    """The made faces to train on, to choose the recipe by, and to measure on once."""

    training: FaceSet
    validation: FaceSet
    held_out: FaceSet


def make_face_sets(sources: list[FaceSource], folder: Path) -> FaceSets:
    """The made faces, of different people as far as their pictures tell."""
    sides = split_sources(sources)
    return FaceSets(
        load_or_make_faces(sides.training, TRAINING_FACES, TRAINING_SEED, folder / "train"),
        load_or_make_faces(sides.validation, VALIDATION_FACES, VALIDATION_SEED, folder / "val"),
        load_or_make_faces(sides.held_out, HELD_OUT_FACES, HELD_OUT_SEED, folder / "held_out"),
    )


def train_cycles(sets: FaceSets, imagenet: Path, folder: Path) -> dict[str, Tensor]:
    """The averaged weights after every cycle; goes on from the checkpoints in `folder`, one a cycle."""
    state: dict[str, Tensor] = {}
    for number, schedule in enumerate(CYCLES):
        torch.manual_seed(schedule.seed)
        network = build_pretrained(VARIANT, imagenet)
        fold_backbones(network)
        network.fuse_early()
        if state:
            network.load_state_dict(state)
        state = train_assessor(network, sets.training, sets.validation, schedule, folder / str(number))
    return state


def last_checkpoint(folder: Path) -> Path:
    """The checkpoint of the last cycle, in the folder that `train_cycles` was given."""
    return folder / str(len(CYCLES) - 1) / CHECKPOINT
