"""`sightline cameras discover` against cameras that do not exist."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.cli.commands import discovery
from sightline.config import own_machine
from sightline.config.settings import Settings
from sightline.runtime.stores import command_stores
from simulation.cameras.onvif_device import SimulatedOnvif, answer_probes, serve_onvif
from tests.canary import WORD
from tests.fakes.ports import FakeClock
from tests.unit.sightline.cli.test_cli import assert_plain, run_command

PASSWORD = f"{WORD}-onvif"


@pytest.fixture
def at(tmp_path: Path) -> tuple[str, str]:
    path = tmp_path / "sightline.yaml"
    path.write_text(f"database: sqlite:///{tmp_path}/s.db\n", encoding="utf-8")
    return "--settings", str(path)


@pytest.fixture
def login(tmp_path: Path) -> tuple[str, ...]:
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n", encoding="utf-8")
    return "--user", "operator", "--password-file", str(path)


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedOnvif]:
    device = SimulatedOnvif(password=PASSWORD)
    with serve_onvif(device), answer_probes([device]) as port:
        monkeypatch.setattr(discovery, "GROUP", ("127.0.0.1", port))
        yield device


def stored(tmp_path: Path) -> list[tuple[str, str, str]]:
    with command_stores(Settings(database=f"sqlite:///{tmp_path}/s.db"), FakeClock()) as stores:
        return [(camera.name, camera.url, camera.device) for camera in stores.streams.cameras()]


def test_a_camera_is_found_read_and_added_only_when_that_is_said(
    tmp_path: Path, at: tuple[str, str], login: tuple[str, ...], camera: SimulatedOnvif
) -> None:
    options = ("--wait", "0.5", "--allow-local", "--site", "north", *login, *at)
    tried = run_command("cameras", "discover", *options)
    assert tried.exit_code == 0, tried.output
    assert_plain(tried)
    assert tried.stdout.splitlines() == [
        f"127.0.0.1:{camera.port}: Gate, Sightline Pretended",
        "  * main stream H264 1920x1080 25 fps",
        "    sub stream H264 640x360 15 fps",
        f"add Gate: rtsp://***@127.0.0.1:554/main?***; site: '' → 'north'; device: '' → '{camera.reference}'",
    ]
    assert stored(tmp_path) == []
    assert camera.record.probes == 1
    assert camera.record.logins <= 3
    added = run_command("cameras", "discover", "--add", *options)
    assert (added.exit_code, added.stdout) == (0, tried.stdout)
    assert stored(tmp_path) == [("Gate", f"rtsp://operator:{PASSWORD}@127.0.0.1:554/main?a=1&b=2", camera.reference)]
    again = run_command("cameras", "discover", *options)
    assert "known as Gate" in again.stdout
    assert "keep Gate" in again.stdout


def test_a_camera_whose_address_moved_is_found_by_its_identity(
    tmp_path: Path, at: tuple[str, str], login: tuple[str, ...], camera: SimulatedOnvif
) -> None:
    csv = tmp_path / "cameras.csv"
    csv.write_text(f"name,url,device\nold gate,rtsp://u:x@192.0.2.10/main,{camera.reference}\n", encoding="utf-8")
    assert run_command("cameras", "import", str(csv), *at).exit_code == 0
    unasked = run_command("cameras", "discover", "--add", "--wait", "0.5", "--allow-local", *at)
    assert "asks for a login" in unasked.stdout
    moved = run_command("cameras", "discover", "--add", "--wait", "0.5", "--allow-local", *login, *at)
    assert moved.exit_code == 0, moved.output
    assert stored(tmp_path) == [("old gate", f"rtsp://operator:{PASSWORD}@127.0.0.1/main", camera.reference)]


def test_cameras_at_this_machines_own_addresses_are_left_out_unless_allowed(
    at: tuple[str, str], login: tuple[str, ...], camera: SimulatedOnvif, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_command("cameras", "discover", "--wait", "0.5", *login, *at)
    assert "left out: 1 at addresses of this machine itself" in result.stderr
    assert camera.record.operations == []
    named = run_command("cameras", "discover", f"127.0.0.1:{camera.port}", *at)
    assert (named.exit_code, "is this machine" in named.stderr) == (2, True)
    monkeypatch.setattr(own_machine, "own_addresses", lambda: frozenset({"192.0.2.5"}))
    card = run_command("cameras", "discover", "192.0.2.5", *at)
    assert (card.exit_code, "is this machine" in card.stderr) == (2, True)
    assert camera.record.operations == []


def test_a_named_camera_is_asked_without_a_probe_and_written_as_json(
    at: tuple[str, str], login: tuple[str, ...], camera: SimulatedOnvif
) -> None:
    result = run_command("cameras", "discover", f"127.0.0.1:{camera.port}", "--allow-local", "--json", *login, *at)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["identity"], found["serial"], found["problem"]) == (camera.reference, "4C11AE01C0DE", "")
    assert found["streams"][1] == {"name": "sub stream", "codec": "H264", "width": 640, "height": 360, "fps": 15}
    assert camera.record.probes == 0


def test_a_camera_that_refuses_and_one_that_hangs_stop_no_other(
    tmp_path: Path, at: tuple[str, str], login: tuple[str, ...], camera: SimulatedOnvif
) -> None:
    other = SimulatedOnvif(password="another")
    with serve_onvif(other):
        hosts = [f"127.0.0.1:{other.port}", "127.0.0.1:1", f"127.0.0.1:{camera.port}"]
        result = run_command("cameras", "discover", *hosts, "--add", "--allow-local", *login, *at)
    assert result.exit_code == 0, result.output
    assert "refused the login" in result.stdout
    assert "connection refused" in result.stdout
    assert other.record.refused == 1
    assert [each[2] for each in stored(tmp_path)] == [camera.reference]


@pytest.mark.parametrize("host", ["rtsp://192.0.2.1/", "192.0.2.1:999999", "a b", "", "http://"])
def test_a_host_that_is_none_is_refused(at: tuple[str, str], host: str) -> None:
    refused = run_command("cameras", "discover", *at, "--", host)
    assert (refused.exit_code, "HOST: " in refused.stderr) == (2, True)
