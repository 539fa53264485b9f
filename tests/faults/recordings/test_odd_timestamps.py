"""Recordings whose stamps have holes, restart, are absent or far apart: their own time counts, at both paces."""

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from typer.testing import CliRunner

from domain.cameras import SamplingMode, SamplingPlan
from ingest.read import stream_source
from ingest.read.open_stream import Deadlines
from ingest.read.stream_source import Pace
from sightline.cli.main import app
from tests.cameras.films import draw_test_picture, encode_access_units, write_test_film
from tests.cameras.source_reading import SourceReading, read_source

EACH_SECOND = SamplingPlan(SamplingMode.INTERVAL, interval_s=1.0)
SIZE = (160, 96)


def recording(path: Path, moments: Sequence[float], *, black_from_s: float | None = None) -> Path:
    """Write a film with a picture at each of these seconds; black from a moment on."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "25", "bf": "0"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for index, moment in enumerate(moments):
            pixels = draw_test_picture(index, *SIZE) // np.array([1, 2, 4], np.uint8)
            if black_from_s is not None and moment >= black_from_s:
                pixels = np.zeros_like(pixels)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = round(moment * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def seconds_of(result: SourceReading) -> list[float]:
    """Return when each frame counts as received, from the first on."""
    first = result.frames[0].ref.received_at
    return [round((frame.ref.received_at - first).total_seconds(), 2) for frame in result.frames]


def every(step_s: float, *, count: int, start_s: float = 0.0) -> list[float]:
    return [start_s + index * step_s for index in range(count)]


def test_a_hole_in_the_stamps_is_part_of_the_recordings_time(tmp_path: Path) -> None:
    path = recording(tmp_path / "hole.mkv", every(0.1, count=40) + every(0.1, count=40, start_s=94.0))
    result = read_source(str(path), plan=EACH_SECOND)
    assert seconds_of(result) == [0, 1, 2, 3, 94, 95, 96, 97]


def test_one_picture_in_thirty_seconds_is_judged_thirty_seconds_apart(tmp_path: Path) -> None:
    path = recording(tmp_path / "lapse.mkv", every(30.0, count=10))
    result = read_source(str(path), plan=SamplingPlan())
    assert seconds_of(result) == every(30.0, count=10)


def test_a_variable_rate_keeps_one_picture_a_second(tmp_path: Path) -> None:
    moments = every(0.04, count=50) + every(0.5, count=10, start_s=2.0) + every(0.1, count=50, start_s=7.0)
    result = read_source(str(recording(tmp_path / "variable.mkv", moments)), plan=EACH_SECOND)
    assert seconds_of(result) == pytest.approx(list(range(12)), abs=0.26)


def test_stamps_that_restart_in_the_middle_go_on_at_the_nominal_rate(tmp_path: Path) -> None:
    first = write_test_film(tmp_path / "first.ts", frames=60, fps=10).read_bytes()
    path = tmp_path / "both.ts"
    path.write_bytes(first + first)
    result = read_source(str(path), plan=EACH_SECOND)
    assert seconds_of(result) == pytest.approx(list(range(12)), abs=0.2)


@pytest.mark.parametrize("pace", list(Pace))
def test_a_recording_without_stamps_runs_at_its_nominal_rate(tmp_path: Path, pace: Pace) -> None:
    path = tmp_path / "film.h264"
    path.write_bytes(b"".join(encode_access_units(76)))
    result = read_source(str(path), plan=EACH_SECOND, pace=pace)
    assert seconds_of(result) == pytest.approx([0, 1, 2, 3], abs=0.3)


def test_in_real_time_a_hole_is_waited_out_and_is_no_dead_camera(tmp_path: Path) -> None:
    path = recording(tmp_path / "hole.mkv", [0.0, 0.1, 0.2, 1.9, 2.0])
    result = read_source(str(path), pace=Pace.REAL_TIME, deadlines=Deadlines(video_s=0.5, picture_s=0.5, key_s=0.5))
    assert result.error is None
    assert seconds_of(result) == pytest.approx([0, 0.1, 0.2, 1.9, 2.0], abs=0.3)


def test_in_real_time_no_hole_is_waited_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_source, "LONGEST_WAIT_S", 0.5)
    path = recording(tmp_path / "hole.mkv", [0.0, 0.1, 3600.0, 3600.1])
    result = read_source(str(path), pace=Pace.REAL_TIME)
    assert len(result.frames) == 4
    assert result.frames[-1].ref.received_at - result.frames[0].ref.received_at < timedelta(seconds=10)


def test_black_after_a_hole_is_reported_at_the_recordings_own_time(tmp_path: Path) -> None:
    moments = every(0.2, count=20) + every(0.2, count=30, start_s=94.0)
    path = recording(tmp_path / "hole.mkv", moments, black_from_s=94.0)
    result = CliRunner().invoke(app, ["score", "--json", str(path)])
    assert result.exit_code in (0, 1), result.output
    frames = [json.loads(line) for line in result.stdout.splitlines()]
    black = [frame["pts_s"] for frame in frames if frame["verdicts"]["black"]["state"] == "fault"]
    assert 94.0 <= black[0] <= 97.0
    text = CliRunner().invoke(app, ["score", str(path)]).output
    assert re.search(r"\(black\) in \d+ frames, 9[4-6]-99 s", text), text
