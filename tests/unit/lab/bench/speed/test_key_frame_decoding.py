"""The decode benchmark counts what it says it counts."""

import shutil
from pathlib import Path

import pytest

from lab.bench.speed.key_frame_decoding import run
from tests.cameras.films import write_test_film
from tests.conftest import absent


def test_it_reports_the_ratio_and_what_it_is_made_of(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        absent("needs FFmpeg's command line: apt-get install ffmpeg")
    result = run(film=write_test_film(tmp_path / "film.mp4", frames=400, gop=5, size=(320, 240)), repeats=1)
    assert result["key_frames"] == 79
    assert result["decode_threads"] == 1
    assert result["key_frames_over_ffmpeg"] == pytest.approx(
        result["key_frames_per_s"] / result["ffmpeg_key_frames_per_s"], rel=0.01
    )
