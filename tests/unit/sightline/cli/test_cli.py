import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner, Result

from domain.alerts import Incident, IncidentState
from domain.cameras import Mask
from domain.errors import ConfigError
from domain.faults import Fault
from domain.messages import BatchResult
from sightline.cli.main import app
from sightline.config.settings import Settings
from sightline.config.settings_loading import parse_settings
from sightline.runtime.stores import command_stores
from tests.fakes.ports import START, FakeClock

PASSWORD = "p@ss:w/#rd-hunter2"
MASKS = (Mask(0.1, 0.1, 0.2, 0.2),)
URL = f"rtsp://admin:{PASSWORD}@10.0.0.5:554/main"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "sightline.yaml"
    path.write_text(f"database: sqlite:///{tmp_path}/s.db\n", encoding="utf-8")
    return path


def run_command(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=typed)


def assert_plain(result: Result) -> None:
    """Nobody may see a traceback or a part of the password."""
    assert "Traceback" not in result.output
    for part in (PASSWORD, "hunter2", "p@ss", "p%40ss"):
        assert part not in result.output


def test_the_version_is_reported() -> None:
    assert run_command("--version").output.startswith("sightline 0.")


def test_a_camera_is_added_listed_accepted_and_removed(settings: Path) -> None:
    at = ("--settings", str(settings))
    added = run_command("cameras", "add", "gate", URL, "--site", "north", *at)
    assert added.exit_code == 0, added.output
    assert_plain(added)

    listed = run_command("cameras", "list", *at)
    assert "rtsp://***@10.0.0.5:554/main" in listed.output
    assert "north" in listed.output
    assert_plain(listed)

    assert run_command("cameras", "accept", "gate", *at).exit_code == 0
    (camera,) = [json.loads(line) for line in run_command("cameras", "list", "--json", *at).stdout.splitlines()]
    assert camera["accepted_at"] is not None

    assert run_command("cameras", "remove", "gate", *at).exit_code == 0
    assert "no cameras yet" in run_command("cameras", "list", *at).output


def test_adding_a_known_camera_again_keeps_what_was_chosen_on_the_page(settings: Path, tmp_path: Path) -> None:
    at = ("--settings", str(settings))
    run_command("cameras", "add", "gate", URL, *at)
    with command_stores(Settings(database=f"sqlite:///{tmp_path}/s.db"), FakeClock()) as stores:
        stores.streams.edit_camera("gate", lambda known: replace(known, masks=MASKS, ptz=True), by="ann", at=START)
    assert run_command("cameras", "add", "gate", "rtsp://h/2", "--site", "north", *at).exit_code == 0
    with command_stores(Settings(database=f"sqlite:///{tmp_path}/s.db"), FakeClock()) as stores:
        camera = stores.streams.camera("gate")
    assert camera is not None
    assert (camera.url, camera.site, camera.masks, camera.ptz) == ("rtsp://h/2", "north", MASKS, True)


def test_an_address_can_come_from_standard_input_so_that_no_other_user_sees_it(settings: Path) -> None:
    added = run_command("cameras", "add", "gate", "-", "--settings", str(settings), typed=f"{URL}\n")

    assert added.exit_code == 0, added.output
    assert_plain(added)
    assert "***@10.0.0.5" in run_command("cameras", "list", "--settings", str(settings)).output


@pytest.mark.parametrize("command", ["accept", "remove", "test"])
def test_a_camera_that_is_not_there_is_one_clear_line(settings: Path, command: str) -> None:
    result = run_command("cameras", command, "nobody", "--settings", str(settings))

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "'nobody'" in result.stderr


