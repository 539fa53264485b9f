"""`sightline report`, `report verify` and `maintenance` as a person types them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from domain.cameras import Camera
from domain.errors import ConfigError
from domain.messages import BatchResult
from domain.report_files import ReportFormat
from domain.verdict_time import TimeState, VerdictSpan
from reports.export.seal import seal
from sightline.cli.main import app
from sightline.config.settings import Settings
from sightline.config.settings_loading import parse_settings
from sightline.runtime.stores import command_stores
from tests.fakes.ports import FakeClock

KEY = "an operators own key"
DAY = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "sightline.yaml"
    path.write_text(
        f"database: sqlite:///{tmp_path}/s.db\nreports: {{time_zones: {{north: Europe/Berlin}}, signing_key: {KEY}}}\n",
        encoding="utf-8",
    )
    chosen = Settings(database=f"sqlite:///{tmp_path}/s.db")
    with command_stores(chosen, FakeClock(DAY)) as stores:
        stores.streams.put_camera(Camera("gate", "rtsp://10.0.0.7/1", site="north"), by="ann", at=DAY)
        spans = (
            VerdictSpan("gate", DAY, DAY + timedelta(hours=12), TimeState.OK),
            VerdictSpan("gate", DAY + timedelta(hours=12), DAY + timedelta(hours=18), TimeState.FAULT, "blur"),
        )
        stores.scores.add(BatchResult(spans=spans))
    return path


def called(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def made(settings: Path, *options: str) -> dict[str, object]:
    target = settings.parent / "r.json"
    days = ("--since", "2026-11-20", "--until", "2026-11-20")
    result = called("report", *days, "-f", "json", "-o", str(target), "-s", str(settings), *options)
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(target.read_bytes())
    return found


def seconds(report: dict[str, object]) -> dict[str, int]:
    found: dict[str, int] = report["summary"]["seconds"]  # type: ignore[index]
    return found


def test_a_report_counts_local_days_and_what_was_not_written_down_is_unknown(settings: Path) -> None:
    assert seconds(made(settings)) == {
        "usable": 12 * 3600,
        "fault:blur": 6 * 3600,
        "unknown:not_running": 5 * 3600,
        "maintenance": 0,
        "unwatched": 3600,
    }


def test_maintenance_is_announced_listed_counted_apart_and_withdrawn(settings: Path) -> None:
    at = ("-s", str(settings))
    window = ("2026-11-20T14:00", "2026-11-20T15:30", "--site", "north", "--reason", "lenses cleaned")
    assert called("maintenance", "add", *window, *at).exit_code == 0
    (listed,) = [json.loads(line) for line in called("maintenance", "list", "--json", *at).stdout.splitlines()]
    assert (listed["since"], listed["site"]) == ("2026-11-20T13:00:00+00:00", "north")
    assert seconds(made(settings))["maintenance"] == 5400
    assert seconds(made(settings))["fault:blur"] == 6 * 3600 - 5400
    assert called("maintenance", "remove", listed["id"], *at).exit_code == 0
    assert seconds(made(settings))["maintenance"] == 0
    again = called("maintenance", "remove", listed["id"], *at)
    assert again.exit_code == 2
    assert "maintenance list" in again.output


def test_maintenance_that_cannot_be_is_refused(settings: Path) -> None:
    backwards = called("maintenance", "add", "2026-11-20T15:00", "2026-11-20T14:00", "-s", str(settings))
    assert (backwards.exit_code, "must be after" in backwards.output) == (2, True)
    nobody = called(
        "maintenance", "add", "2026-11-20T14:00", "2026-11-20T15:00", "--camera", "gaet", "-s", str(settings)
    )
    assert (nobody.exit_code, "never a camera" in nobody.output) == (2, True)


def test_a_report_is_verified_and_an_altered_one_is_reported(settings: Path) -> None:
    made(settings)
    file = settings.parent / "r.json"
    good = called("report", "verify", str(file), "-s", str(settings))
    assert (good.exit_code, "signed with the key" in good.output) == (0, True)
    file.write_bytes(file.read_bytes().replace(b'"usable": 43200', b'"usable": 43201'))
    bad = called("report", "verify", str(file), "-s", str(settings))
    assert (bad.exit_code, "NOT as it was written" in bad.output) == (1, True)
    told = json.loads(called("report", "verify", "--json", str(file), "-s", str(settings)).stdout)
    assert (told["outcome"], told["signed"]) == ("changed", False)


def test_a_report_without_a_signature_fails_where_the_settings_hold_a_key(settings: Path) -> None:
    unsigned = settings.parent / "unsigned.csv"
    unsigned.write_bytes(seal(b"site,camera\r\n", ReportFormat.CSV))
    found = called("report", "verify", str(unsigned), "-s", str(settings))
    assert found.exit_code == 1
    assert "NOT signed, although these settings hold a key" in " ".join(found.output.split())
    answer = json.loads(called("report", "verify", "--json", str(unsigned), "-s", str(settings)).stdout)
    assert (answer["outcome"], answer["has_signature"]) == ("not_signed", False)


def test_a_file_that_is_no_report_and_one_that_is_not_there_are_distinguished(settings: Path) -> None:
    other = settings.parent / "letter.txt"
    other.write_text("dear sirs")
    assert "not sealed" in called("report", "verify", str(other), "-s", str(settings)).output
    missing = called("report", "verify", str(settings.parent / "none.pdf"), "-s", str(settings))
    assert (missing.exit_code, "no such file" in missing.output) == (2, True)


@pytest.mark.parametrize("form", ["html", "pdf", "csv"])
def test_every_format_is_written_under_a_name_that_says_what_it_is(
    settings: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(settings.parent)
    options = ("--since", "2026-11-20", "--until", "2026-11-21", "--site", "north", "-s", str(settings))
    assert called("report", "-f", form, *options).exit_code == 0
    assert (settings.parent / f"sightline-north-2026-11-20-to-2026-11-21.{form}").stat().st_size > 500


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"time_zone": "Berlin"}, "reports.time_zone: no time zone of this name"),
        ({"time_zones": {"north": "Nowhere/City"}}, "no time zone of this name"),
        ({"signing_key": "short"}, "reports.signing_key: shorter than 16"),
        ({"schedule": [{"every": "day"}]}, "reports.schedule"),
        ({"schedule": [{"every": "week", "formats": []}]}, "reports.schedule"),
    ],
)
def test_a_wrong_setting_is_named_by_its_path(content: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_settings({"reports": content})


def test_the_key_is_a_secret() -> None:
    chosen = parse_settings({"reports": {"signing_key": KEY}})
    assert KEY in chosen.secrets()
    assert KEY not in repr(chosen)
