"""Real receivers, killed and started again while messages are on their way: each transition arrives, keys are equal."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from domain.alerts import Incident, IncidentState, NotificationKind, OutboxEntry
from domain.cameras import Camera
from domain.faults import Fault
from domain.messages import BatchResult
from domain.ports import Notifier
from notification.dispatcher import Dispatcher
from notification.grouping import GroupingPolicy
from notification.message import MessageWriter
from notification.notifiers.chat import ChatNotifier, ChatSettings
from notification.notifiers.mail import MailNotifier, MailSettings
from notification.notifiers.mqtt import MqttNotifier, MqttSettings
from notification.notifiers.webhook import WebhookNotifier
from notification.receiver_settings import ReceiverTools
from sightline.config.settings import Settings
from sightline.runtime.stores import command_stores
from tests import services
from tests.fakes.ports import START, FakeClock
from tests.unit.notification.notifiers.mail_server import Mailbox, mail_server

COUNT = 24
WAIT_S = 60.0


class Hook:
    """An HTTP receiver that can be killed. `read_keys` takes the keys of a message from its headers and body."""

    def __init__(self, read_keys: Callable[[Message, Any], list[str]]) -> None:
        self.keys: list[str] = []
        self.read_keys = read_keys
        self.port = services.free_port()
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        hook = self

        class ReceiverHandler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.keys += hook.read_keys(self.headers, body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), ReceiverHandler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def kill(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def keys_of_webhook(headers: Message, body: Any) -> list[str]:
    assert body["version"] == "4"
    return [headers["Idempotency-Key"]]


def keys_of_chat(headers: Message, body: Any) -> list[str]:
    return str(body["message"].rpartition("[")[2].rstrip("]")).split(",")


class Post:
    """A mail server that can be killed."""

    def __init__(self) -> None:
        self.box: Mailbox | None = None
        self.port = services.free_port()
        self.keys: list[str] = []
        self._running: ExitStack | None = None

    def start(self) -> None:
        self._running = ExitStack()
        self.box = self._running.enter_context(mail_server(port=self.port))

    def kill(self) -> None:
        if self._running is not None and self.box is not None:
            self._running.close()
            self._running = None
            self.keys += [key for mail in self.box.mails for key in str(mail["X-Sightline-Key"]).split(",")]


class Broker:
    """Mosquitto, and a client of its own that notes every event."""

    def __init__(self, server: services.Service) -> None:
        self._server = server
        self.port = int(server.address.rpartition(":")[2])
        self.keys: list[str] = []
        self.ready = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("sightline/events", 1)
        self._client.on_message = self._take
        self._client.on_subscribe = lambda *_: self.ready.set()
        self._client.connect_async("127.0.0.1", self.port)
        self._client.loop_start()

    def _take(self, client: Any, data: Any, message: Any) -> None:
        self.keys.append(json.loads(message.payload)["key"])

    def start(self) -> None:
        self._server.start()
        assert self.ready.wait(WAIT_S)

    def kill(self) -> None:
        self.ready.clear()
        self._server.kill()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker() -> Iterator[Broker]:
    try:
        with services.mosquitto() as server:
            found = Broker(server)
            yield found
            found.close()
    except services.ServiceMissing as error:
        services.absent(error)


def entries() -> list[OutboxEntry]:
    found = []
    for number in range(COUNT // 2):
        for kind in (NotificationKind.FIRING, NotificationKind.RESOLVED):
            state = IncidentState.RESOLVED if kind is NotificationKind.RESOLVED else IncidentState.OPEN
            incident = Incident(f"i{number}", f"cam-{number}", Fault.BLUR, state, START, START, site=f"site {number}")
            found.append(OutboxEntry(f"i{number}:{kind}", kind, incident, START))
    return found


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition() and time.monotonic() < deadline:
        threading.Event().wait(0.05)


def run(dispatcher: Dispatcher, clock: FakeClock, rounds: int, until: Callable[[], bool] = lambda: False) -> None:
    deadline = time.monotonic() + WAIT_S
    while rounds and not until() and time.monotonic() < deadline:
        dispatcher.run_once()
        clock.advance(5)
        rounds -= 1


@pytest.mark.parametrize("which", ["webhook", "chat", "mail", "mqtt", "all"])
def test_every_message_arrives_whichever_receiver_is_killed_and_whenever_sightline_starts_again(
    tmp_path: Path, broker: Broker, which: str
) -> None:
    hook, chat, post = Hook(keys_of_webhook), Hook(keys_of_chat), Post()
    receivers: dict[str, Hook | Post | Broker] = {"webhook": hook, "chat": chat, "mail": post, "mqtt": broker}
    for receiver in receivers.values():
        receiver.start()
    victims = list(receivers.values()) if which == "all" else [receivers[which]]
    clock = FakeClock()
    tools = ReceiverTools(clock, MessageWriter())
    mail = {
        "type": "smtp", "host": "127.0.0.1", "port": post.port, "security": "none", "timeout_s": 5.0,
        "sender": "a@example.org", "to": ("b@example.org",),
    }  # fmt: skip
    room = {"type": "apprise", "url": f"json://127.0.0.1:{chat.port}/room"}
    mqtt = {"type": "mqtt", "host": "127.0.0.1", "port": broker.port, "tls": False, "timeout_s": 3.0}

    def make_dispatcher() -> Dispatcher:
        notifiers: list[Notifier] = [
            WebhookNotifier(f"http://127.0.0.1:{hook.port}/", clock=clock, timeout_s=5.0),
            ChatNotifier("chat", ChatSettings.model_validate(room), tools),
            MailNotifier("mail", MailSettings.model_validate(mail), tools),
            MqttNotifier("mqtt", MqttSettings.model_validate(mqtt), tools),
        ]
        return Dispatcher(stores.alerts, stores.streams, notifiers, clock, grouping=GroupingPolicy(wait_s=0))

    with command_stores(Settings(database=f"sqlite:///{tmp_path}/s.db"), clock) as stores:
        for number in range(COUNT // 2):
            camera = Camera(f"cam-{number}", f"rtsp://cam-{number}.test/1", site=f"site {number}")
            stores.streams.put_camera(camera, by="test", at=START)
        sent = entries()
        dispatcher = make_dispatcher()
        stores.scores.add(BatchResult(outbox=tuple(sent[: COUNT // 2])))
        run(dispatcher, clock, 1)
        # What the broker acknowledged and had not passed on yet would die with it.
        noted = stores.alerts.deliveries([entry.key for entry in sent])
        acknowledged = {key for key, by in noted.items() if by.get("mqtt")}
        wait_for(lambda: acknowledged <= set(broker.keys))
        for victim in victims:
            victim.kill()
        stores.scores.add(BatchResult(outbox=tuple(sent[COUNT // 2 :])))
        run(dispatcher, clock, 3)
        dispatcher.close()
        dispatcher = make_dispatcher()
        run(dispatcher, clock, 1)
        for victim in victims:
            victim.start()
        run(dispatcher, clock, 400, lambda: not stores.alerts.due(clock.now().replace(year=2027)))
        dispatcher.close()
    post.kill()
    hook.kill()
    chat.kill()
    wanted = {entry.key for entry in sent}
    wait_for(lambda: set(broker.keys) == wanted)
    for name, receiver in receivers.items():
        assert set(receiver.keys) == wanted, name
