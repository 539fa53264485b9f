"""`sightline watch`, `cameras test` and `run` as a person starts them."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sightline.cli import watch_output
from sightline.cli.console import write_json
from sightline.cli.main import app
from simulation.cameras.served_cameras import ServedCamera
from tests.conftest import Serve
from tests.end_to_end.clips import models_off, write_clip

pytestmark = pytest.mark.slow
PASSWORD = "p@ss:w/1#hunter2"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "scene.mp4"
    write_clip(path, seconds=40, fps=5)
    return path


def watched(*arguments: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, ["watch", "--json", *arguments])
    assert result.exit_code == 0, result.output
    assert "hunter2" not in result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def is_decided(told: Any) -> bool:
    return bool(told["verdicts"].get("blur", {}).get("state") == "ok" and told["checks_made"] >= 10)


@pytest.fixture
def stop_once_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `watch` end as at its `--for` as soon as it wrote a verdict: how long that takes is the machine's matter."""
    stops: list[threading.Event] = []
    stop_after = watch_output._stop_after

    def note_stop(seconds: float, stop: threading.Event) -> None:
        stops.append(stop)
        stop_after(seconds, stop)

    def write_and_stop(told: Any) -> None:
        write_json(told)
        if is_decided(told):
            stops[0].set()

    monkeypatch.setattr(watch_output, "_stop_after", note_stop)
    monkeypatch.setattr(watch_output, "write_json", write_and_stop)


@pytest.mark.rtsp
def test_a_verdict_of_a_real_stream_comes_within_ten_frames_of_one_a_second(
    clip: Path, serve: Serve, stop_once_decided: None
) -> None:
    server = serve(ServedCamera("gate", (clip,), user="admin", password=PASSWORD))

    told = watched(f"rtsp://admin:{PASSWORD}@127.0.0.1:{server.port}/gate", "--for", "180")

    first = next(each for each in told if each["frames_judged"])
    decided = next(each for each in told if is_decided(each))
    assert decided["frames_judged"] - first["frames_judged"] <= 10
    assert decided["checks"] == 27  # snow and stripes are asked of analogue encoders only
    assert decided["checks_made"] < 27
    assert decided["connection"] == "live"


def test_a_camera_of_the_store_is_tested_without_storing_anything(clip: Path, tmp_path: Path) -> None:
    settings = tmp_path / "s.yaml"
    settings.write_text(f"database: sqlite:///{tmp_path}/s.db\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["cameras", "add", "gate", str(clip), "-s", str(settings)]).exit_code == 0

    result = CliRunner().invoke(app, ["cameras", "test", "gate", "--for", "8", "-s", str(settings)])

    assert result.exit_code == 0, result.output
    assert "checks made" in result.output


@pytest.fixture
def running(clip: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    settings = tmp_path / "s.yaml"
    wanted = {
        "database": f"sqlite:///{tmp_path}/s.db",
        "api": {"port": 0},
        "cameras": [{"name": "gate", "url": str(clip)}],
        "models": models_off(),
    }
    settings.write_text(json.dumps(wanted), encoding="utf-8")
    command = [sys.executable, "-c", "from sightline.cli.main import app; app()", "run", str(settings)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def read_until(process: subprocess.Popen[str], wanted: Callable[[str], bool]) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if wanted(line):
            return line
    return ""


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_run_tells_where_the_page_is_and_ends_in_order_when_asked(
    running: subprocess.Popen[str], asked: signal.Signals
) -> None:
    assert "http://127.0.0.1:" in read_until(running, lambda line: "the page is at" in line)

    running.send_signal(asked)

    assert read_until(running, lambda line: line.startswith("stopping"))
    assert running.wait(120) == 0
