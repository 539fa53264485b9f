"""`sightline run` with passwords in every form; cameras and receivers repeat what they are asked; shown nowhere."""

import json
import signal
import socketserver
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, unquote

import psutil
import pytest

from tests.canary import MAY_HOLD, WORD
from tests.end_to_end.clips import models_off
from tests.services import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

SECRET = f"q'{WORD} \"<x>%z"
"""Quotes, a blank, angle brackets and a percent sign around the word."""

TOKEN = f"token-{WORD}-0123456789"
IMPATIENT = """
from notification.grouping import GroupingPolicy
window_s, wait_s, *others = GroupingPolicy.__init__.__defaults__
GroupingPolicy.__init__.__defaults__ = (window_s, 2.0, *others)
from sightline.cli.main import app
app()
"""
"""The program, whose first message waits two seconds for others of its kind instead of a minute."""

PIECES = (WORD, quote(SECRET, safe=""), "<x>%z", "%3Cx%3E")


class Echo(socketserver.StreamRequestHandler):
    """Refuses RTSP and HTTP and repeats the whole request wherever an answer has room: reason, headers, body."""

    timeout = 5
    asked: ClassVar[list[str]] = []

    def handle(self) -> None:
        lines: list[bytes] = []
        with suppress(OSError):
            while (line := self.rfile.readline(65536)) not in (b"", b"\r\n", b"\n"):
                lines.append(line)
                if b" " not in lines[0]:  # no request of these protocols: a TLS handshake
                    return
        if not lines:
            return
        request = lines[0].decode("latin-1").split()
        target, protocol = request[1], request[-1]
        self.asked.append(target)
        body = b"".join(lines)
        head = f"{protocol} 404 No {unquote(target)} here\r\nServer: {target}\r\nCSeq: 1\r\nContent-Length: {len(body)}"
        with suppress(OSError):
            self.wfile.write(f"{head}\r\n\r\n".encode() + body)


class EchoServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@dataclass
class RunningProduct:
    process: subprocess.Popen[bytes]
    page: str
    folder: Path

    @property
    def log(self) -> str:
        return (self.folder / "run.log").read_text(encoding="utf-8", errors="replace")

    def get(self, path: str) -> str:
        request = urllib.request.Request(self.page + path, headers={"Authorization": f"Bearer {TOKEN}"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                # The stream of changes never ends: its beginning holds the whole board.
                content: bytes = (
                    answer.read1(1 << 20) if "event-stream" in answer.headers["Content-Type"] else answer.read()
                )
                return str(answer.headers) + content.decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            return str(error.headers) + error.read().decode("utf-8", "replace")


@pytest.fixture
def echo() -> Iterator[int]:
    with EchoServer(("127.0.0.1", 0), Echo) as server:
        Echo.asked.clear()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def cameras(port: int, folder: Path) -> list[dict[str, Any]]:
    coded, dead = quote(SECRET, safe=""), free_port()
    (folder / "password").write_text(SECRET, encoding="utf-8")
    urls = [
        f"rtsp://admin:{SECRET}@127.0.0.1:{port}/stream1",
        f"rtsp://admin:{coded}@127.0.0.1:{dead}/stream1",
        f"rtsp://admin:p@:#/{WORD}@127.0.0.1:{port}/stream1",
        f"rtsp://127.0.0.1:{port}/user=admin_password={SECRET}_channel=1_stream=0.sdp",
        f"rtsp://127.0.0.1:{port}/user=admin&password={SECRET}&channel=1&stream=0.sdp",
        f"rtsps://admin:{coded}@127.0.0.1:{port}/stream1",
        f"http://admin:{SECRET}@127.0.0.1:{port}/video.mjpg",
        f"http://127.0.0.1:{port}/videostream.cgi?loginuse=admin&loginpas={SECRET}",
        f"http://127.0.0.1:{port}/live?access_token={coded}&channel=1",
        f"http://127.0.0.1:{port}/film.mp4?X-Amz-Signature={SECRET}&X-Amz-Credential={WORD}",
        f"http://127.0.0.1:{port}/film.mp4?sig={coded}&hmac={WORD}",
        f"http://127.0.0.1:{port}/live/{SECRET}/stream.ts",
        f"http://127.0.0.1:{dead}/live#{SECRET}",
    ]
    found: list[dict[str, Any]] = [{"name": f"cam {number}", "url": url} for number, url in enumerate(urls)]
    apart = {"url": f"rtsp://127.0.0.1:{port}/stream2", "user": "admin"}
    return [
        *found,
        {"name": "apart", **apart, "password": SECRET},
        {"name": "in a file", **apart, "password_file": "password"},
    ]


@pytest.fixture
def watch(echo: int, tmp_path: Path) -> Iterator[RunningProduct]:
    port = free_port()
    settings = {
        "database": f"sqlite:///{tmp_path}/s.db",
        "api": {"port": port, "token": TOKEN},
        "log": {"level": "debug"},
        "evaluation": {"raise_s": 3.0},
        "models": models_off(),
        "cameras": cameras(echo, tmp_path),
        "heartbeat": {"url": f"http://127.0.0.1:{echo}/ping/{WORD}?key={WORD}", "every_s": 5.0},
        "notifiers": {
            "webhooks": [
                {"url": f"http://127.0.0.1:{echo}/services/T0/{WORD}?sig={WORD}", "secret": f"sign-{WORD}"},
                {"name": "with login", "url": f"http://hook:{quote(SECRET, safe='')}@127.0.0.1:{echo}/hook"},
            ]
        },
    }
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(settings).replace("$", "$$"), encoding="utf-8")
    program = [sys.executable, "-c", IMPATIENT, "run", str(path)]
    with (tmp_path / "run.log").open("wb") as log, subprocess.Popen(program, stdout=log, stderr=log) as process:
        yield RunningProduct(process, f"http://127.0.0.1:{port}", tmp_path)
        process.kill()


def wait_until(watch: RunningProduct, true: Any, *, what: str, timeout_s: float = 170.0) -> None:
    until = time.monotonic() + timeout_s
    while not true():
        assert watch.process.poll() is None, watch.log[-2000:]
        assert time.monotonic() < until, f"waited for {what}: {watch.log[-2000:]}"
        time.sleep(0.2)


def every_answer(watch: RunningProduct) -> dict[str, str]:
    """Return the answer to every path of the API, of each camera, and of the page and its parts."""
    described = json.loads(watch.get("/api/v1/openapi.json").partition("\n\n")[2])
    names = [each["name"] for each in json.loads(watch.get("/api/v1/cameras").partition("\n\n")[2])["cameras"]]
    paths = {
        "/",
        "/openapi.json",
        "/healthz",
        "/readyz",
        "/metrics",
        "/static/app.js",
        f"/?xtoken={TOKEN[:5]}",
        "/no/where",
    }
    for path, methods in described["paths"].items():
        if "get" in methods:
            paths |= {path.replace("{name}", quote(name)).replace("{incident_id}", "x") for name in names}
    return {path: watch.get(path) for path in sorted(paths) if "{" not in path}


def columns(database: Path) -> dict[str, str]:
    found = {}
    with closing(sqlite3.connect(database)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for column in [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]:
                if (table, column) != MAY_HOLD:
                    rows = connection.execute(f'SELECT "{column}" FROM "{table}"').fetchall()
                    found[f"{table}.{column}"] = "\n".join(str(row[0]) for row in rows)
    return found


def processes(watch: RunningProduct) -> dict[str, str]:
    """Return the command line and the environment of the process and of all below it."""
    found = {}
    for process in [psutil.Process(watch.process.pid), *psutil.Process(watch.process.pid).children(recursive=True)]:
        found[f"command line of {process.pid}"] = "\n".join(process.cmdline())
        found[f"environment of {process.pid}"] = "\n".join(f"{k}={v}" for k, v in process.environ().items())
    return found


def test_a_password_in_any_form_is_shown_nowhere(watch: RunningProduct, tmp_path: Path) -> None:
    wait_until(watch, lambda: "the page is at" in watch.log, what="the page")
    wait_until(watch, lambda: any("/services/" in each for each in Echo.asked), what="an alert at the webhook")
    wait_until(
        watch, lambda: any("/ping/" in each for each in Echo.asked) or "heartbeat" in watch.log, what="heartbeat"
    )

    searched = every_answer(watch) | processes(watch)
    watch.process.send_signal(signal.SIGTERM)
    assert watch.process.wait(120) == 0, watch.log[-2000:]
    searched |= columns(tmp_path / "s.db") | {"the log": watch.log}

    assert len(searched) > 100
    shown = {where for where, text in searched.items() if any(piece in text for piece in PIECES)}
    assert shown == set()
    # What was not hidden was really sent: the cameras were asked with their secrets.
    assert sum(WORD in each for each in Echo.asked) >= 5
