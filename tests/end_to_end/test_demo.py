"""The demo as a newcomer runs it: it judges itself, and it must judge itself well, served and from files."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from domain.errors import ConfigError
from domain.faults import FAULT_LABELS
from sightline.demo.demo_run import run_demo
from simulation import demo_schedule
from simulation.cameras import camera_provider, served_cameras
from simulation.demo_schedule import DEMO_SCHEDULE, ScheduledCamera, find_faulty
from tests.conftest import absent


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo keeps its films, as in a newcomer's second run."""
    return tmp_path_factory.mktemp("films")


def played(parts: tuple[ScheduledCamera, ...], cache: Path) -> tuple[int, str]:
    """Run the demo for a minute; return its exit status and what it printed."""
    written = StringIO()
    status = run_demo(60, Console(file=written, width=140), parts=parts, cache=cache)
    return status, written.getvalue()


@pytest.mark.slow
@pytest.mark.rtsp
@pytest.mark.timeout(400)
def test_every_planted_fault_is_announced_once_under_its_name_and_the_healthy_stay_silent(films: Path) -> None:
    if reason := served_cameras.explain_missing_server():
        absent(reason)
    status, said = played(DEMO_SCHEDULE, films)
    assert status == 0, said
    assert "a real RTSP server" in said
    assert "http://127.0.0.1:" in said
    for part in find_faulty(DEMO_SCHEDULE):
        assert part.fault is not None
        assert sum("ALERT" in line and f" {part.camera}" in line for line in said.splitlines()) == 1
        assert FAULT_LABELS[part.fault] in said


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_without_a_server_files_are_read_and_the_same_is_found(films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "no RTSP server; install it with: apt-get install it"
    for user in (camera_provider, "sightline.demo.demo_run"):
        monkeypatch.setattr(
            f"{user if isinstance(user, str) else user.__name__}.explain_missing_server", lambda: reason
        )
    chosen = {"gate", "yard-night", "garden", "park"}
    status, said = played(tuple(part for part in demo_schedule.DEMO_SCHEDULE if part.camera in chosen), films)
    assert status == 0, said
    assert "files read at real-time speed" in said
    assert "apt-get install it" in said


def test_a_duration_too_short_to_show_anything_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least"):
        run_demo(10, Console(file=StringIO()), cache=tmp_path)
