"""MQTT over TLS on a real Mosquitto with a login: what arrives, and what each wrong setting says."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from domain.errors import NotifierUnavailable
from lab.services.certificates import Certificate, make_certificate
from notification.home_assistant import PublishedCamera, Topics, camera_id
from notification.message import MessageWriter
from notification.notifiers.mqtt import MqttMirror, MqttNotifier, MqttSettings
from notification.receiver_settings import ReceiverTools
from tests import services
from tests.fakes.ports import FakeClock
from tests.unit.notification.notifiers.test_webhook import FIRING

# paho leaves the socket of a refused handshake to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning")

WAIT_S = 120.0
WRONG = "s3cret-of-nobody"
STATE = Topics().camera_topics(camera_id("gate"))[1]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    try:
        return make_certificate(tmp_path_factory.mktemp("certificate"))
    except services.ServiceMissing as error:
        services.absent(error)


@pytest.fixture(scope="module")
def broker(certificate: Certificate) -> Iterator[services.Service]:
    try:
        with services.mosquitto(certificate=certificate) as server:
            yield server
    except services.ServiceMissing as error:
        services.absent(error)


def settings(broker: services.Service, certificate: Certificate, **changed: object) -> MqttSettings:
    given: dict[str, object] = {
        "type": "mqtt", "host": "127.0.0.1", "port": int(broker.address.rpartition(":")[2]),
        "ca_file": str(certificate.authority), "user": "sightline", "password": broker.password, "timeout_s": 60.0,
    }  # fmt: skip
    return MqttSettings.model_validate({**given, **changed})


class Listener:
    """Another client of the broker; it notes what arrives on each topic."""

    def __init__(self, chosen: MqttSettings) -> None:
        self.seen: dict[str, str] = {}
        self.ready = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.username_pw_set(chosen.user, chosen.password)
        self.client.tls_set(chosen.ca_file)
        self.client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.on_message = self._take
        self.client.connect(chosen.host, chosen.port)
        self.client.loop_start()

    def _take(self, client: Client, data: Any, message: MQTTMessage) -> None:
        self.seen[message.topic] = message.payload.decode()

    def wait_for(self, topic: str) -> Any:
        deadline = time.monotonic() + WAIT_S
        while topic not in self.seen:
            assert time.monotonic() < deadline, sorted(self.seen)
            threading.Event().wait(0.02)
        return json.loads(self.seen[topic])

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def tools() -> ReceiverTools:
    return ReceiverTools(FakeClock(), MessageWriter())


def test_messages_and_cameras_arrive_over_tls_with_a_login(broker: services.Service, certificate: Certificate) -> None:
    chosen = settings(broker, certificate)
    listener = Listener(chosen)
    assert listener.ready.wait(WAIT_S)
    assert MqttNotifier("ha", chosen, tools()).send_and_read_answer(FIRING) == "127.0.0.1 acknowledged it"
    assert listener.wait_for("sightline/events")["key"] == FIRING.key
    mirror = MqttMirror("ha", chosen, lambda: [PublishedCamera("gate", "depot", state="fault", fault="covered")])
    mirror.start()
    deadline = time.monotonic() + WAIT_S
    while STATE not in listener.seen and time.monotonic() < deadline:
        mirror.run_once()
        threading.Event().wait(0.05)
    assert listener.wait_for(STATE)["problem"] == "ON"
    assert mirror.health() == ""
    mirror.close()
    listener.close()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": WRONG}, r"refused the connection: .*uthori"),
        ({"ca_file": ""}, "certificate is not trusted"),
        ({"tls": False}, "no connection"),
    ],
)
def test_a_wrong_setting_is_named_and_no_password_is_shown(
    broker: services.Service, certificate: Certificate, changed: dict[str, object], said: str
) -> None:
    notifier = MqttNotifier("ha", settings(broker, certificate, **{"timeout_s": 10.0, **changed}), tools())
    with pytest.raises(NotifierUnavailable, match=said) as caught:
        notifier.send(FIRING)
    shown = f"{caught.value} {caught.value.__cause__!r}"
    assert broker.password not in shown
    assert WRONG not in shown


def test_a_broker_whose_certificate_another_authority_signed_gets_no_login(
    broker: services.Service, tmp_path: Path
) -> None:
    strange = make_certificate(tmp_path)
    notifier = MqttNotifier("ha", settings(broker, strange, timeout_s=10.0), tools())
    with pytest.raises(NotifierUnavailable, match="certificate is not trusted"):
        notifier.send(FIRING)
