"""`sightline backup` beside a `sightline run` that is then killed: what was committed is in the copy, elsewhere."""

import time
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from domain.quiet_times import Snooze
from domain.records import StoredScores
from lab.bench.endurance.sightline_process import SIGHTLINE, SightlineProcess
from sightline.cli.main import app
from sightline.config.settings_loading import load_settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores
from tests.end_to_end.clips import models_off, write_clip

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

WAIT_S = 300.0


def write_settings(folder: Path, clip: Path) -> Path:
    folder.mkdir()
    path = folder / "sightline.yaml"
    content = {
        "database": f"sqlite:///{folder}/s.db",
        "api": {"port": 0},
        "models": models_off(),
        "cameras": [{"name": "gate", "url": str(clip), "site": "depot"}],
    }
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def stored(path: Path) -> set[tuple[str, int]]:
    """Return every frame of the camera that is stored, by session and sequence number."""
    clock = SystemClock()
    with command_stores(load_settings(path), clock) as stores:
        now = clock.now()
        found = stores.scores.frames("gate", now - timedelta(hours=1), now + timedelta(hours=1), limit=100_000)
    return {key_of(row) for row in found}


def key_of(row: StoredScores) -> tuple[str, int]:
    return row.ref.session_id, row.ref.sequence


def test_what_was_committed_is_in_the_copy_and_works_elsewhere(tmp_path: Path) -> None:
    clip = tmp_path / "scene.mp4"
    write_clip(clip, seconds=600, fps=2)
    here, there = write_settings(tmp_path / "here", clip), write_settings(tmp_path / "there", clip)
    run = SightlineProcess("run", [*SIGHTLINE, "run", str(here)], tmp_path / "run.log")
    run.start()
    try:
        deadline = time.monotonic() + WAIT_S
        while not (tmp_path / "here" / "s.db").exists() or len(stored(here)) < 5:
            assert time.monotonic() < deadline, (tmp_path / "run.log").read_text()
            time.sleep(0.2)
        clock = SystemClock()
        with command_stores(load_settings(here), clock) as stores:
            snooze = Snooze("s1", clock.now() + timedelta(hours=9), camera="gate", reason="spare part", by="ann")
            stores.quiet.put_snooze(snooze, at=clock.now())
        committed = stored(here)
        copy = str(tmp_path / "copy")
        made = CliRunner().invoke(app, ["backup", copy, "--settings", str(here)])
        assert made.exit_code == 0, made.output
        later = len(committed)
        while len(stored(here)) <= later:  # nobody waits for a copy: the run goes on
            assert time.monotonic() < deadline, (tmp_path / "run.log").read_text()
            time.sleep(0.2)
    finally:
        run.kill()
    restored = CliRunner().invoke(app, ["restore", copy, "--settings", str(there)])
    assert restored.exit_code == 0, restored.output
    kept = stored(there)
    assert committed <= kept <= stored(here)
    with command_stores(load_settings(there), SystemClock()) as stores:
        assert [camera.name for camera in stores.streams.cameras()] == ["gate"]
        assert [each.reason for each in stores.quiet.snoozes(clock.now())] == ["spare part"]
        assert stores.audit.entries()[0].action == "snooze"
