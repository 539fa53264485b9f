"""The units of systemd: systemd itself finds nothing wrong, and they call commands that there are."""

import configparser
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sightline.cli.main import app

UNITS = sorted(Path("deploy/systemd").iterdir())
PROGRAM = "/opt/sightline/.venv/bin/sightline"
HARDENING = ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictSUIDSGID", "ProtectKernelTunables")


def read(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(path.read_text(encoding="utf-8"))
    return unit


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="apt-get install systemd")
def test_systemd_accepts_each_unit(tmp_path: Path) -> None:
    for path in UNITS:
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace(PROGRAM, shutil.which("true") or ""), encoding="utf-8")
    units = [str(tmp_path / path.name) for path in UNITS]
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False, timeout=60
    )
    named = [line for line in verified.stderr.splitlines() if str(tmp_path) in line or line.startswith("sightline")]
    assert (verified.returncode, named) == (0, []), verified.stderr


@pytest.mark.parametrize("path", [each for each in UNITS if each.suffix == ".service"], ids=lambda path: path.name)
def test_a_service_gains_nothing_and_calls_commands_that_there_are(path: Path) -> None:
    service = read(path)["Service"]
    assert [service[key] for key in HARDENING] == ["yes"] * len(HARDENING)
    assert (service["User"], service["ProtectSystem"], service["CapabilityBoundingSet"]) == ("sightline", "strict", "")
    lines = [service[key] for key in ("ExecStartPre", "ExecStart") if PROGRAM in service.get(key, "")]
    assert lines
    for line in lines:
        words = shlex.split(line[line.index(PROGRAM) :].replace("'", " ").replace('"', " "))[1:]
        name = words[:2] if words[0] == "settings" else words[:1]
        assert CliRunner().invoke(app, [*name, "--help"]).exit_code == 0


def test_a_wrong_setting_is_not_tried_again() -> None:
    assert read(Path("deploy/systemd/sightline.service"))["Service"]["RestartPreventExitStatus"] == "2"
