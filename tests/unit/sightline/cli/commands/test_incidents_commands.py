"""Incidents are worked on by command: the same log and the same counts as on the page."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from domain.alerts import Incident, IncidentState
from domain.cameras import Camera
from domain.faults import Fault
from domain.messages import BatchResult
from sightline.cli.main import app
from sightline.config.settings import Settings
from sightline.runtime.stores import command_stores
from tests.fakes.ports import START, FakeClock


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    database = f"sqlite:///{tmp_path}/s.db"
    path = tmp_path / "sightline.yaml"
    path.write_text(f"database: {database}\n", encoding="utf-8")
    incidents = [
        Incident("i-1", "gate", Fault.BLUR, IncidentState.OPEN, START, START, site="North"),
        Incident("i-2", "gate", Fault.SIGNAL_LOSS, IncidentState.RESOLVED, START, START, site="South"),
    ]
    with command_stores(Settings(database=database), FakeClock()) as stores:
        stores.streams.put_camera(Camera("gate", "rtsp://h/1"), by="test", at=START)
        stores.scores.add(BatchResult(incidents=tuple(incidents)))
    return path


def run_command(settings: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["incidents", *arguments, "--settings", str(settings)])


def lines(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_work_on_an_incident_is_logged_and_its_answer_counted(settings: Path) -> None:
    by = ("--by", "ana")
    assert run_command(settings, "ack", "i-1", "--reason", "on my way", *by).exit_code == 0
    assert run_command(settings, "assign", "i-1", "bob", "--note", "yours", *by).exit_code == 0
    assert run_command(settings, "comment", "i-1", "a web", "--by", "bob").exit_code == 0
    assert run_command(settings, "answer", "i-1", "wrong", "--note", "fog", "--by", "bob").exit_code == 0
    log = lines(run_command(settings, "log", "i-1", "--json"))
    assert [(each["by"], each["action"], each["value"], each["note"]) for each in log] == [
        ("ana", "acknowledge", "", "on my way"),
        ("ana", "assign", "bob", "yours"),
        ("bob", "comment", "", "a web"),
        ("bob", "answer", "wrong", "fog"),
    ]
    assert "a web" in run_command(settings, "log", "i-1").output
    (found,) = lines(run_command(settings, "precision", "--json"))
    assert (found["fault"], found["right"], found["wrong"], found["precision"]) == ("blur", 0, 1, 0.0)
    assert "out of focus" in run_command(settings, "precision").output


def test_a_second_acknowledgement_says_who_was_first_and_when(settings: Path) -> None:
    run_command(settings, "ack", "i-1", "--by", "ana")
    second = run_command(settings, "ack", "i-1", "--by", "bob")
    assert second.exit_code == 2
    assert "'i-1': ana took it on at 20" in second.stderr


def test_the_new_normal_accepts_the_view_where_there_is_one(settings: Path) -> None:
    done = run_command(settings, "answer", "i-1", "new-normal", "--by", "ana")
    assert done.exit_code == 0
    assert "the present view is accepted" in done.stderr
    refused = run_command(settings, "answer", "i-2", "new-normal", "--by", "ana")
    assert refused.exit_code == 2
    assert "leaves no view to accept" in refused.stderr


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ((), ["i-1"]),
        (("--all",), ["i-2", "i-1"]),
        (("--all", "--site", "South"), ["i-2"]),
        (("--fault", "blur"), ["i-1"]),
        (("--assigned-to", "bob"), []),
        (("--unanswered",), ["i-2", "i-1"]),
    ],
)
def test_incidents_are_listed_by_what_is_asked(settings: Path, asked: tuple[str, ...], found: list[str]) -> None:
    listed = run_command(settings, "list", "--json", *asked)
    assert [each["incident_id"] for each in lines(listed)] == found


@pytest.mark.parametrize(
    "command", [("assign", "x", "bob"), ("comment", "x", "hm"), ("answer", "x", "right"), ("log", "x")]
)
def test_an_unknown_incident_is_one_clear_line(settings: Path, command: tuple[str, ...]) -> None:
    result = run_command(settings, *command)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "'x': there is none" in result.stderr
