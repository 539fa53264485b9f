"""`sightline shadow` as a person types it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from domain.alerts import Incident, IncidentState, NotificationKind
from domain.faults import Fault
from domain.shadow import ShadowMessage
from sightline.cli.main import app
from sightline.config.settings import Settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores


def called(settings: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["shadow", "-s", str(settings), *arguments])


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "sightline.yaml"
    path.write_text(f"database: sqlite:///{tmp_path}/s.db\nalerts: {{shadow: true}}\n", encoding="utf-8")
    return path


def keep(settings: Path, number: int, fault: Fault, at: datetime) -> None:
    incident = Incident(f"i{number}", f"cam-{number}", fault, IncidentState.OPEN, at, at, summary=f"cam-{number}: seen")
    with command_stores(Settings(database=f"sqlite:///{settings.parent}/s.db"), SystemClock()) as stores:
        stores.shadow.record(ShadowMessage(f"i{number}:firing", "desk", NotificationKind.FIRING, incident, at))


def test_nothing_kept_is_said_with_the_state(settings: Path) -> None:
    result = called(settings)
    assert result.exit_code == 0, result.output
    assert "Shadow mode is on" in result.output
    assert "nothing was kept" in result.output


def test_counts_and_messages_of_the_stretch_are_shown(settings: Path) -> None:
    now = datetime.now(UTC)
    keep(settings, 1, Fault.BLUR, now - timedelta(hours=3))
    keep(settings, 2, Fault.COVERED, now - timedelta(days=20))
    shown = called(settings).output
    assert "cam-1: seen" in shown
    assert ["out", "of", "focus", "1", "1"] in [line.split() for line in shown.splitlines()]
    assert "cam-2" not in shown
    lines = [json.loads(line) for line in called(settings, "--days", "30", "--json").output.splitlines()]
    assert [(each["headline"], each["receiver"]) for each in lines] == [("blur", "desk"), ("covered", "desk")]
