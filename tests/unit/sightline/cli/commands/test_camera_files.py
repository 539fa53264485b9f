from pathlib import Path

import pytest

from sightline.config.settings import Settings
from sightline.runtime.stores import command_stores
from tests.fakes.ports import FakeClock
from tests.unit.sightline.cli.test_cli import URL, assert_plain, run_command


@pytest.fixture
def at(tmp_path: Path) -> tuple[str, str]:
    path = tmp_path / "sightline.yaml"
    path.write_text(f"database: sqlite:///{tmp_path}/s.db\n", encoding="utf-8")
    return "--settings", str(path)


def test_an_export_is_imported_elsewhere_as_the_same_cameras(tmp_path: Path, at: tuple[str, str]) -> None:
    csv, there = tmp_path / "cameras.csv", tmp_path / "there.yaml"
    there.write_text(f"database: sqlite:///{tmp_path}/there.db\n", encoding="utf-8")
    first = tmp_path / "first.csv"
    first.write_text(f"name,url,masks,faults,ptz\ngate,{URL},0 0 0.3 0.06,glare=off|noise=3,yes\n", encoding="utf-8")
    results = [
        run_command("cameras", "import", str(first), *at),
        run_command("cameras", "export", str(csv), *at),
        run_command("cameras", "import", str(csv), "--settings", str(there)),
    ]
    for result in results:
        assert result.exit_code == 0, result.output
        assert_plain(result)
    again = run_command("cameras", "export", str(csv), *at)
    assert (again.exit_code, "never overwritten" in again.stderr) == (2, True)
    assert csv.stat().st_mode & 0o777 == 0o600
    stored = []
    for name in ("s.db", "there.db"):
        with command_stores(Settings(database=f"sqlite:///{tmp_path}/{name}"), FakeClock()) as stores:
            stored.append(list(stores.streams.cameras()))
    assert stored[0] == stored[1]
    assert stored[0][0].ptz


def test_a_dry_run_says_what_would_change_and_changes_nothing(tmp_path: Path, at: tuple[str, str]) -> None:
    run_command("cameras", "add", "gate", URL, "--site", "north", *at)
    run_command("cameras", "add", "door", "rtsp://h/3", *at)
    csv = tmp_path / "cameras.csv"
    csv.write_text(f"name,url,site,ptz\ngate,{URL}2,south,no\nyard,rtsp://h/2,,yes\ndoor,rtsp://h/3,,no\n", "utf-8")
    listed = run_command("cameras", "list", *at).output
    tried = run_command("cameras", "import", str(csv), "--dry-run", *at)
    assert tried.exit_code == 0, tried.output
    assert_plain(tried)
    change, add, keep = tried.stdout.splitlines()
    assert (change[:12], "site: 'north' → 'south'" in change) == ("change gate:", True)
    assert (add, keep) == ("add yard: rtsp://h/2; ptz: no → yes", "keep door")
    assert "dry run: would import 3 cameras" in tried.stderr
    assert run_command("cameras", "list", *at).output == listed
    assert run_command("cameras", "import", str(csv), *at).stdout == tried.stdout
    assert "south" in run_command("cameras", "list", *at).output


def test_a_configuration_of_another_program_is_imported_and_what_is_left_out_is_said(
    tmp_path: Path, at: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERA_PASSWORD", "var-hunter2")
    path = tmp_path / "go2rtc.yaml"
    path.write_text(
        "streams: {gate: 'rtsp://u:${CAMERA_PASSWORD}@192.0.2.1/main', here: 'rtsp://u:x@127.0.0.1/1', cmd: 'exec:ls'}",
        encoding="utf-8",
    )
    result = run_command("cameras", "import", str(path), *at)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("add gate: rtsp://***@192.0.2.1/main")
    assert [line[:19] for line in result.stderr.splitlines()] == [
        "left out: streams.h",
        "left out: streams.c",
        "imported 1 cameras:",
    ]
    assert_plain(result)
    assert run_command("cameras", "import", str(path), "--column", "a=b", *at).exit_code == 2


@pytest.mark.parametrize("mapping", ["url", "colour=x", "url=", "url=a|url=b"])
def test_a_mapping_that_cannot_be_is_refused(tmp_path: Path, at: tuple[str, str], mapping: str) -> None:
    csv = tmp_path / "cameras.csv"
    csv.write_text("name,url\ngate,rtsp://h/1\n", encoding="utf-8")
    options = [word for each in mapping.split("|") for word in ("--column", each)]
    refused = run_command("cameras", "import", str(csv), *options, *at)
    assert (refused.exit_code, "--column: " in refused.stderr) == (2, True)
