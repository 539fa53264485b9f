"""MQTT on a real Mosquitto: states, last will, births, retired cameras and events."""

import json
import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from domain.errors import NotifierUnavailable, StoreUnavailable
from notification.home_assistant import PublishedCamera, Topics, camera_id, camera_messages
from notification.message import MessageWriter
from notification.notifiers.mqtt import MqttMirror, MqttNotifier, MqttSettings
from notification.receiver_settings import ReceiverTools
from tests import services
from tests.fakes.ports import FakeClock
from tests.unit.notification.notifiers.test_webhook import FIRING

WAIT_S = 60.0
TOPICS = Topics()
GATE = PublishedCamera("gate", "depot", state="ok")
KEEP_ALIVE_S = 5


class Observer:
    """Sees everything that the broker holds and gets."""

    def __init__(self, port: int) -> None:
        self.holds: dict[str, str] = {}
        self._news: queue.Queue[tuple[str, str]] = queue.Queue()
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._take
        self.client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _take(self, client: Any, data: Any, message: Any) -> None:
        self._news.put((message.topic, message.payload.decode()))

    def wait(self, condition: Callable[[dict[str, str]], bool], *, within_s: float = WAIT_S) -> float:
        """Wait until what was seen meets the condition; return after how many seconds."""
        began = time.monotonic()
        while not condition(self.holds):
            left = began + within_s - time.monotonic()
            assert left > 0, self.holds
            try:
                topic, payload = self._news.get(timeout=min(left, 1.0))
            except queue.Empty:
                continue
            self.holds[topic] = payload
        return time.monotonic() - began


@pytest.fixture
def broker() -> Iterator[services.Service]:
    try:
        with services.mosquitto() as server:
            yield server
    except services.ServiceMissing as error:
        services.absent(error)


def port_of(broker: services.Service) -> int:
    return int(broker.address.rpartition(":")[2])


def settings(port: int, **changed: object) -> MqttSettings:
    given = {"type": "mqtt", "host": "127.0.0.1", "port": port, "tls": False, "keep_alive_s": KEEP_ALIVE_S}
    return MqttSettings.model_validate({**given, **changed})


@contextmanager
def observe(port: int) -> Iterator[Observer]:
    observer = Observer(port)
    try:
        yield observer
    finally:
        observer.client.disconnect()
        observer.client.loop_stop()


@contextmanager
def mirror_of(port: int, cameras: list[PublishedCamera]) -> Iterator[MqttMirror]:
    mirror = MqttMirror("ha", settings(port), lambda: list(cameras))
    mirror.start()
    try:
        yield mirror
    finally:
        mirror.close()


def run_until(mirror: MqttMirror, observer: Observer, condition: Callable[[dict[str, str]], bool]) -> None:
    """Let the mirror look again and again until the observer has seen what is expected."""
    deadline = time.monotonic() + WAIT_S
    while True:
        mirror.run_once()
        try:
            observer.wait(condition, within_s=0.5)
        except AssertionError:
            assert time.monotonic() < deadline, observer.holds
        else:
            return


def topics_of(name: str) -> tuple[str, str, str]:
    return TOPICS.camera_topics(camera_id(name))


def test_a_camera_is_one_device_with_its_state_and_is_unavailable_when_unknown(broker: services.Service) -> None:
    config, state, availability = topics_of("gate")
    cameras = [GATE]
    with observe(port_of(broker)) as observer, mirror_of(port_of(broker), cameras) as mirror:
        run_until(mirror, observer, lambda holds: holds.get(availability) == "online")
        device = json.loads(observer.holds[config])
        assert device["device"]["name"] == "gate"
        assert device["device"]["suggested_area"] == "depot"
        assert {each["topic"] for each in device["availability"]} == {"sightline/status", availability}
        assert json.loads(observer.holds[state])["problem"] == "OFF"
        cameras[:] = [replace(GATE, state="fault", fault="covered", reason="covered")]
        run_until(mirror, observer, lambda holds: json.loads(holds[state])["problem"] == "ON")
        cameras[:] = [replace(GATE, state=None)]
        run_until(mirror, observer, lambda holds: holds[availability] == "offline")
    with observe(port_of(broker)) as late:
        late.wait(lambda holds: holds.get("sightline/status") == "offline")
        assert late.holds[availability] == "offline", "retained"


def test_a_retired_camera_loses_its_topics_also_after_a_restart(broker: services.Service) -> None:
    cameras = [GATE, PublishedCamera("yard", state="ok"), PublishedCamera("Tor 1 / Süd", state="ok")]
    with observe(port_of(broker)) as observer:
        with mirror_of(port_of(broker), cameras) as mirror:
            run_until(mirror, observer, lambda holds: all(holds.get(topics_of(c.name)[2]) for c in cameras))
            del cameras[2]
            run_until(mirror, observer, lambda holds: all(holds[topic] == "" for topic in topics_of("Tor 1 / Süd")))
        del cameras[1]
        with mirror_of(port_of(broker), cameras) as mirror:
            run_until(mirror, observer, lambda holds: all(holds[topic] == "" for topic in topics_of("yard")))
            assert observer.holds[topics_of("gate")[2]] == "online"


