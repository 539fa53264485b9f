"""Picture files as pixels, and what a detector says of them at their own size."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from detectors.models.pictures import Detector, Pictures
from domain.errors import ConfigError
from lab.training.samples import Values

Pixels = NDArray[np.uint8]
"""RGB (H, W, 3), or (N, H, W, 3) of one size, levels 0 to 255."""
BATCH = 16


def decode_picture(path: Path) -> Pixels:
    """RGB (H, W, 3) of a picture file. Raises ConfigError where it cannot be read."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise ConfigError(f"{path} is not a picture that OpenCV reads: fetch the data set again")
    return np.ascontiguousarray(picture[..., ::-1], dtype=np.uint8)


def score_pictures(detector: Detector, metric: str, paths: Sequence[Path]) -> Values:
    """The detector's `metric` for each picture at its own size, (N,); pictures in a row of one size share a batch."""
    scores: list[float] = []
    console = Console(stderr=True)
    shown = track(paths, detector.name, console=console, disable=not console.is_terminal, transient=True)
    for batch in _batches(decode_picture(path) for path in shown):
        rgb = torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2).float() / 255
        scores.extend(detector.score(Pictures.from_rgb(rgb))[metric].tolist())
    return np.array(scores)


def _batches(pictures: Iterable[Pixels]) -> Iterator[list[Pixels]]:
    for _, same_size in groupby(pictures, key=lambda picture: picture.shape):
        batch: list[Pixels] = []
        for picture in same_size:
            batch.append(picture)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch
