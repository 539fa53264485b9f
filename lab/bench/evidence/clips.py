"""Pictures of a clip, evenly spaced, as the sampling plan would offer them one a second."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

CLIP_SUFFIXES = frozenset({".mp4", ".avi", ".mkv", ".mov", ".ts"})


@dataclass(frozen=True, slots=True)
class ClipFile:
    """A clip's name, its frames a second, and how many frames it has."""

    path: Path
    fps: float
    frames: int

    @property
    def name(self) -> str:
        return self.path.stem

    def step(self, count: int) -> int:
        """Return by how many frames samples are apart: a second, less where the clip is shorter than `count` s."""
        return max(1, min(round(self.fps), self.frames // count))


def find_clips(folder: Path) -> list[ClipFile]:
    """Return the clips of a folder by name; a single file is a folder of one."""
    paths = [folder] if folder.is_file() else sorted(folder.iterdir())
    return [_probe(path) for path in paths if path.suffix.lower() in CLIP_SUFFIXES]


def _probe(path: Path) -> ClipFile:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        fps = float(stream.average_rate or 25)
        frames = stream.frames or round(float((container.duration or 0) / av.time_base) * fps)
    return ClipFile(path, fps, max(1, frames))


def sample_frames(clip: ClipFile, count: int, step: int) -> list[NDArray[np.uint8]]:
    """Return `count` pictures (H, W, 3) RGB, every `step`-th frame; a clip that ends sooner runs back and forth."""
    pictures = list(_every(clip.path, count, step))
    there_and_back = [*pictures, *pictures[-2:0:-1]]
    return [there_and_back[index % len(there_and_back)] for index in range(count)]


def _every(path: Path, count: int, step: int) -> Iterator[NDArray[np.uint8]]:
    taken = 0
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(container.streams.video[0])):
            if number % step:
                continue
            picture = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
            height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
            yield picture[:height, :width]
            taken += 1
            if taken == count:
                return
