"""Recordings with odd names, covers, several tracks, or nothing to judge: read as files, or refused in one sentence."""

import os
import socket
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition
from av.video.stream import VideoStream

from ingest.read.recordings import file_address
from tests.cameras.films import draw_test_picture, encode_access_units, write_test_film
from tests.cameras.source_reading import SHORT, SourceReading, read_source

ODD_NAMES = (
    "gate:7.mp4", "concat:x.mp4", "C:clip.mp4", "http:x.mp4", "pipe:0", "%03d.mp4", "50%.mp4", "100%25.mp4", "who?.mp4",
    "a#1.mp4", "a b .mp4", " blank ", "it's \"7\".mp4", "-dash.mp4", "*.mp4", "[x].mp4", "{a,b}.mp4", "a&b;c.mp4",
    "user:pw@host.mp4", "größe.mp4", "line\nend.mp4", os.fsdecode(b"\xff\xfe.mp4"),
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_test_film(tmp_path_factory.mktemp("films") / "whole.mp4", frames=5).read_bytes()


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_a_file_is_read_whatever_its_name_looks_like(name: str, whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(whole)
    result = read_source(file_address(path))
    assert (len(result.frames), result.error) == (5, None)


@pytest.mark.parametrize("name", ["gate:7.mp4", "concat:x.mp4", "C:clip.mp4", "-dash.mp4", "%03d.mp4"])
def test_so_is_one_named_from_its_own_folder(
    name: str, whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(whole)
    assert len(read_source(file_address(name)).frames) == 5


def test_a_name_with_a_number_in_it_is_one_picture_and_no_series(tmp_path: Path) -> None:
    for name, level in (("%03d.png", 200), ("000.png", 10), ("001.png", 20)):
        coded = cv2.imencode(".png", np.full((64, 64, 3), level, np.uint8))[1]
        (tmp_path / name).write_bytes(coded.tobytes())
    result = read_source(file_address(tmp_path / "%03d.png"))
    assert [int(frame.planes[0].max()) for frame in result.frames] == [200]


def test_percent_signs_of_an_address_are_decoded_only_where_no_file_has_that_name(whole: bytes, tmp_path: Path) -> None:
    (tmp_path / "a b.mp4").write_bytes(whole)
    assert len(read_source(f"file://{tmp_path}/a%20b.mp4").frames) == 5
    (tmp_path / "a%20b.mp4").write_bytes(b"")
    assert "empty" in str(read_source(f"file://{tmp_path}/a%20b.mp4").error)


def write_tracks(path: Path, *sizes: tuple[int, int], frames: tuple[int, ...], marks: tuple[Disposition, ...]) -> Path:
    """Write a film of several video tracks: the first of `sizes` is a still of MJPEG where it has one frame."""
    with av.open(str(path), "w") as container:
        streams = []
        for size, count, mark in zip(sizes, frames, marks, strict=True):
            codec = "mjpeg" if count == 1 else "libx264"
            stream = container.add_stream(codec, rate=10)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height = size
            stream.pix_fmt = "yuvj420p" if count == 1 else "yuv420p"
            stream.codec_context.thread_count = 1
            stream.disposition = mark
            streams.append((stream, size, count))
        for stream, size, count in streams:
            for index in range(count):
                shown = av.VideoFrame.from_ndarray(draw_test_picture(index, *size), format="rgb24")
                frame = shown.reformat(format=stream.pix_fmt)
                frame.pts, frame.time_base = index, Fraction(1, 10)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    return path


NONE, DEFAULT, COVER = Disposition(0), Disposition.default, Disposition.attached_pic


Tracks: TypeAlias = tuple[tuple[tuple[int, int], ...], tuple[int, ...], tuple[Disposition, ...]]
COVERED: Tracks = (((320, 240), (160, 96)), (1, 10), (COVER, DEFAULT))
TWO: Tracks = (((160, 96), (320, 240)), (10, 10), (DEFAULT, DEFAULT))


@pytest.mark.parametrize(
    ("container", "tracks", "taken"),
    [
        pytest.param("mp4", COVERED, (160, 96), id="cover first"),
        pytest.param("mov", COVERED, (160, 96), id="cover first, mov"),
        pytest.param("mp4", (TWO[0], (10, 1), (DEFAULT, COVER)), (160, 96), id="cover last"),
        pytest.param("mp4", TWO, (320, 240), id="the largest"),
        pytest.param("mkv", TWO, (320, 240), id="the largest, mkv"),
        pytest.param("ts", TWO, (320, 240), id="the largest, ts"),
        pytest.param("mkv", (*TWO[:2], (NONE, NONE)), (320, 240), id="the largest where none is the default"),
        pytest.param("mp4", (((160, 96), (160, 96)), (10, 12), TWO[2]), (160, 96), id="the first of equals"),
    ],
)
def test_the_film_is_taken_among_several_video_tracks(
    container: str, tracks: Tracks, taken: tuple[int, int], tmp_path: Path
) -> None:
    sizes, frames, marks = tracks
    result = read_source(str(write_tracks(tmp_path / f"film.{container}", *sizes, frames=frames, marks=marks)))
    assert result.error is None
    assert len(result.frames) == 10
    assert {(frame.format.width, frame.format.height) for frame in result.frames} == {taken}


def test_the_default_track_is_taken_before_a_larger_one(tmp_path: Path) -> None:
    path = write_tracks(tmp_path / "film.mkv", (320, 240), (160, 96), frames=(10, 10), marks=(NONE, DEFAULT))
    assert {frame.format.width for frame in read_source(str(path)).frames} == {160}


def test_a_cover_that_nobody_marked_is_still_no_film(tmp_path: Path) -> None:
    path = write_tracks(tmp_path / "film.mp4", (640, 480), (160, 96), frames=(1, 10), marks=(DEFAULT, DEFAULT))
    result = read_source(str(path))
    assert [frame.format.width for frame in result.frames] == [160] * 10


def write_sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        stream.codec_context.layout = "mono"
        for index in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 16000, index * 1024, Fraction(1, 16000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def sentence(result: SourceReading) -> str:
    """Return why nothing was read: one line that says what it is and, behind a colon, what to do."""
    said = str(result.error)
    assert result.error is not None
    assert not result.frames
    assert "\n" not in said
    assert ": " in said
    return said


def test_each_thing_that_is_no_recording_is_named_with_the_next_step(whole: bytes, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "notes.txt").write_text("gate 3, car park\n" * 200)
    (tmp_path / "notes.mp4").write_text("gate 3, car park\n" * 200)
    (tmp_path / "cut.mp4").write_bytes(whole[: whole.rindex(b"moov") - 4])
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 3])
    (tmp_path / "ring").symlink_to(tmp_path / "ring")
    (tmp_path / "dangling.mp4").symlink_to(tmp_path / "gone.mp4")
    write_sound(tmp_path / "sound.m4a")
    said = {
        name: sentence(read_source(file_address(tmp_path / name), deadlines=SHORT))
        for name in ("empty.mp4", "notes.txt", "notes.mp4", "cut.mp4", "half.mp4", "ring", "dangling.mp4", "sound.m4a")
    }
    assert "empty" in said["empty.mp4"]
    assert "not a video" in said["notes.txt"]
    assert "not a video" in said["notes.mp4"]
    assert "index" in said["cut.mp4"]
    assert "index" in said["half.mp4"]
    assert "symbolic link" in said["ring"]
    assert "no such file" in said["dangling.mp4"]
    assert "sound" in said["sound.m4a"]
    assert "folder" in sentence(read_source(file_address(tmp_path)))
    assert "device" in sentence(read_source(file_address("/dev/null")))
    assert "too long" in sentence(read_source(file_address(tmp_path / ("x" * 300))))
    assert "not a folder" in sentence(read_source(file_address(tmp_path / "notes.txt" / "x.mp4")))


def test_a_named_pipe_is_refused_at_once_and_its_writer_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    script = (
        "import sys; from tests.cameras.source_reading import read_source; "
        "from ingest.read.recordings import file_address; "
        "print(read_source(file_address(sys.argv[1])).error)"
    )
    # In a process of its own: a call that waits for the writer cannot be ended otherwise.
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "pipe.mp4")],
        capture_output=True, text=True, timeout=60, check=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert "named pipe" in done.stdout


