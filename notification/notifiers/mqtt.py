"""MQTT: every message as an event, and each camera's state for Home Assistant."""

import json
import secrets
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from domain.alerts import OutboxEntry
from domain.errors import ConfigError, NotifierUnavailable
from domain.ports import AnsweringNotifier
from domain.text.addresses import is_loopback
from notification.home_assistant import OFFLINE, ONLINE, PublishedCamera, Topics, camera_id, camera_messages
from notification.receiver_settings import ReceiverSection, ReceiverTools

if TYPE_CHECKING:
    from paho.mqtt.client import Client


class MqttSettings(ReceiverSection):
    """A broker: events of incidents, and a device of Home Assistant for each camera."""

    type: Literal["mqtt"]
    """`mqtt`: a broker."""
    host: str = Field(min_length=1)
    """The broker."""
    port: int = Field(default=8883, ge=1, le=65535)
    """Its port: 8883 with TLS, 1883 without."""
    tls: bool = True
    """Whether the connection is encrypted; needed for a login on another machine."""
    ca_file: str = ""
    """Certificates that sign the broker's own, PEM; else those that the system trusts."""
    user: str = Field(default="", repr=False)
    """User of the login; none where it is not given."""
    password: str = Field(default="", repr=False)
    """Password of the login."""
    topic: str = Field(default="sightline", pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")
    """What all topics begin with."""
    discovery_topic: str = Field(default="homeassistant", pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")
    """Where Home Assistant looks for devices."""
    keep_alive_s: int = Field(default=30, ge=5, le=3600)
    """Seconds after which the broker notices that Sightline is gone; it then says offline within half as much again."""
    timeout_s: float = Field(default=10.0, gt=0, le=600)
    """Seconds to wait for the broker."""

    def make(self, name: str, tools: ReceiverTools) -> AnsweringNotifier:
        return MqttNotifier(name, self, tools)

    def secrets(self) -> tuple[str, ...]:
        return (self.password,)

    def find_conflicts(self) -> tuple[str, ...]:
        conflicts = []
        if self.password and not self.tls and not is_loopback(self.host):
            conflicts.append("tls: false would send the password in the clear; use tls: true")
        if self.password and not self.user:
            conflicts.append("user: needed with a password")
        return tuple(conflicts)

    def topics(self) -> Topics:
        return Topics(self.topic, self.discovery_topic)


def make_client(settings: MqttSettings, where: str) -> "Client":
    """Return a client that is not connected yet. Raises `ConfigError` for certificates that cannot be read."""
    from paho.mqtt.client import Client  # noqa: PLC0415 - only where a broker is configured
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion  # noqa: PLC0415

    client = Client(
        CallbackAPIVersion.VERSION2, f"sightline-{secrets.token_hex(6)}", protocol=MQTTProtocolVersion.MQTTv311
    )
    client.reconnect_delay_set(1, 60)
    if settings.user:
        client.username_pw_set(settings.user, settings.password or None)
    if settings.tls:
        try:
            client.tls_set_context(ssl.create_default_context(cafile=settings.ca_file or None))
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"{where}.ca_file: cannot be read as certificates (PEM)") from error
    return client


def _describe_failure(error: BaseException | None) -> str:
    """Return why a connection could not be made, and what to check."""
    found = next((said for kind, said in _FAILURES.items() if isinstance(error, kind)), "cannot be reached")
    return f"no connection: {found}"


_FAILURES: Mapping[type[BaseException], str] = {
    ssl.SSLCertVerificationError: "the broker's certificate is not trusted; name who signed it in ca_file",
    ssl.SSLError: "the broker does not speak TLS there; check port and tls",
    TimeoutError: "the broker does not answer; check host and port",
    socket.gaierror: "the name of the broker is not known here; check host",
    ConnectionRefusedError: "nothing listens there; check port and whether the broker runs",
    ConnectionResetError: "the broker ended it; check port and tls",
}
"""The first that fits says why."""


class MqttNotifier:
    """Publishes each message to `TOPIC/events` as JSON with its key, at least once (quality of service 1)."""

    def __init__(self, name: str, settings: MqttSettings, tools: ReceiverTools) -> None:
        """Raise `ConfigError` for certificates that cannot be read."""
        self.name = name
        self._settings = settings
        self._tools = tools
        self._client = make_client(settings, f"alerts.receivers.{name}")
        self._refused = ""
        self._connected = threading.Event()
        self._started = False
        self._client.on_connect = self._note_connection
        self._client.on_connect_fail = self._note_failure
        self._client.on_disconnect = self._note_end

    def send(self, entry: OutboxEntry) -> None:
        self.send_and_read_answer(entry)

    def send_and_read_answer(self, entry: OutboxEntry) -> str:
        self._connect()
        try:
            publication = self._client.publish(self._settings.topics().events, self._write(entry), qos=1)
            publication.wait_for_publish(self._settings.timeout_s)
            acknowledged = publication.is_published()
        except (RuntimeError, ValueError) as error:
            raise NotifierUnavailable(f"{self._settings.host}: {error}") from None
        if not acknowledged:
            raise NotifierUnavailable(f"{self._settings.host}: did not acknowledge in {self._settings.timeout_s:.0f} s")
        return f"{self._settings.host} acknowledged it"

    def _write(self, entry: OutboxEntry) -> str:
        message, incident = self._tools.writer.write(entry), entry.incident
        return json.dumps(
            {
                "key": entry.key,
                "kind": entry.kind,
                "incident": incident.incident_id,
                "camera": incident.stream_id,
                "cameras": list(incident.members),
                "site": incident.site,
                "fault": incident.headline,
                "severity": incident.severity,
                "title": message.title,
                "text": message.text,
                "link": message.link,
            },
            ensure_ascii=False,
        )

    def _connect(self) -> None:
        if not self._started:
            self._started = True
            self._client.connect_async(self._settings.host, self._settings.port, self._settings.keep_alive_s)
            self._client.loop_start()
        if not self._connected.wait(self._settings.timeout_s):
            raise NotifierUnavailable(f"{self._settings.host}: {self._refused or 'no connection'}")

    def _note_connection(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._refused = f"refused the connection: {reason}"
        else:
            self._connected.set()

    def _note_failure(self, client: Any, data: Any) -> None:
        self._refused = _describe_failure(sys.exception())  # paho calls while it handles the error

    def _note_end(self, client: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._connected.clear()


class MqttMirror:
    """Keeps each camera's retained topics as the page shows it; one connection, with the last will `offline`.

    Everything is sent again when the broker or Home Assistant starts. Cameras that are no longer there lose their
    topics, also those of an earlier run.
    """

    def __init__(
        self,
        name: str,
        settings: MqttSettings,
        read_cameras: Callable[[], Sequence[PublishedCamera]],
        public_url: str = "",
    ) -> None:
        """Raise `ConfigError` for certificates that cannot be read."""
        self.name = name
        self._settings = settings
        self._topics = settings.topics()
        self._read_cameras = read_cameras
        self._public_url = public_url
        self._client = make_client(settings, f"alerts.receivers.{name}")
        self._client.will_set(self._topics.status, OFFLINE, qos=1, retain=True)
        self._client.max_queued_messages_set(0)
        self._client.max_inflight_messages_set(200)
        self._client.on_connect = self._begin_session
        self._client.on_connect_fail = self._note_failure
        self._client.on_message = self._take_message
        self._lock = threading.Lock()
        self._sent: dict[str, str] = {}
        self._seen: set[str] = set()
        self._refused = ""

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        self._client.connect_async(self._settings.host, self._settings.port, self._settings.keep_alive_s)
        self._client.loop_start()

    def close(self) -> None:
        """Say that Sightline ends, and disconnect."""
        if self._client.is_connected():
            self._client.publish(self._topics.status, OFFLINE, qos=1, retain=True).wait_for_publish(2.0)
        self._client.disconnect()
        self._client.loop_stop()

    def health(self) -> str:
        return "" if self._client.is_connected() else self._refused or "no connection to the broker"

    def run_once(self) -> None:
        """Publish what changed. Raises what reading the cameras raises, after saying that nothing is known: whoever
        calls logs it and tries again.
        """
        if not self._client.is_connected():
            return
        try:
            reports = self._read_cameras()
        except Exception:
            self._publish(self._topics.status, OFFLINE)
            raise
        ids = {camera_id(report.name) for report in reports}
        with self._lock:
            removed = self._seen - ids
            self._seen = ids
        for identity in removed:
            for topic in self._topics.camera_topics(identity):
                self._publish(topic, "")
        for report in reports:
            for topic, payload in camera_messages(report, self._topics, self._public_url).items():
                self._publish(topic, payload)
        self._publish(self._topics.status, ONLINE)

    def _publish(self, topic: str, payload: str) -> None:
        with self._lock:
            if self._sent.get(topic) == payload:
                return
            self._sent[topic] = payload
        self._client.publish(topic, payload, qos=1, retain=True)

    def _begin_session(self, client: "Client", data: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._refused = f"no connection: the broker refused it ({reason})"
            return
        self._refused = ""
        with self._lock:
            self._sent.clear()
        client.subscribe([(self._topics.birth, 1), (self._topics.every_availability, 1)])

    def _note_failure(self, client: Any, data: Any) -> None:
        self._refused = _describe_failure(sys.exception())

    def _take_message(self, client: Any, data: Any, message: Any) -> None:
        if message.topic == self._topics.birth:
            if message.payload == ONLINE.encode():
                with self._lock:
                    self._sent.clear()
        elif message.payload:
            with self._lock:
                self._seen.add(self._topics.identity_of(message.topic))
