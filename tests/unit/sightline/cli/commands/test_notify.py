"""`sightline notify` and `sightline routes` as a person types them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from domain.cameras import Camera
from domain.errors import ConfigError
from sightline.cli.main import app
from sightline.config.settings_loading import load_settings, parse_settings
from sightline.runtime.stores import command_stores
from tests import services
from tests.fakes.ports import START, FakeClock
from tests.unit.notification.notifiers.mail_server import mail_server

ROUTES = """
  routes:
    - {{name: night, to: [ops], hours: ['22:00-06:00']}}
    - {{name: harbour, to: [], sites: [harbour]}}
  default: [ops]
"""


def write_settings(folder: Path, port: int, routes: str = ROUTES) -> Path:
    path = folder / "sightline.yaml"
    path.write_text(
        f"database: sqlite:///{folder}/s.db\n"
        "reports: {time_zones: {depot: Europe/Berlin}}\n"
        "alerts:\n  receivers:\n"
        f"    ops: {{type: smtp, host: 127.0.0.1, port: {port}, security: none, sender: a@example.org, "
        "to: [guard@example.org]}\n" + routes.format(),
        encoding="utf-8",
    )
    with command_stores(load_settings(path), FakeClock()) as stores:
        stores.streams.put_camera(Camera("gate", "rtsp://10.0.0.7/1", site="depot"), by="ann", at=START)
    return path


def run_command(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_a_test_message_shows_the_servers_answer(tmp_path: Path) -> None:
    with mail_server() as box:
        path = write_settings(tmp_path, box.port)
        result = run_command("notify", "test", "ops", "-s", str(path))
        assert result.exit_code == 0, result.output
        assert "ops: delivered: 250 2.0.0 Ok: queued as 4XyZ" in result.output
        box.refuse = "451 4.7.1 try again later"
        result = run_command("notify", "test", "ops", "-s", str(path))
        assert result.exit_code == 1
        assert "451 4.7.1 try again later" in result.output
    assert len(box.mails) == 1


def test_a_receiver_that_is_none_names_those_there_are(tmp_path: Path) -> None:
    result = run_command("notify", "test", "boss", "-s", str(write_settings(tmp_path, services.free_port())))
    assert "there is no receiver 'boss'" in result.output
    assert "log, ops" in result.output


@pytest.mark.parametrize(
    ("moment", "receivers", "night"),
    [
        # Berlin has summer time in July: 21:30 UTC is 23:30 there.
        ("2026-07-01T23:30", ["log", "ops"], True),
        ("2026-07-01T21:30+0000", ["log", "ops"], True),
        ("2026-07-01T12:00", ["log", "ops"], False),
    ],
)
def test_routes_are_explained_in_site_time(tmp_path: Path, moment: str, receivers: list[str], night: bool) -> None:
    path = write_settings(tmp_path, services.free_port())
    result = run_command("routes", "explain", "gate", "blur", moment, "-s", str(path), "--json")
    said = json.loads(result.output)
    assert said["receivers"] == receivers
    assert said["by_default"] is not night
    assert [route["matches"] for route in said["routes"]] == [night, False]
    assert said["routes"][1]["why_not"] == "the site is depot"


def test_an_explanation_in_words(tmp_path: Path) -> None:
    path = write_settings(tmp_path, services.free_port())
    result = run_command("routes", "explain", "gate", "blur", "2026-07-01T12:00", "-s", str(path))
    assert "night: does not match: it is wed 12:00 there" in result.output
    assert "no route matches" in result.output
    assert "receivers: log, ops" in result.output


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ({"routes": [{"to": []}]}, "alerts.default: needed with routes"),
        ({"routes": [{"to": ["x"]}], "default": ["log"]}, "there is no receiver 'x'"),
        ({"receivers": {"log": {"type": "apprise", "url": "syslog://"}}}, "another receiver has this name"),
        ({"receivers": {"a": {"type": "apprise", "url": "exec://hunter2"}}}, "alerts.receivers.a.url: the scheme"),
        ({"routes": [{"to": [], "hours": ["always"]}], "default": []}, "alerts.routes[0].hours[0]"),
        ({"receivers": {"a": {"type": "pigeon"}}}, "alerts.receivers.a"),
    ],
)
def test_settings_that_would_leave_a_message_nowhere_are_refused(alerts: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_settings({"alerts": alerts})
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_the_secrets_of_receivers_are_known_to_the_redactor() -> None:
    settings = parse_settings(
        {
            "alerts": {
                "receivers": {
                    "a": {"type": "apprise", "url": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"},
                    "b": {
                        "type": "smtp", "host": "mail", "user": "ann", "password": "p-hunter2",
                        "sender": "a@b.c", "to": ["d@e.f"],
                    },
                }
            }
        }
    )  # fmt: skip
    assert {"TIiajkdnlazkcOXrIdevi7FQ", "p-hunter2"} <= set(settings.secrets())
    assert "hunter2" not in repr(settings)
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in repr(settings)
