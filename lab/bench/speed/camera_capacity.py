"""How many cameras one core carries: H.264 with a key frame a second, read, decoded, measured, judged and stored.

One process and one thread do all of it in turn, in CPU seconds: packets and key frames by the product's own reading
path, numbers as the reading process measures them, the copy between processes, queue, evaluation, SQLite. Not in it:
the connection to the camera (RTSP), learned models, page.
"""

import os
import pickle
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from detectors.metrics.allocator import keep_freed_memory
from detectors.registry import build_detectors
from domain.cameras import Camera
from domain.errors import ConfigError
from domain.frames import Frame
from ingest.read.stream_source import Pace, open_source
from ingest.supervise.measurement import FrameMeasurer
from lab.bench.clocks import ManualClock
from lab.bench.speed.contestants import ScoringPath
from lab.bench.speed.key_frame_decoding import repeat_groups
from lab.bench.speed.metrics_cost import DATA_VARIABLE, LARGE_CLIP
from lab.bench.speed.pipeline_frames import PipelineLoad
from transport.embedded import EmbeddedQueue

SIZES = {"1080p": (1920, 1080), "360p": (640, 360)}
FPS, FILM_S = 25, 4
WARM_UP = 6
"""Frames of a session that do not count: decoding begins with all frames until four key frames have come."""


@dataclass(slots=True)
class _Costs:
    """CPU milliseconds of each round, a frame, by what they were spent on."""

    decode: list[float] = field(default_factory=list)
    measure: list[float] = field(default_factory=list)
    judge_and_store: list[float] = field(default_factory=list)
    frames: int = 0

    def medians(self) -> dict[str, float]:
        named = {"decode": self.decode, "measure": self.measure, "judge_and_store": self.judge_and_store}
        return {name: statistics.median(values) for name, values in named.items()}

    def totals(self) -> list[float]:
        return [sum(each) for each in zip(self.decode, self.measure, self.judge_and_store, strict=True)]


def run(*, cameras: int = 8, seconds: int = 40, rounds: int = 3, data: Path | None = None) -> dict[str, Any]:
    """Return `cameras_per_core_…` by size: 1000 over the CPU milliseconds a camera takes for its frame a second.

    Each round reads `cameras` sessions of `seconds` seconds; sizes take turns, the median round counts. The film is
    the shared street clip, scaled and coded again at 25 frames a second with x264 (veryfast, CRF 26). Raises
    `ConfigError` where the clip is absent or a session is no longer than its warm-up.
    """
    if seconds <= WARM_UP + FILM_S:
        raise ConfigError(f"bench capacity: sessions must be longer than {WARM_UP + FILM_S} s")
    cv2.setNumThreads(1)
    keep_freed_memory()
    clip = (data or Path(os.environ.get(DATA_VARIABLE, ""))) / LARGE_CLIP
    if not clip.is_file():
        raise ConfigError(f"bench capacity needs {clip.name}: set {DATA_VARIABLE} to the folder that holds clips/")
    costs = {name: _Costs() for name in SIZES}
    bitrates = {}
    with tempfile.TemporaryDirectory(prefix="sightline-capacity-") as folder:
        films = {name: _make_film(clip, Path(folder) / f"{name}.mp4", size, seconds) for name, size in SIZES.items()}
        bitrates = {name: round(8 * film.stat().st_size / seconds / 1e6, 2) for name, film in films.items()}
        for number in range(rounds):
            for name, film in films.items():
                _run_round(film, Path(folder) / f"{name}-{number}.db", cameras, costs[name])
    result: dict[str, Any] = {}
    for name, cost in costs.items():
        medians, totals = cost.medians(), cost.totals()
        result |= {
            f"cameras_per_core_{name}": round(1000 / statistics.median(totals), 1),
            f"ms_a_frame_{name}": {part: round(value, 2) for part, value in medians.items()},
            f"rounds_cameras_{name}": [round(1000 / total, 1) for total in totals],
            f"mbit_s_{name}": bitrates[name],
            f"frames_{name}": cost.frames,
        }
    return result | {
        "threads": 1,
        "rounds": rounds,
        "load_average": round(os.getloadavg()[0], 1),
        "not_in_it": "connections (RTSP), learned models, page",
    }


def _run_round(film: Path, database: Path, cameras: int, costs: _Costs) -> None:
    """Read all cameras abreast, a frame of each in turn, and store each second's frames in one transaction."""
    queue = EmbeddedQueue(max_frames=cameras + 1, max_bytes=1 << 34)
    publisher = queue.publisher()
    path = ScoringPath(PipelineLoad(cameras, cameras, 1, 1, 0, 0), build_detectors(), database, queue.consumer())
    measurer = FrameMeasurer(every_s={})
    began_at = datetime.now(UTC) - timedelta(minutes=5)
    sources = [
        open_source(Camera(f"camera-{index}", str(film)), ManualClock(began_at), pace=Pace.FULL_SPEED)
        for index in range(cameras)
    ]
    sessions = [source.frames() for source in sources]
    spent = [0.0, 0.0, 0.0]
    counted = 0
    for second in range(10**9):
        marks = [time.process_time()]
        frames = [frame for frame in (next(session, None) for session in sessions) if frame is not None]
        marks.append(time.process_time())
        measured = [measurer.measure(frame) for frame in frames]
        marks.append(time.process_time())
        for frame in measured:
            publisher.publish(_copy(frame))
        path.worker.run_once()
        marks.append(time.process_time())
        if len(frames) < cameras:
            break
        if second >= WARM_UP:
            counted += len(frames)
            spent = [total + after - before for total, before, after in zip(spent, marks, marks[1:], strict=False)]
    for source in sources:
        source.close()
    path.engine.dispose()
    if path.frames_scored() < counted:
        raise RuntimeError(f"stored {path.frames_scored()} frames of {counted}")
    for series, total in zip((costs.decode, costs.measure, costs.judge_and_store), spent, strict=True):
        series.append(1e3 * total / counted)
    costs.frames += counted


def _copy(frame: Frame) -> Frame:
    """Return what the other process gets: the product pickles each message once."""
    copied: Frame = pickle.loads(pickle.dumps(frame, protocol=pickle.HIGHEST_PROTOCOL))
    return copied


def _make_film(clip: Path, path: Path, size: tuple[int, int], seconds: int) -> Path:
    """Code the first seconds of a clip again with a key frame a second, and repeat them to the length wanted."""
    short = path.with_name(f"short-{path.name}")
    scaling = VideoReformatter()
    with av.open(str(short), "w") as container:
        options = {"g": str(FPS), "keyint_min": str(FPS), "preset": "veryfast", "crf": "26", "sc_threshold": "0"}
        stream = container.add_stream("libx264", rate=FPS, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for index, decoded in enumerate(_first_frames(clip, FPS * FILM_S)):
            picture = scaling.reformat(decoded, width=size[0], height=size[1], format="yuv420p", interpolation="AREA")
            picture.pts, picture.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    repeat_groups(short, path, -(-seconds // FILM_S))
    return path


def _first_frames(clip: Path, count: int) -> Iterator[av.VideoFrame]:
    """Yield the first frames of a clip, and a short clip's again until there are `count`."""
    given = 0
    while given < count:
        with av.open(str(clip)) as container:
            for decoded in container.decode(video=0):
                yield decoded
                given += 1
                if given == count:
                    return
