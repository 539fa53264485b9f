"""Key-frame decoding: our whole reading path against FFmpeg's own command line, on one file, interleaved in one run.

Both are measured in CPU seconds, since each decodes in one thread and a busy machine stretches only the wall clock; and
on a long film and on one of a single group of pictures, whose difference leaves out what starting a program costs.
"""

import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.stream import VideoStream

from domain.cameras import Camera, SamplingMode, SamplingPlan
from domain.errors import ConfigError
from ingest.read.stream_source import Pace, open_source

WIDTH, HEIGHT, FPS, GOP = 1920, 1080, 25, 25
KEY_FRAMES_ONLY = SamplingPlan(SamplingMode.KEY_FRAMES)


class _Clock:
    """The machine's time; a file read at full speed never sleeps."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def run(*, groups: int = 120, repeats: int = 7, film: Path | None = None) -> dict[str, Any]:
    """Return `key_frames_over_ffmpeg` and what it was made of; times are CPU seconds, the ratio that of medians.

    `film` is any H.264 file; without one, 1080p25 of a second a group is made, `groups` seconds long. Raises
    `ConfigError` where FFmpeg's command line is absent.
    """
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise ConfigError("bench decode compares with FFmpeg's command line: apt-get install ffmpeg")
    with tempfile.TemporaryDirectory(prefix="sightline-decode-") as folder:
        one = _make_film(Path(folder) / "one.mp4") if film is None else film
        short, long = Path(folder) / "short.mp4", Path(folder) / "long.mp4"
        repeat_groups(one, short, 1, first_group_only=True)
        repeat_groups(one, long, groups if film is None else 1)
        keys = _key_frames(long) - _key_frames(short)
        times: dict[str, list[float]] = {"ours": [], "ffmpeg": []}
        for _ in range(repeats):
            times["ours"].append(_cpu_s(lambda: _ours(long)) - _cpu_s(lambda: _ours(short)))
            times["ffmpeg"].append(_cpu_s(lambda: _ffmpeg(ffmpeg, long)) - _cpu_s(lambda: _ffmpeg(ffmpeg, short)))
    ours_s, ffmpeg_s = statistics.median(times["ours"]), statistics.median(times["ffmpeg"])
    version = subprocess.run([ffmpeg, "-version"], check=True, capture_output=True, text=True).stdout.split()[2]
    return {
        "key_frames_over_ffmpeg": round(ffmpeg_s / ours_s, 3),
        "key_frames_per_s": round(keys / ours_s, 1),
        "ffmpeg_key_frames_per_s": round(keys / ffmpeg_s, 1),
        "key_frames": keys,
        "repeats": repeats,
        "decode_threads": 1,
        "ours_s": [round(each, 3) for each in times["ours"]],
        "ffmpeg_s": [round(each, 3) for each in times["ffmpeg"]],
        "ffmpeg_version": version,
        "libavcodec": ".".join(str(part) for part in av.library_versions["libavcodec"]),
        "limited_by": "intra decoding in libavcodec; beside it, Python: microseconds a packet, 0.2 ms a picture kept",
    }


def _cpu_s(work: Callable[[], None]) -> float:
    """Return the CPU seconds of this process and of the processes it waited for."""
    before_s = _spent_s()
    work()
    return _spent_s() - before_s


def _spent_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _ours(path: Path) -> None:
    source = open_source(Camera("bench", str(path), plan=KEY_FRAMES_ONLY), _Clock(), pace=Pace.FULL_SPEED)
    for _ in source.frames():
        pass
    source.close()


def _ffmpeg(program: str, path: Path) -> None:
    command = [program, "-v", "error", "-nostdin", "-threads", "1", "-skip_frame", "nokey", "-i", str(path)]
    subprocess.run([*command, "-an", "-fps_mode", "passthrough", "-f", "null", "-"], check=True)


def _key_frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(packet.is_keyframe for packet in container.demux(video=0))


def _make_film(path: Path) -> Path:
    """Encode a second of a still gradient under moving noise, which costs a decoder about what a street does."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    still = (rows // 8 * 5 + columns // 4) % 200 + 20
    random = np.random.default_rng(7)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"g": str(GOP), "preset": "veryfast", "crf": "26"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(GOP):
            grey = np.clip(still + random.normal(0, 3, still.shape), 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def repeat_groups(film: Path, path: Path, times: int, *, first_group_only: bool = False) -> None:
    """Write a film `times` over without re-encoding, or only its first group of pictures."""
    with av.open(str(path), "w") as target:
        stream: VideoStream | None = None
        offset = 0
        for _ in range(times):
            with av.open(str(film)) as source:
                video = source.streams.video[0]
                stream = target.add_stream_from_template(video) if stream is None else stream
                stamps: list[int] = []
                keys = 0
                for packet in source.demux(video):
                    keys += packet.is_keyframe
                    if packet.dts is None or packet.pts is None or (first_group_only and keys > 1):
                        continue
                    stamps += [packet.dts, packet.dts + (packet.duration or 1)]
                    packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                    packet.stream = stream
                    target.mux(packet)
            offset += max(stamps) - min(stamps)
