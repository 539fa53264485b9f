"""Short recordings made for tests: a photograph that a patch moves over, with sensor noise."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from detectors.models.catalogue import MODELS


@cache
def _resize_photograph(width: int, height: int) -> NDArray[np.uint8]:
    photograph = cv2.resize(data.astronaut(), (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[no-untyped-call]
    return np.asarray(photograph, np.uint8)


def picture(index: int, width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    """Return frame `index` as RGB (H, W, 3): a scene with detail, one thing that moves, a little noise."""
    photograph = _resize_photograph(width, height)
    noise = np.random.default_rng(index).normal(0, 2, photograph.shape)
    scene = photograph.astype(np.float32) + noise
    left = (7 * index) % (width - 40)
    scene[60:100, left : left + 40] = (200, 40, 40)
    return scene.clip(0, 255).astype(np.uint8)


def write_clip(
    path: Path, *, seconds: float = 6.0, fps: int = 10, codec: Literal["libx264", "libx265"] = "libx264"
) -> int:
    """Write a recording and return how many frames it has; this process makes each recording once."""
    path.write_bytes(_encode_clip(path.suffix.removeprefix("."), seconds, fps, codec))
    return round(seconds * fps)


@cache
def _encode_clip(container_format: str, seconds: float, fps: int, codec: Literal["libx264", "libx265"]) -> bytes:
    count = round(seconds * fps)
    file = BytesIO()
    with av.open(file, "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.codec_context.gop_size = fps
        for index in range(count):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(index), format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


def models_off() -> dict[str, dict[str, bool]]:
    """Return the settings `models` of a test that is about something else: building them takes seconds of CPU."""
    return {name: {"enabled": False} for name in MODELS}


def write_picture(path: Path, index: int = 0) -> None:
    assert cv2.imwrite(str(path), picture(index)[:, :, ::-1])
