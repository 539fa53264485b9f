"""Degraded pictures on disk, in shards of one shape, each drawn from (seed, shard) alone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.models.picture_faults.kinds import KINDS
from lab.training.picture_faults.camera import Emphasis, shoot
from lab.training.picture_faults.light import Pixels
from lab.training.pictures import decode_picture

SHARD = 128
SHAPES = ("11:9", "4:3", "16:9")
SEEN: dict[str, tuple[int, int]] = {"11:9": (416, 340), "4:3": (416, 312), "16:9": (416, 234)}
"""Width and height as the network sees each shape."""


@dataclass(frozen=True)
class Shard:
    """Pictures (N, h, w, 3) as the network sees them, targets (N, kinds), and what was done to each."""

    pictures: Pixels
    targets: NDArray[np.float32]
    looks: list[str]
    faults: list[list[str]]


def draw_shard(photographs: Sequence[Path], number: int, seed: int, emphasis: Emphasis = Emphasis.NONE) -> Shard:
    """Shard `number` of `seed`; its shape alternates."""
    shape = SHAPES[number % len(SHAPES)]
    rng = np.random.default_rng((seed, number))
    pictures, targets, looks, faults = [], [], [], []
    one = decode_picture(photographs[int(rng.integers(len(photographs)))])
    for _ in range(SHARD):
        other, one = one, decode_picture(photographs[int(rng.integers(len(photographs)))])
        shot = shoot(one, other, shape, rng, emphasis)
        pictures.append(resize_for_network(shot.picture, shape))
        targets.append(shot.truth.row())
        looks.append(shot.look)
        faults.append(list(shot.faults))
    return Shard(np.stack(pictures), np.stack(targets), looks, faults)


def resize_for_network(picture: Pixels, shape: str) -> Pixels:
    """A camera's picture (H, W, 3) as the product gives it to the network: 416 on the longer side."""
    width, height = SEEN[shape]
    how = cv2.INTER_AREA if picture.shape[1] > width else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=how), np.uint8)


def store_shard(shard: Shard, folder: Path, number: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{number:05}.targets.npy", shard.targets)
    notes = {"looks": shard.looks, "faults": shard.faults, "kinds": KINDS}
    (folder / f"{number:05}.json").write_text(json.dumps(notes), encoding="utf-8")
    partial = folder / f"{number:05}.part"
    with partial.open("wb") as file:
        np.save(file, shard.pictures)
    partial.rename(folder / f"{number:05}.npy")


def load_shard(folder: Path, number: int) -> Shard:
    notes = json.loads((folder / f"{number:05}.json").read_text(encoding="utf-8"))
    pictures = np.load(folder / f"{number:05}.npy", mmap_mode="r")
    return Shard(pictures, np.load(folder / f"{number:05}.targets.npy"), notes["looks"], notes["faults"])


def shard_numbers(folder: Path) -> list[int]:
    """The shards in a folder, in order."""
    return sorted(int(path.stem) for path in folder.glob("?????.npy"))