def test_an_import_is_all_or_nothing_and_names_the_wrong_line(settings: Path, tmp_path: Path) -> None:
    csv = tmp_path / "cameras.csv"
    csv.write_text(f"name,url\ngate,{URL}\n=bad(),\n", encoding="utf-8")

    refused = run_command("cameras", "import", str(csv), "--settings", str(settings))

    assert refused.exit_code == 2
    assert "line 3" in refused.stderr
    assert_plain(refused)
    assert "no cameras yet" in run_command("cameras", "list", "--settings", str(settings)).output

    csv.write_text(f"name,url\ngate,{URL}\nyard,rtsp://h/2\n", encoding="utf-8")
    taken = run_command("cameras", "import", str(csv), "--settings", str(settings))
    assert taken.exit_code == 0
    assert "imported 2 cameras" in taken.stderr
    assert_plain(taken)


def test_incidents_are_listed_and_acknowledged_by_name(settings: Path, tmp_path: Path) -> None:
    incident = Incident("i-1", "gate", Fault.BLUR, IncidentState.OPEN, START, START, summary="gate is out of focus")
    with command_stores(Settings(database=f"sqlite:///{tmp_path}/s.db"), FakeClock()) as stores:
        stores.scores.add(BatchResult(incidents=(incident,)))
    at = ("--settings", str(settings))

    assert "gate is out of focus" in run_command("incidents", "list", *at).output
    assert run_command("incidents", "ack", "i-1", "--by", "ana", "--reason", "cleaning", *at).exit_code == 0
    (shown,) = [json.loads(line) for line in run_command("incidents", "list", "--json", *at).stdout.splitlines()]
    assert shown["acknowledged_by"] == "ana"


def test_an_incident_that_is_not_there_is_one_clear_line(settings: Path) -> None:
    result = run_command("incidents", "ack", "none", "--settings", str(settings))

    assert result.exit_code == 2
    assert "'none'" in result.stderr
    assert "no open incidents" in run_command("incidents", "list", "--settings", str(settings)).output


def test_migrating_twice_changes_nothing(settings: Path) -> None:
    first = run_command("migrate", "--settings", str(settings))
    second = run_command("migrate", "--settings", str(settings))

    assert first.exit_code == second.exit_code == 0
    assert "it was empty" in first.output
    assert "it was" not in second.output


def test_the_schema_is_json() -> None:
    assert "cameras" in json.loads(run_command("settings", "schema").stdout)["properties"]


def test_a_settings_file_is_checked_without_starting_anything(settings: Path) -> None:
    assert "ok: 0 cameras" in run_command("settings", "check", "--settings", str(settings)).output
    assert "ok: 0 cameras" in run_command("settings", "check", str(settings)).output


def test_a_settings_file_is_checked_as_run_checks_it_with_all_errors_at_once(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(
        "devise: cpu\nthreads: 0\ncameras: [{name: a, url: 'exec:ls'}, {name: b, url: '${NOT_SET_ANYWHERE}'}]\n"
        "api: {host: 0.0.0.0}\n",
        encoding="utf-8",
    )

    checked, run = run_command("settings", "check", str(path)), run_command("run", str(path))

    assert (checked.exit_code, checked.stderr) == (run.exit_code, run.stderr)
    for key in ("devise", "threads", "cameras[0].url", "cameras[1].url", "api.token"):
        assert f"error: {key}: " in checked.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("devise: cpu", "devise: unknown key, did you mean 'device'?"),
        ("cameras: [{name: a, url: '${NOT_SET_ANYWHERE}'}]", "cameras[0].url: variable NOT_SET_ANYWHERE is not set"),
        (f"cameras: [{{name: a, url: 'gopher://admin:{PASSWORD}@h'}}]", "cameras[0].url: scheme 'gopher://'"),
        ("api: {host: 0.0.0.0}", "api.token: needed"),
    ],
)
@pytest.mark.parametrize("command", [("run",), ("settings", "check"), ("cameras", "list"), ("migrate",)])
def test_wrong_settings_end_every_command_with_one_line_and_status_2(
    settings: Path, command: tuple[str, ...], text: str, said: str
) -> None:
    settings.write_text(text, encoding="utf-8")

    result = run_command(*command, "--settings", str(settings))

    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert_plain(result)


