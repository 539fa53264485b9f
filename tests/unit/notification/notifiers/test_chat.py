"""Apprise's services, tried on a real HTTP receiver and a real syslog port on the loopback."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from domain.errors import ConfigError, NotifierUnavailable
from notification.message import MessageWriter
from notification.notifiers.chat import SCHEMES, ChatNotifier, ChatSettings
from notification.receiver_settings import ReceiverTools
from tests import services
from tests.fakes.ports import FakeClock
from tests.unit.notification.notifiers.test_webhook import FIRING, INCIDENT

TOOLS = ReceiverTools(FakeClock(), MessageWriter("https://cams.example.org"))
TOKEN = "T0K3N-7a81c2"


class HttpReceiver:
    """Keeps the JSON it is posted, and answers with `status` and `text`."""

    def __init__(self) -> None:
        self.status, self.text = 200, b"ok"
        self.posts: list[dict[str, Any]] = []
        receiver = self

        class ChatHandler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append(json.loads(body))
                self.send_response(receiver.status)
                self.end_headers()
                self.wfile.write(receiver.text)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), ChatHandler)

    @property
    def url(self) -> str:
        return f"json://user:{TOKEN}@127.0.0.1:{self.server.server_port}/hook/{TOKEN}"


@contextmanager
def http_receiver() -> Iterator[HttpReceiver]:
    receiver = HttpReceiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join()


def chat(url: str, **changed: object) -> ChatNotifier:
    return ChatNotifier("chat", ChatSettings.model_validate({"type": "apprise", "url": url, **changed}), TOOLS)


def test_a_message_holds_what_a_guard_needs_and_its_key() -> None:
    with http_receiver() as receiver:
        chat(receiver.url).send(FIRING)
    (post,) = receiver.posts
    assert post["title"] == "gate (depot): out of focus"
    assert post["type"] == "warning"
    for expected in ("Camera: gate", "Site: depot", FIRING.key, "https://cams.example.org/incidents/0123456789abcdef"):
        assert expected in post["message"]


def test_a_refusal_is_announced_in_the_services_words_without_the_token() -> None:
    with http_receiver() as receiver:
        receiver.status, receiver.text = 403, f"no such hook {TOKEN}".encode()
        with pytest.raises(NotifierUnavailable, match="403") as refused:
            chat(receiver.url).send(FIRING)
    assert TOKEN not in str(refused.value)


def test_many_messages_become_one() -> None:
    entries = [
        replace(
            FIRING,
            key=f"{number}:firing",
            incident=replace(INCIDENT, incident_id=f"{number}", stream_id=f"cam-{number}"),
        )
        for number in range(12)
    ]
    with http_receiver() as receiver:
        chat(receiver.url).send_digest(entries)
    (post,) = receiver.posts
    assert post["title"] == "Sightline: 12 incidents, 0 are over"
    assert all(f"cam-{number} (depot)" in post["message"] for number in range(12))


def test_a_digest_that_is_too_long_for_its_service_comes_in_parts_and_complete() -> None:
    incidents = [replace(INCIDENT, incident_id=f"{n}", stream_id=f"camera number {n:03}.") for n in range(200)]
    entries = [replace(FIRING, key=f"{each.incident_id}:firing", incident=each) for each in incidents]
    with http_receiver() as receiver:
        chat(f"mmost://127.0.0.1:{receiver.server.server_port}/{TOKEN}").send_digest(entries)
    texts = [post["text"] for post in receiver.posts]
    assert len(texts) > 1
    assert max(map(len, texts)) <= 4000, "Mattermost takes no more"
    assert all(each.stream_id in "".join(texts).replace("\n", "") for each in incidents)


def test_a_digest_for_a_program_holds_every_key() -> None:
    entries = [replace(FIRING, key=f"{n:016x}:firing") for n in range(50)]
    with http_receiver() as receiver:
        chat(receiver.url).send_digest(entries)
    (post,) = receiver.posts
    assert post["message"].rpartition("[")[2].rstrip("]").split(",") == [entry.key for entry in entries]


def test_syslog_of_another_machine_gets_a_line() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        chat(f"rsyslog://127.0.0.1:{server.getsockname()[1]}").send(FIRING)
        assert b"gate (depot): out of focus" in server.recv(65536)


def test_nobody_there_is_no_answer() -> None:
    with pytest.raises(NotifierUnavailable, match=r"chat \(json\)"):
        chat(f"json://127.0.0.1:{services.free_port()}").send(FIRING)


@pytest.mark.parametrize("url", ["exec://ls", "dbus://", "windows://", "file:///etc/passwd", "slack", ""])
def test_schemes_that_act_on_this_machine_are_refused(url: str) -> None:
    problems = ChatSettings.model_construct(type="apprise", url=url).find_conflicts()
    assert any("the scheme must be one of" in problem for problem in problems)


@pytest.mark.parametrize(
    "url",
    [
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general",
        "workflows://prod-01.westus.logic.azure.com/643e69f83c8944438d68119179a10a64/KODuebWbDGYFr0z0eu",
        "tgram://123456789:abcdefg_hijklmnop/12315544",
        "pagerduty://A1B2C3D4E5F6@A1B2C3D4E5F6A1B2C3D4E5F6A1B2C3D4",
        "opsgenie://a1b2c3d4-0000-0000-0000-a1b2c3d4e5f6",
        "matrix://user:pass@127.0.0.1/#room",
        "pover://userkeyuserkeyuserkeyuserkeyus@tokentokentokentokentokentokent",
        "ntfy://127.0.0.1/topic",
        "syslog://",
    ],
)
def test_the_services_that_the_guide_names_are_known(url: str) -> None:
    assert url.partition("://")[0] in SCHEMES
    assert chat(url).name == "chat"


def test_an_address_that_apprise_cannot_read_is_named_and_not_shown() -> None:
    with pytest.raises(ConfigError, match=r"alerts\.receivers\.chat\.url") as refused:
        chat(f"slack://{TOKEN}")
    assert TOKEN not in str(refused.value)
