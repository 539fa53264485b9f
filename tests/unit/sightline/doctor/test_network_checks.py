"""The doctor tries every camera and receiver, and ends although many of them hang."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from domain.cameras import Camera
from sightline.config.settings import Settings
from sightline.config.settings_loading import parse_settings
from sightline.doctor import network_checks
from sightline.doctor.finding import Finding, Health
from sightline.doctor.network_checks import Connect, check_network
from sightline.runtime.stores import command_stores
from tests.canary import WORD
from tests.fakes.ports import FakeClock


def make_settings(tmp_path: Path, hosts: list[str], **more: object) -> Settings:
    cameras = [{"name": f"c{n}", "url": f"rtsp://u:{WORD}@{host}/1"} for n, host in enumerate(hosts)]
    return parse_settings({"database": f"sqlite:///{tmp_path}/s.db", "cameras": cameras, **more})


def check(settings: Settings, connect: Connect, wait_s: float = 60.0) -> dict[str, Finding]:
    return {found.subject: found for found in check_network(settings, connect=connect, greet=connect, wait_s=wait_s)}


def test_a_thousand_cameras_of_which_many_hang_are_tried_as_far_as_time_allows(tmp_path: Path) -> None:
    release, reached = threading.Event(), threading.Event()

    def connect(host: str, _port: int, _timeout_s: float) -> None:
        if int(host.rpartition(".")[2]) % 2:
            release.wait()
        reached.set()

    hosts = [f"10.0.{n // 250}.{n % 250}" for n in range(1000)]
    settings = make_settings(tmp_path, hosts)
    began_s = time.monotonic()
    found = check(settings, connect, wait_s=0.3)["cameras"]
    took_s = time.monotonic() - began_s
    release.set()
    assert reached.is_set()
    assert found.health is Health.NOTE
    assert "were not tried to the end in time" in found.text
    reached_count = int(found.text.split(" of 1000 can be reached")[0])
    left_out = int(found.text.split(" were not tried")[0].rpartition(" ")[2])
    assert reached_count + left_out == 1000
    assert left_out >= network_checks.AT_ONCE
    assert took_s < 30


def test_a_network_in_which_nothing_answers_names_a_few_and_counts_the_others(tmp_path: Path) -> None:
    def connect(*_: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    found = check(make_settings(tmp_path, ["10.0.0.1"] * 40), connect)["cameras"]
    assert found.health is Health.FAILED
    assert "0 of 40 can be reached; 40 cannot: c0: 10.0.0.1:554 cannot be reached (Connection refused)" in found.text
    assert "and 30 more" in found.text
    assert "not tried" not in found.text
    assert WORD not in found.text


@pytest.mark.parametrize("error", [TimeoutError(), OSError(), socket.gaierror(-2, "Name unknown"), UnicodeError()])
def test_every_receiver_is_tried_by_its_own_port_and_nothing_is_sent(tmp_path: Path, error: Exception) -> None:
    asked: list[tuple[str, int]] = []

    def connect(host: str, port: int, _timeout_s: float) -> None:
        asked.append((host, port))
        if host == "mail.example":
            raise error

    receivers = {
        "mail": {"type": "smtp", "host": "mail.example", "sender": "a@b.example", "to": ["c@d.example"]},
        "home": {"type": "mqtt", "host": "broker.example"},
        "chat": {"type": "apprise", "url": f"slack://{WORD}aaaaaa/bbbbbbbbbb/cccccccccccccccccccc"},
    }
    settings = make_settings(
        tmp_path,
        [],
        alerts={"receivers": receivers},
        notifiers={"webhooks": [{"name": "desk", "url": f"https://hook.example/{WORD}"}]},
        heartbeat={"url": "http://beat.example:8080/x"},
    )
    found = check(settings, connect)
    assert sorted(asked) == [
        ("beat.example", 8080),
        ("broker.example", 8883),
        ("hook.example", 443),
        ("mail.example", 587),
    ]
    assert {name: each.health for name, each in found.items()} == {
        "webhook desk": Health.OK,
        "heartbeat": Health.OK,
        "receiver mail": Health.FAILED,
        "receiver home": Health.OK,
        "receiver chat": Health.NOTE,
    }
    assert WORD not in str(found)


def test_cameras_of_the_database_are_tried_too_and_those_that_are_off_are_not(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, ["10.0.0.1"])
    with command_stores(settings, FakeClock()) as stores:
        stores.streams.put_camera(Camera("page", "http://[2001:db8::7]/v"), by="x", at=FakeClock().now())
        stores.streams.put_camera(Camera("off", "rtsp://10.0.0.3/", enabled=False), by="x", at=FakeClock().now())
        stores.streams.put_camera(Camera("film", f"file://{tmp_path}/none.mp4"), by="x", at=FakeClock().now())
    asked: list[tuple[str, int]] = []
    found = check(settings, lambda host, port, _: asked.append((host, port)))["cameras"]
    assert sorted(asked) == [("10.0.0.1", 554), ("2001:db8::7", 80)]
    assert "2 of 3 can be reached; 1 cannot: film: its file is not there" in found.text


@contextmanager
def accept_connections(say: bytes) -> Iterator[int]:
    """Accept every connection on a free port, say this and nothing else, and keep it open."""
    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    kept.append(connection)
                    connection.sendall(say)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(60)
            for each in kept:
                each.close()


@pytest.mark.parametrize(
    ("said", "health", "text"),
    [
        (b"220 mail.example ESMTP\r\n", Health.OK, "answers"),
        (b"", Health.NOTE, "takes the connection and does not greet within"),
        (b"554 go away\r\n", Health.FAILED, "does not greet as a mail server that takes mail"),
        (b"HTTP/1.1 400 Bad\r\n", Health.FAILED, "does not greet as a mail server"),
    ],
)
def test_a_mail_server_is_well_when_it_greets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes, health: Health, text: str
) -> None:
    monkeypatch.setattr(network_checks, "CONNECT_TIMEOUT_S", 3.0 if said else 0.2)
    with accept_connections(said) as port:
        settings = make_settings(tmp_path, [], **receivers_at(port))
        found = {each.subject: each for each in check_network(settings, wait_s=60)}
    assert found["receiver mail"].health is health, found
    assert text in found["receiver mail"].text


def receivers_at(port: int) -> dict[str, object]:
    """Return settings of many receivers of every kind at one port of this machine."""
    mail = {"type": "smtp", "host": "127.0.0.1", "port": port, "sender": "a@b.example", "to": ["c@d.example"]}
    home = {"type": "mqtt", "host": "127.0.0.1", "port": port}
    receivers = {"mail": mail, "tls-mail": {**mail, "security": "tls"}, "home": home}
    receivers |= {f"mail-{number}": mail for number in range(20)}
    hooks = [{"name": f"hook-{number}", "url": f"http://127.0.0.1:{port}/{number}"} for number in range(20)]
    return {
        "alerts": {"receivers": receivers},
        "notifiers": {"webhooks": hooks},
        "heartbeat": {"url": f"http://127.0.0.1:{port}/"},
    }


def test_many_cameras_every_receiver_and_every_service_that_are_mute_end_in_time(tmp_path: Path) -> None:
    """All of it takes less than ten seconds on an idle machine; the limit here is for a busy one."""
    with accept_connections(b"") as port:
        address = f"127.0.0.1:{port}"
        oidc = {"issuer": f"https://{address}/", "client_id": "sightline", "secret": f"{WORD}-oidc"}
        sign_in = {"groups": [{"group": "guards", "role": "operator"}], "oidc": oidc}
        settings = {
            "database": f"postgresql://sight:{WORD}@{address}/s",
            "cameras": [{"name": f"c{n}", "url": f"rtsp://u:{WORD}@{address}/1"} for n in range(400)],
            "queue": {"kind": "kafka", "servers": [address]},
            "live": {"kind": "redis", "url": f"redis://:{WORD}@{address}/0"},
            "api": {"public_url": "https://s.example", "sign_in": sign_in},
            "device": "cpu",
            **receivers_at(port),
        }
        path = tmp_path / "settings.yaml"
        path.write_text(json.dumps(settings))
        command = [sys.executable, "-m", "sightline.cli.main", "doctor", "--settings", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    said = " ".join(done.stdout.split())
    assert done.returncode == 1, done.stderr
    for name in ("receiver mail-19", "receiver tls-mail", "receiver home", "webhook hook-19", "heartbeat"):
        assert name in said
    assert said.count("does not greet within 3 s") == 21
    for service in ("database", "kafka", "redis", "sign-in service", "of 400"):
        assert service in said
    assert WORD not in done.stdout + done.stderr
