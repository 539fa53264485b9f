"""Inputs that users of such systems reported, where the shared data is at hand; each kind has its own test besides."""

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from domain.cameras import SamplingPlan
from ingest.read.open_stream import Deadlines
from sightline.cli.main import app
from simulation.cameras import rtp
from simulation.cameras.http_camera import repeat_at_rate, serve_jpeg_camera
from simulation.cameras.scripted_camera import CameraBehaviour, ScriptedCamera, serve_scripted_camera
from tests.cameras.source_reading import SourceReading, read_source

SECONDS = 8
FPS = 25
PATIENT = Deadlines(open_s=15.0, video_s=5.0, picture_s=10.0)

pytestmark = pytest.mark.data


@pytest.fixture
def cases(data_folder: Path) -> Path:
    return data_folder / "cases"


def read_raw_units(path: Path) -> list[bytes]:
    """Return the units of a raw H.264 file, cut before each first slice's parameter sets and user data."""
    units: list[bytes] = []
    pending, sliced = b"", False
    for nal in rtp.split_access_unit(path.read_bytes()):
        is_slice = nal[0] & 0x1F in (1, 5)
        if sliced and (not is_slice or nal[1] & 0x80):
            units.append(pending)
            pending, sliced = b"", False
        pending += b"\x00\x00\x00\x01" + nal
        sliced |= is_slice
    return [*units, pending]


def read_script(script: Callable[[], rtp.PacketScript], *, audio: bool = False) -> SourceReading:
    with serve_scripted_camera(ScriptedCamera(CameraBehaviour.PLAYS_AND_LEAVES, script=script, audio=audio)) as camera:
        return read_source(camera.url, plan=SamplingPlan(), deadlines=PATIENT)


def loop_script(path: Path, stamp_of: Callable[[int], float] | None = None) -> rtp.PacketScript:
    units = itertools.islice(itertools.cycle(read_raw_units(path)), SECONDS * FPS)
    return rtp.packetise_video(units, fps=FPS, stamp_of=stamp_of)


CASES: dict[str, tuple[Callable[[Path], rtp.PacketScript], bool]] = {
    "user data that claims more than it holds": (lambda cases: loop_script(cases / "sei_truncated.h264"), False),
    "one counter for sound and video": (
        lambda cases: rtp.share_counter(rtp.add_audio(loop_script(cases / "base.h264"))),
        True,
    ),
    "the sequence restarts": (
        lambda cases: rtp.restart_numbers(loop_script(cases / "base.h264"), every_s=3, first=0),
        False,
    ),
    "the clock is a hundred times too slow": (
        lambda cases: loop_script(cases / "base.h264", lambda index: index / 2500),
        False,
    ),
}


@pytest.mark.parametrize(("script", "audio"), CASES.values(), ids=CASES)
def test_a_healthy_camera_is_watched_each_second_and_has_no_fault(
    script: Callable[[Path], rtp.PacketScript], audio: bool, cases: Path
) -> None:
    result = read_script(lambda: script(cases), audio=audio)
    assert len(result.frames) >= SECONDS - 2
    assert (result.counters.decode_errors, result.counters.corrupt_frames) == (0, 0)


@pytest.mark.parametrize("fps", [1.0, 2.0, 5.0])
def test_jpeg_pictures_over_http_are_watched_each_second(fps: float, cases: Path) -> None:
    pictures = [b"\xff\xd8" + part for part in (cases / "pictures.mjpeg").read_bytes().split(b"\xff\xd8") if part]
    with serve_jpeg_camera(repeat_at_rate(pictures, fps)) as url:
        result = read_source(url, plan=SamplingPlan(), most=6)
    seconds = [(frame.ref.received_at - result.frames[0].ref.received_at).total_seconds() for frame in result.frames]
    assert len(seconds) == 6
    assert seconds[-1] < 15.0
    assert (result.counters.decode_errors, result.counters.corrupt_frames) == (0, 0)


def test_black_after_a_hole_is_reported_at_the_recordings_own_time(cases: Path) -> None:
    output = CliRunner().invoke(app, ["score", "--json", str(cases / "hole_then_black.mkv")]).stdout
    frames = [json.loads(line) for line in output.splitlines()]
    times = [round(frame["pts_s"], 1) for frame in frames]
    assert {0, 1, 2, 3, 94, 95, 96, 97, 98, 99} <= set(times)
    assert not [time for time in times if 3 < time < 94 or time > 99]
    text = CliRunner().invoke(app, ["score", str(cases / "hole_then_black.mkv")]).output
    assert re.search(r"\(black\) in \d+ frames, 9[4-6]-99 s", text), text


def test_packets_lost_on_the_way_are_damage_in_real_h265(data_folder: Path) -> None:
    result = read_source(str(data_folder / "real" / "packet-loss.h265"))
    assert len(result.frames) == 69
    assert result.counters.decode_errors == 3


def test_a_real_stream_with_one_spoilt_picture_has_just_that_damage(data_folder: Path) -> None:
    result = read_source(str(data_folder / "real" / "camera-handled.h264"))
    assert (result.counters.decode_errors, result.counters.corrupt_frames) == (1, 1)
