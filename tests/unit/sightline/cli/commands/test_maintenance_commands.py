"""`sightline maintenance` with what recurs, calendars and work that begins now; reports read the same windows."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from domain.cameras import Camera
from sightline.cli.main import app
from sightline.config.settings import Settings
from sightline.config.settings_loading import load_settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores
from sightline.services.maintenance_planner import StoredMaintenancePlanner
from tests.unit.notification.test_calendar_file import CALENDAR


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "sightline.yaml"
    path.write_text(
        f"database: sqlite:///{tmp_path}/s.db\nreports: {{time_zones: {{north: Europe/Berlin}}}}\n", encoding="utf-8"
    )
    with command_stores(Settings(database=f"sqlite:///{tmp_path}/s.db"), SystemClock()) as stores:
        stores.streams.put_camera(Camera("gate", "rtsp://10.0.0.7/1", site="north"), by="ann", at=SystemClock().now())
    return path


def run_command(settings: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["maintenance", *arguments, "-s", str(settings)])


def listed(settings: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in run_command(settings, "list", "--json").output.splitlines()]


def test_what_recurs_is_in_the_table_that_reports_read(settings: Path) -> None:
    result = run_command(
        settings, "add", "2026-11-02T22:00", "2026-11-03T02:00", "--site", "north", "--every", "FREQ=DAILY"
    )
    assert result.exit_code == 0, result.output
    windows = listed(settings)
    assert len(windows) >= 59
    assert {window["site"] for window in windows} == {"north"}
    schedule = result.output.split()[1].rstrip(":")
    assert run_command(settings, "remove", schedule).exit_code == 0
    assert len(listed(settings)) <= 1, "only one that runs now stays"


def test_a_window_that_was_taken_back_does_not_come_again(settings: Path) -> None:
    run_command(settings, "add", "2026-11-02T22:00", "2026-11-03T02:00", "--site", "north", "--every", "FREQ=DAILY")
    windows = listed(settings)
    assert run_command(settings, "remove", windows[5]["id"]).exit_code == 0
    chosen, clock = load_settings(settings), SystemClock()
    with command_stores(chosen, clock) as stores:
        StoredMaintenancePlanner(stores.reports, stores.quiet, clock, chosen.reports.zones().of).extend_schedules()
    assert [each["id"] for each in listed(settings)] == [each["id"] for each in windows if each != windows[5]]


def test_a_rule_that_cannot_be_read_is_refused(settings: Path) -> None:
    result = run_command(settings, "add", "2026-11-02T22:00", "2026-11-03T02:00", "--every", "every monday")
    assert result.exit_code != 0
    assert "FREQ=WEEKLY;BYDAY=MO" in result.output


def test_a_calendar_is_imported_twice_and_is_there_once(settings: Path, tmp_path: Path) -> None:
    calendar = tmp_path / "work.ics"
    calendar.write_bytes(CALENDAR)
    for _ in range(2):
        result = run_command(settings, "import", str(calendar), "--site", "north")
        assert result.exit_code == 0, result.output
        assert "announced 3 windows, scheduled 1" in result.output
    assert sorted(window["reason"] for window in listed(settings)) == ["Cleaning the domes", "Floating", "Whole day"]


def test_work_on_a_camera_begins_now_and_ends_now(settings: Path) -> None:
    result = run_command(settings, "start", "gate", "--hours", "2", "--reason", "new mast")
    assert result.exit_code == 0, result.output
    (window,) = listed(settings)
    assert (window["camera"], window["reason"]) == ("gate", "new mast")
    assert run_command(settings, "end", window["id"]).exit_code == 0
    assert listed(settings)[0]["until"] < window["until"]
    assert run_command(settings, "end", window["id"]).exit_code != 0
    assert run_command(settings, "start", "nobody").exit_code != 0