def test_a_socket_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        assert "socket" in sentence(read_source(file_address("s")))


@pytest.mark.data
def test_the_film_behind_a_cover_is_judged(data_folder: Path) -> None:
    result = read_source(str(data_folder / "cases" / "cover_first.mp4"))
    assert result.error is None
    assert len(result.frames) == 200


@pytest.mark.data
def test_vendor_headers_between_the_nal_units_are_no_damage(data_folder: Path) -> None:
    """The file itself is cut in its last picture; one more ends too early where the recorder began to write late.

    What follows that one is built on it, up to the next key frame.
    """
    result = read_source(str(data_folder / "real" / "vendor-headers.h264"))
    assert result.error is None
    assert len(result.frames) == 174
    assert [place for place, frame in enumerate(result.frames) if frame.key_frame] == [0, 120]
    assert [place for place, frame in enumerate(result.frames) if frame.corrupt] == [*range(108, 120), 173]
    assert result.counters.decode_errors <= 2


@pytest.mark.parametrize(("codec", "ending"), [("libx264", "h264"), ("libx265", "h265"), ("libx264", "dav")])
@pytest.mark.parametrize(
    "mark", [b"\x00\x00\x01\xfd", b"\x00\x00\x01\xfa", b"\x00\x00\x01\xfc", b"HKMI", b"\x00\x00\x01\xba"]
)
def test_any_vendors_headers_between_the_nal_units_are_read_over(
    tmp_path: Path, codec: str, ending: str, mark: bytes
) -> None:
    header = mark + bytes(range(1, 13))
    path = tmp_path / f"recorder.{ending}"
    path.write_bytes(b"".join(header + unit for unit in encode_access_units(30, codec=codec)))
    result = read_source(str(path))
    assert result.error is None
    assert len(result.frames) == 30
    assert result.counters.decode_errors == 0
