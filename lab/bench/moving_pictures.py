"""Pictures made in memory as a camera would send them: a photograph that shifts, with sensor noise."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from skimage import data

from domain.frames import ColorRange, FrameFormat

Planes: TypeAlias = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]

NOISE_LEVELS = 2.0
"""Standard deviation of the noise in luma levels (0 … 255)."""
_ROOM = 64


def yuv420p(width: int, height: int) -> FrameFormat:
    """Return the format of these pictures."""
    return FrameFormat(width, height, "yuv420p", ColorRange.LIMITED)


class MovingPictures:
    """Gives yuv420p planes of limited range, each time from another place of the photograph and its noise."""

    def __init__(self, width: int, height: int, seed: int = 7) -> None:
        self._width, self._height = width, height
        photograph = data.camera()  # type: ignore[no-untyped-call]
        rows = np.arange(height) % photograph.shape[0]
        columns = np.arange(width + _ROOM) % photograph.shape[1]
        self._scene = photograph[np.ix_(rows, columns)].astype(np.float32) * (219 / 255) + 16
        self._random = np.random.default_rng(seed)
        self._noise = self._random.normal(0, NOISE_LEVELS, self._scene.shape).astype(np.float32)

    def planes(self) -> Planes:
        """Return the next picture: the scene is the same, the noise is another one."""
        shift = int(self._random.integers(0, _ROOM))
        luma = self._scene[:, : self._width] + self._noise[:, shift : shift + self._width]
        return luma.clip(16, 235).astype(np.uint8), self._grey(), self._grey()

    def _grey(self) -> NDArray[np.uint8]:
        return np.full((-(-self._height // 2), -(-self._width // 2)), 128, dtype=np.uint8)