@pytest.mark.parametrize(
    "arguments",
    [
        ("watch", f"gopher://admin:{PASSWORD}@h/1"),
        ("score", f"gopher://admin:{PASSWORD}@h/1"),
        ("score", f"rtsp://admin:{PASSWORD}@127.0.0.1:9/1"),
        ("watch", f"rtsp://admin:{PASSWORD}@127.0.0.1:9/1", "--for", "1"),
        ("cameras", "add", "gate", f"exec://admin:{PASSWORD}@h/1"),
        ("score", f"/nowhere/rtsp://admin:{PASSWORD}@h"),
    ],
)
def test_no_error_shows_a_password(arguments: tuple[str, ...], settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(settings.parent)

    result = run_command(*arguments)

    assert result.exit_code in (1, 2)
    assert "error:" in result.stderr
    assert_plain(result)


def test_a_database_that_cannot_be_reached_is_one_line_without_its_password(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("database: postgresql://u:hunter2@127.0.0.1:9/none\n", encoding="utf-8")

    result = run_command("cameras", "list", "--settings", str(path))

    assert result.exit_code in (1, 2)
    assert len(result.stderr.splitlines()) == 1
    assert_plain(result)


def test_doctor_says_what_to_do_about_wrong_settings_and_looks_at_the_rest(settings: Path) -> None:
    settings.write_text("devise: cpu", encoding="utf-8")

    result = run_command("doctor", "--settings", str(settings))

    assert result.exit_code == 1
    assert "did you mean 'device'?" in result.output
    assert "codecs" in result.output
    assert_plain(result)


@pytest.mark.parametrize(
    "text",
    [
        "database: 'postgresql://guard:hunter2@ss:w/rd@h:54x/db'",
        "database: 'sqlite:hunter2'",
        "database: hunter2",
        "notifiers: {webhooks: [{url: 'http://[::1/hunter2'}]}",
        "notifiers: {webhooks: [{url: 'https://nowhere.invalid/hunter2'}]}",
        "heartbeat: {url: 'https://xn--a/hunter2'}",
        "live: {kind: redis, url: 'redis://:hunter2@127.0.0.1:1/x'}",
    ],
)
def test_doctor_survives_any_malformed_address_and_looks_at_the_rest(settings: Path, text: str) -> None:
    settings.write_text(f"{text}\n", encoding="utf-8")

    result = run_command("doctor", "--settings", str(settings))

    assert result.exit_code == 1, result.output
    assert "failed" in result.output
    assert "codecs" in result.output
    assert "services" in result.output or "webhook" in result.output or "heartbeat" in result.output
    assert "hunter2" not in result.output
    assert "internal error" not in result.output


@pytest.mark.parametrize(
    "name",
    [
        *("[red]gate", "ga\nte", "ga\x1b[31mte", "\u202egate", "-gate", "", "x" * 121, "a/b", "gate@h"),
        *("gate\t", "gate\u2028", "\x1cgate", "\ngate"),
    ],
)
def test_add_accepts_exactly_what_the_settings_file_accepts(settings: Path, name: str) -> None:
    before = settings.read_text(encoding="utf-8")
    added = run_command("cameras", "add", "--settings", str(settings), "--", name, "rtsp://10.0.0.5/main")
    settings.write_text(f"{before}\ncameras: [{{name: {json.dumps(name)}, url: 'rtsp://h'}}]\n", encoding="utf-8")

    assert added.exit_code == run_command("settings", "check", "--settings", str(settings)).exit_code == 2
    assert "\x1b" not in added.output
    assert "\u202e" not in added.output


@pytest.mark.parametrize(
    ("name", "url", "site"),
    [
        ("gate" + " " * 130, "rtsp://h/1", "north"),
        ("gate", "rtsp://h/1", "north" + " " * 130),
        (" \u3000gate\u00a0", " rtsp://h/1 ", "\u3000"),
        ("gate", "rtsp://h/1", "\tnorth"),
        ("gate", "rtsp://h/1\t", "north"),
        ("gate", "rtsp://h/1\u2028", "north"),
        ("gate", "rtsp://h/" + "x" * 2100, "north"),
        ("gate", "rtsp://", "north"),
    ],
)
def test_a_camera_is_the_same_from_the_command_line_and_from_the_file(
    settings: Path, name: str, url: str, site: str
) -> None:
    added = run_command("cameras", "add", name, url, "--site", site, "--settings", str(settings))
    listed = run_command("cameras", "list", "--json", "--settings", str(settings))
    by_command = [json.loads(line) for line in listed.stdout.splitlines()]
    try:
        by_file = parse_settings({"cameras": [{"name": name, "url": url, "site": site}]}).domain_cameras()
    except ConfigError:
        by_file = ()
    if site == "north" + " " * 130 or name.startswith(("gate ", " ")):
        assert by_file, "the blanks around are cut off"

    assert (added.exit_code == 0) == bool(by_file)
    assert [(each["name"], each["url"], each["site"]) for each in by_command] == [
        (camera.name, camera.url, camera.site) for camera in by_file
    ]


def test_migrate_asks_postgres_for_tls_as_every_other_command_does(settings: Path) -> None:
    settings.write_text("database: 'postgresql://u@127.0.0.1:1/s'\npostgres: {tls: true, ca_file: nowhere.pem}\n")

    for command in ("migrate",), ("cameras", "list"):
        result = run_command(*command, "--settings", str(settings))
        assert result.exit_code == 2, result.output
        assert "postgres.ca_file: no such file: nowhere.pem" in result.stderr


@pytest.mark.parametrize("command", [("score",), ("watch", "--for", "0.2")])
def test_score_and_watch_compute_where_the_settings_say(
    settings: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (*command, "rtsp://127.0.0.1:9/1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    before = torch.get_num_threads()
    try:
        settings.write_text("device: cuda\ndetectors: [exposure]\n", encoding="utf-8")
        refused = run_command(*words, "--settings", str(settings))
        settings.write_text(f"device: cuda\ndetectors: [exposure]\nthreads: {before + 3}\n", encoding="utf-8")
        run_command(*words, "--device", "cpu", "--settings", str(settings))
        threads = torch.get_num_threads()
    finally:
        torch.set_num_threads(before)

    assert refused.exit_code == 2, refused.output
    assert "device: cuda was asked for" in refused.stderr
    assert threads == before + 3


@pytest.mark.parametrize("option", ["--site", "--group", "--by"])
def test_site_group_and_who_follow_a_rule_on_the_command_line(settings: Path, option: str) -> None:
    result = run_command("cameras", "add", "gate", "rtsp://h", option, "no\x1b[31mrth", "--settings", str(settings))

    assert result.exit_code == 2
    assert f"{option}: holds a character that cannot be seen" in result.stderr


def test_doctor_is_content_with_a_fresh_machine(settings: Path) -> None:
    settings.write_text(settings.read_text(encoding="utf-8") + "api: {port: 0}\n", encoding="utf-8")

    result = run_command("doctor", "--settings", str(settings))

    assert result.exit_code == 0, result.output
    subjects = "python settings codecs device networks detectors database disk page services"
    for subject in subjects.split():
        assert subject in result.output


def test_two_ways_of_sampling_at_once_are_refused() -> None:
    result = run_command("score", "--every", "2", "--all-frames", "x.mp4")

    assert result.exit_code == 2
    assert "give one of them" in result.stderr


def test_a_measurement_is_one_json_object_or_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "lab.bench.speed.pipeline.run", lambda **_: {"embedded_over_bare_loop": 0.97, "size": "1280x720"}
    )

    assert json.loads(run_command("bench", "pipeline", "--json").stdout)["embedded_over_bare_loop"] == 0.97
    assert "embedded_over_bare_loop: 0.97" in run_command("bench", "pipeline").stdout
