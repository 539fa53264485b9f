"""The long watch in its short form: books that close, one alert for the pulled camera, none for the other."""

import json

import pytest
from typer.testing import CliRunner

from lab.bench.soak import run
from lab.cli.bench import build_embedded
from sightline.cli.main import app
from simulation.cameras.served_cameras import explain_missing_server
from tests.conftest import absent


@pytest.mark.rtsp
@pytest.mark.slow
def test_a_short_watch_keeps_every_promise_and_says_what_a_camera_costs() -> None:
    reason = explain_missing_server()
    if reason is not None:
        absent(reason)

    found = run(build_embedded, minutes=0.75, cameras=2, raise_s=1.0)

    assert found["broken"] == []
    frames = found["frames"]
    assert frames["offered"] == frames["stored"] + frames["dropped"]
    # One frame a second from each, less the time one was away and joined again.
    assert 45 + 10 < frames["offered"] <= 2 * 49
    assert found["pulled_camera"]["headline"] == "signal_loss"
    assert found["pulled_camera"]["raised_after_s"] >= 1.0
    assert found["processes"] == 2
    assert found["cpu"]["per_camera_minute_s"] > 0


def test_a_broken_promise_ends_the_command_with_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"broken": ["camera-01: 9 frames offered, 7 stored and 1 dropped"]}
    monkeypatch.setattr("lab.bench.soak.run", lambda _build, **_options: found)
    result = CliRunner().invoke(app, ["bench", "soak", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout) == found