def test_everything_is_sent_again_when_home_assistant_or_the_broker_starts(broker: services.Service) -> None:
    config = topics_of("gate")[0]
    port = port_of(broker)
    with mirror_of(port, [GATE]) as mirror:
        with observe(port) as observer:
            run_until(mirror, observer, lambda holds: config in holds)
            observer.holds.clear()
            observer.client.publish("homeassistant/status", "online", qos=1).wait_for_publish(WAIT_S)
            run_until(mirror, observer, lambda holds: config in holds)
        broker.kill()
        broker.start()
        with observe(port) as observer:
            run_until(mirror, observer, lambda holds: holds.get(topics_of("gate")[2]) == "online" and config in holds)


_SCRIPT = """
import sys, time
from notification.home_assistant import PublishedCamera
from notification.notifiers.mqtt import MqttMirror, MqttSettings
settings = MqttSettings(type="mqtt", host="127.0.0.1", port=int(sys.argv[1]), tls=False, keep_alive_s=5)
mirror = MqttMirror("ha", settings, lambda: [PublishedCamera("gate", state="ok")])
mirror.start()
while True:
    mirror.run_once()
    time.sleep(0.2)
"""


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGSTOP])
def test_a_killed_or_hanging_sightline_is_offline_within_the_keep_alive(
    broker: services.Service, by: signal.Signals
) -> None:
    process = subprocess.Popen([sys.executable, "-c", _SCRIPT, str(port_of(broker))])
    try:
        with observe(port_of(broker)) as observer:
            observer.wait(lambda holds: holds.get("sightline/status") == "online")
            os.kill(process.pid, by)
            took_s = observer.wait(lambda holds: holds["sightline/status"] == "offline")
            # MQTT 3.1.1, 3.1.2.10: one and a half times the keep-alive; the broker looks every second or so.
            assert took_s <= 1.5 * KEEP_ALIVE_S + 10
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_thousand_cameras_are_announced_in_half_a_minute(broker: services.Service) -> None:
    cameras = [PublishedCamera(f"camera {number:04}", f"site {number % 20}", state="ok") for number in range(1000)]
    with observe(port_of(broker)) as observer, mirror_of(port_of(broker), cameras) as mirror:
        began = time.monotonic()
        last = {topics_of(camera.name)[2] for camera in cameras}
        run_until(mirror, observer, lambda holds: last <= holds.keys())
        assert time.monotonic() - began < 30
        assert len({topic for topic in observer.holds if topic.endswith("/config")}) == 1000


def test_when_nothing_can_be_read_all_is_unavailable(broker: services.Service) -> None:
    def read() -> list[PublishedCamera]:
        if broken:
            raise StoreUnavailable("the database is unavailable")
        return [GATE]

    broken: list[int] = []
    mirror = MqttMirror("ha", settings(port_of(broker)), read)
    mirror.start()
    with observe(port_of(broker)) as observer:
        run_until(mirror, observer, lambda holds: holds.get("sightline/status") == "online")
        broken.append(1)
        with pytest.raises(StoreUnavailable):
            mirror.run_once()
        observer.wait(lambda holds: holds["sightline/status"] == "offline")
        broken.clear()
        run_until(mirror, observer, lambda holds: holds["sightline/status"] == "online")
    mirror.close()


def test_a_message_arrives_as_an_event_with_its_key(broker: services.Service) -> None:
    notifier = MqttNotifier("ha", settings(port_of(broker)), ReceiverTools(FakeClock(), MessageWriter()))
    with observe(port_of(broker)) as observer:
        observer.wait(lambda holds: True)
        observer.client.subscribe("#", 1)
        deadline = time.monotonic() + WAIT_S
        while "sightline/events" not in observer.holds and time.monotonic() < deadline:
            assert notifier.send_and_read_answer(FIRING) == "127.0.0.1 acknowledged it"
            observer.wait(lambda holds: "sightline/events" in holds, within_s=WAIT_S)
        event = json.loads(observer.holds["sightline/events"])
    assert (event["key"], event["camera"], event["fault"]) == (FIRING.key, "gate", "blur")


def test_a_broker_that_is_away_is_announced_and_gets_the_message_later(broker: services.Service) -> None:
    tools = ReceiverTools(FakeClock(), MessageWriter())
    notifier = MqttNotifier("ha", settings(port_of(broker), timeout_s=1.0), tools)
    broker.kill()
    with pytest.raises(NotifierUnavailable, match=r"127\.0\.0\.1"):
        notifier.send(FIRING)
    broker.start()
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            notifier.send(FIRING)
        except NotifierUnavailable:
            assert time.monotonic() < deadline
        else:
            return


def test_two_names_never_share_a_topic_and_none_holds_a_wildcard() -> None:
    names = ["Gate 1", "gate 1", "gate_1", "Gate #1", "Gate +1", "門", "扉", "a/b", "-"]
    assert len({camera_id(name) for name in names}) == len(names)
    assert all(set(camera_id(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_") for name in names)


def test_not_assessable_is_neither_a_problem_nor_none() -> None:
    _, state, availability = topics_of("gate")
    messages = camera_messages(replace(GATE, state="not_assessable"), TOPICS, "")
    assert json.loads(messages[state])["problem"] == "None"
    assert messages[availability] == "online"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"host": "broker.example.org", "user": "a", "password": "b"}, "in the clear"),
        ({"password": "b"}, "needed with a password"),
    ],
)
def test_a_login_in_the_clear_is_refused(changed: dict[str, object], said: str) -> None:
    assert any(said in problem for problem in settings(1883, **changed).find_conflicts())
