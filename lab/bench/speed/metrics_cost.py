"""What fault metrics cost: CPU milliseconds a frame at four sizes, and against five of FFmpeg's filters.

Frames are decoded beforehand, so that decoding is part of neither side. Sizes and contestants take turns frame by
frame, in one thread each; medians are shown.
"""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.filter import Graph
from av.video.reformatter import VideoReformatter

from detectors.metrics.allocator import keep_freed_memory
from detectors.metrics.measure import compare_pictures, measure_picture
from domain.errors import ConfigError
from domain.frames import Frame, FrameRef
from ingest.decode.decoded_frame import extract_planes

DATA_VARIABLE = "SIGHTLINE_DATA"
SMALL_CLIP, LARGE_CLIP = "clips/pets09-s2l1.mp4", "clips/street-faces-1080p.mp4"
FILTERS = ("blurdetect", "blockdetect", "blackdetect", "freezedetect", "signalstats")
SIZES = {"360p": (480, 360), "720p": (1280, 720), "1080p": (1920, 1080), "2160p": (3840, 2160)}
COMPARED = "1080p"
_FIRST = 5


@dataclass(slots=True)
class _Material:
    """Neighbouring frames of one size, as FFmpeg has them and as ours; CPU seconds of each, by who measured it."""

    pictures: list[av.VideoFrame]
    frames: list[Frame]
    ours_s: list[float] = field(default_factory=list)
    ffmpeg_s: list[float] = field(default_factory=list)


def run(*, data: Path | None = None, frames: int = 10, rounds: int = 4) -> dict[str, Any]:
    """Return `ms_…` by size, `metrics_over_ffmpeg` at 1080p and what they were made of; times are CPU time.

    `data` is the folder that holds the clips, without it that of `SIGHTLINE_DATA`. 720p and 2160p are the 1080p clip
    scaled. Raises `ConfigError` where the clips are absent.
    """
    cv2.setNumThreads(1)
    keep_freed_memory()
    folder = data or Path(os.environ.get(DATA_VARIABLE, ""))
    materials = {name: _read(_clip(folder, name), size, frames) for name, size in SIZES.items()}
    for _ in range(rounds):
        for name, material in materials.items():
            _measure_ours(material)
            if name == COMPARED:
                _measure_ffmpeg(material)
    medians = {name: 1e3 * statistics.median(material.ours_s) for name, material in materials.items()}
    ffmpeg_ms = 1e3 * statistics.median(materials[COMPARED].ffmpeg_s)
    pixels = {name: width * height for name, (width, height) in SIZES.items()}
    small, large = "360p", "2160p"
    return {
        **{f"ms_{name}": round(value, 2) for name, value in medians.items()},
        "metrics_over_ffmpeg": round(medians[COMPARED] / ffmpeg_ms, 3),
        "ffmpeg_ms_1080p": round(ffmpeg_ms, 2),
        "growth_over_pixels": round(medians[large] / medians[small] / (pixels[large] / pixels[small]), 3),
        "spread_ms": {name: _percentiles_ms(material.ours_s) for name, material in materials.items()},
        "ffmpeg_spread_ms": _percentiles_ms(materials[COMPARED].ffmpeg_s),
        "frames": frames,
        "rounds": rounds,
        "threads": 1,
        "ffmpeg_filters": ",".join(FILTERS),
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "libavfilter": ".".join(str(part) for part in av.library_versions["libavfilter"]),
    }


def _clip(folder: Path, name: str) -> Path:
    path = folder / (SMALL_CLIP if name == "360p" else LARGE_CLIP)
    if not path.is_file():
        raise ConfigError(f"bench metrics needs {path.name}: set {DATA_VARIABLE} to the folder that holds clips/")
    return path


def _read(path: Path, size: tuple[int, int], count: int) -> _Material:
    """Decode `count` neighbouring frames and scale them where they have another size."""
    ours, scaling = VideoReformatter(), VideoReformatter()
    material = _Material([], [])
    with av.open(str(path)) as container:
        for index, decoded in enumerate(container.decode(video=0)):
            if index < _FIRST:
                continue
            picture = decoded
            if (decoded.width, decoded.height) != size:
                picture = scaling.reformat(decoded, width=size[0], height=size[1], interpolation="BICUBIC")
                picture.pts, picture.time_base = decoded.pts, decoded.time_base
            description, planes = extract_planes(picture, ours)
            ref = FrameRef("bench", "bench", len(material.frames), None, datetime.now(UTC))
            material.pictures.append(picture)
            material.frames.append(Frame(ref, description, planes))
            if len(material.frames) == count:
                break
    return material


def _measure_ours(material: _Material) -> None:
    before = None
    for frame in material.frames:
        started_s = time.thread_time()
        measured = measure_picture(frame)
        if before is not None:
            compare_pictures(measured.remembered, before)
            material.ours_s.append(time.thread_time() - started_s)
        before = measured.remembered


def _measure_ffmpeg(material: _Material) -> None:
    """Push each frame through the filters and pull it out; the first one sets the filters up and does not count."""
    push, pull = _filter_graph(material.pictures[0])
    for index, picture in enumerate(material.pictures):
        started_s = time.process_time()
        push(picture)
        pull()
        if index:
            material.ffmpeg_s.append(time.process_time() - started_s)


def _filter_graph(picture: av.VideoFrame) -> tuple[Callable[[av.VideoFrame], None], Callable[[], Any]]:
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(
        width=picture.width, height=picture.height, format=picture.format, time_base=picture.time_base
    )
    chain = [source, *(graph.add(name) for name in FILTERS), graph.add("buffersink")]
    graph.link_nodes(*chain).configure()
    return graph.vpush, graph.vpull


def _percentiles_ms(seconds: Sequence[float]) -> list[float]:
    """Return the 10th and the 90th percentile in milliseconds."""
    return [round(1e3 * float(each), 2) for each in np.percentile(seconds, (10, 90))]
