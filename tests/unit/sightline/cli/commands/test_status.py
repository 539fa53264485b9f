import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from domain.cameras import Camera, ConnectionState, StreamStatus
from domain.messages import BatchResult
from sightline.config.settings import Settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores
from tests.contract.records import entry
from tests.unit.sightline.cli.test_cli import URL, assert_plain, run_command

TOKEN = "a-token-with-hunter2-in-it-long-enough"


class Page(BaseHTTPRequestHandler):
    """Answers as the API does to whoever has the token."""

    parts: ClassVar[dict[str, str]] = {"store": "ok", "watching": "ok"}

    def do_GET(self) -> None:
        unwell = any(reason != "ok" for reason in self.parts.values())
        known = self.headers["Authorization"] == f"Bearer {TOKEN}"
        answer = {"/readyz": json.dumps({"parts": self.parts}), "/metrics": "sightline_scoring_lag_messages 3.0\n"}
        self.send_response(401 if not known else 503 if unwell and self.path == "/readyz" else 200)
        self.end_headers()
        self.wfile.write(answer[self.path].encode() if known else b"{}")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def settings_at(folder: Path, port: int, token: str = TOKEN) -> tuple[str, str]:
    path = folder / "sightline.yaml"
    path.write_text(f"database: sqlite:///{folder}/s.db\napi: {{port: {port}, token: {token}}}\n", encoding="utf-8")
    return "--settings", str(path)


def store(folder: Path, *known: str) -> None:
    now = SystemClock().now()
    with command_stores(Settings(database=f"sqlite:///{folder}/s.db"), SystemClock()) as stores:
        for name in ("gate", "yard", "door"):
            stores.streams.put_camera(Camera(name, URL, enabled=name != "door"), by="ann", at=now)
        statuses = tuple(StreamStatus(name, "s1", 0, now, ConnectionState.LIVE) for name in known)
        stores.scores.add(BatchResult(statuses=statuses, outbox=(entry("sent"), entry("waits"))))
        stores.alerts.mark_delivered(["sent"], now)


def test_status_says_what_runs_how_the_cameras_are_and_what_waits(tmp_path: Path, port: int) -> None:
    store(tmp_path, "gate", "yard")
    result = run_command("status", "--json", *settings_at(tmp_path, port))
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["running"], found["ready"], found["queue"], found["unwell"]) == (True, True, 3, {})
    assert found["cameras"] == {"live": 2, "off": 1}
    assert found["oldest_camera"] in ("gate", "yard")
    assert (found["messages_waiting"], found["last_message_at"] is None) == (1, False)
    shown = run_command("status", *settings_at(tmp_path, port))
    assert "cameras: 2 live, 1 off" in shown.stdout
    assert_plain(shown)


def test_a_part_that_is_not_well_and_an_unknown_camera_end_with_status_1(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(tmp_path, "gate")
    unknown = run_command("status", *settings_at(tmp_path, port))
    assert (unknown.exit_code, "1 live, 1 off, 1 unknown" in unknown.stdout) == (1, True)
    store(tmp_path, "gate", "yard")
    monkeypatch.setattr(Page, "parts", {"scoring": "one batch has taken 75 s so far"})
    unwell = run_command("status", *settings_at(tmp_path, port))
    assert (unwell.exit_code, "scoring: one batch has taken 75 s so far" in unwell.stdout) == (1, True)


def test_where_nothing_or_something_else_answers_status_says_so(tmp_path: Path, port: int) -> None:
    store(tmp_path, "gate", "yard")
    for asked, token, said in ((1, TOKEN, "nothing answers"), (port, "x" * 40, "else than Sightline")):
        result = run_command("status", *settings_at(tmp_path, asked, token))
        assert (result.exit_code, said in result.stdout) == (1, True), result.output
        assert_plain(result)


def test_looking_makes_no_database(tmp_path: Path) -> None:
    result = run_command("status", *settings_at(tmp_path, 1))
    assert (result.exit_code, "there is none at" in result.stderr) == (2, True)
    assert not (tmp_path / "s.db").exists()
