"""`sightline audit` and `sightline users setup`."""

import csv
import io
import json
from pathlib import Path

from tests.unit.sightline.cli.commands.test_backup import settings_at
from tests.unit.sightline.cli.test_cli import URL, assert_plain, run_command


def test_what_was_done_is_listed_found_and_written_to_a_file(tmp_path: Path) -> None:
    at = settings_at(tmp_path, f"sqlite:///{tmp_path}/s.db")
    run_command("cameras", "add", "gate", URL, "--site", "north", "--by", "ann", *at)
    run_command("cameras", "export", str(tmp_path / "cameras"), *at)
    listed = run_command("audit", *at)
    assert listed.exit_code == 0, listed.output
    text = " ".join(listed.stdout.split())
    assert text.index("export cameras") < text.index("ann command line put camera gate")
    (found,) = [json.loads(each) for each in run_command("audit", "--who", "ann", "--json", *at).stdout.splitlines()]
    assert (found["camera"], found["site"], found["via"]) == ("gate", "north", "command line")
    rows = list(csv.DictReader(io.StringIO(run_command("audit", "--csv", "--by", "carl", *at).stdout)))
    assert (rows[0]["by"], rows[0]["action"]) == ("carl", "export audit")
    assert len(rows) == 3
    assert run_command("audit", "--camera", "absent", *at).stdout == ""
    assert_plain(listed)


def test_a_link_makes_the_first_administrator_and_none_after_there_is_one(tmp_path: Path) -> None:
    at = settings_at(tmp_path, f"sqlite:///{tmp_path}/s.db")
    first, second = (run_command("users", "setup", *at) for _ in range(2))
    assert first.exit_code == 0
    assert first.stdout.startswith("http://127.0.0.1:8642/setup?token=")
    assert first.stdout != second.stdout
    stored = (tmp_path / "s.db").read_bytes()
    assert first.stdout.strip().partition("token=")[2].encode() not in stored
    run_command("users", "add", "ann", "--role", "admin", "--password-stdin", *at, typed="four quite plain words\n")
    refused = run_command("users", "setup", *at)
    assert refused.exit_code == 2
    assert "there is a user already" in refused.stderr
