"""Tries every camera and every receiver side by side, for a few seconds in all, however many of them hang.

A connection is made and closed; nothing is sent, no login is used, no message arrives anywhere.
"""

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from domain.cameras import Camera
from domain.errors import SightlineError, SourceUnavailable
from domain.text.addresses import parse_address
from ingest.connect.endpoints import DEFAULT_PORTS, parse_endpoint
from notification.notifiers.mail import MailSettings
from notification.notifiers.mqtt import MqttSettings
from sightline.config.settings import Settings
from sightline.doctor.finding import Finding, Health
from sightline.runtime.stores import open_configured_engine
from storage.sql.database.migrate import current_revision, newest_revision
from storage.sql.stream_store import SqlStreamStore

WAIT_S = 5.0
"""Seconds for all cameras and receivers together."""
CONNECT_TIMEOUT_S = 3.0
DATABASE_WAIT_S = 2.0
"""Seconds that a mute database keeps the receivers waiting."""
AT_ONCE = 128
NAMES_SHOWN = 10
SILENT = "silent"
"""The result of a server that takes the connection and does not greet."""

Connect = Callable[[str, int, float], None]
"""`connect(host, port, timeout_s)` makes and closes a connection, or raises `OSError`."""


def _connect(host: str, port: int, timeout_s: float) -> None:
    socket.create_connection((host, port), timeout_s).close()


class _Silence(OSError):
    """The connection is accepted, and the greeting does not come."""


def _wait_for_greeting(host: str, port: int, timeout_s: float) -> None:
    """Wait for the first line of a mail server, which speaks before its client (RFC 5321, 3.1)."""
    until_s = time.monotonic() + timeout_s
    with socket.create_connection((host, port), timeout_s) as connection:
        connection.settimeout(max(0.1, until_s - time.monotonic()))
        try:
            greeting = connection.recv(3)
        except TimeoutError:
            raise _Silence from None
    if greeting != b"220":
        raise OSError(0, "it does not greet as a mail server that takes mail")


@dataclass(frozen=True, slots=True)
class CheckedPlace:
    """What is tried: a host and port under the name that is shown, or why it cannot be tried."""

    name: str
    host: str = ""
    port: int = 0
    problem: str = ""
    greets: bool = False
    """Whether the server speaks first."""


@dataclass
class _Trials:
    """The results so far by number; threads that hang in a resolver are left behind, and end with the process."""

    places: Sequence[CheckedPlace]
    connect: Connect
    greet: Connect
    until_s: float
    results: dict[int, str] = field(default_factory=dict)

    def run(self) -> Mapping[int, str]:
        """Return "" or the problem of each place that was tried in time."""
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number, place in enumerate(self.places):
            if place.problem:
                self.results[number] = place.problem
            else:
                waiting.put(number)
        threads = [
            threading.Thread(target=self._work, args=(waiting,), daemon=True, name="doctor")
            for _ in range(min(AT_ONCE, waiting.qsize()))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, self.until_s - time.monotonic()))
        return dict(self.results)

    def _work(self, waiting: "queue.SimpleQueue[int]") -> None:
        with suppress(queue.Empty):
            while time.monotonic() < self.until_s:
                number = waiting.get_nowait()
                self.results[number] = self._try(self.places[number])

    def _try(self, place: CheckedPlace) -> str:
        if not place.host:
            return ""
        try:
            (self.greet if place.greets else self.connect)(place.host, place.port, CONNECT_TIMEOUT_S)
        except _Silence:
            return SILENT
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "no answer"
            return f"{place.host}:{place.port} cannot be reached ({reason})"
        return ""


def check_network(
    settings: Settings,
    *,
    connect: Connect = _connect,
    greet: Connect = _wait_for_greeting,
    wait_s: float = WAIT_S,
) -> Iterator[Finding]:
    """Yield what was found of cameras and receivers, within `wait_s` in all; `greet` waits for the server too."""
    cameras = [place_of_camera(camera) for camera in known_cameras(settings) if camera.enabled]
    receivers = list(_receiver_places(settings))
    # Receivers first: there are few, and a message that reaches nobody weighs more than a camera.
    results = _Trials([*receivers, *cameras], connect, greet, time.monotonic() + wait_s).run()
    for number, place in enumerate(receivers):
        yield _receiver_finding(place, results.get(number))
    if not receivers:
        text = "no webhook, no receiver and no heartbeat: alerts are only in the log and on the page"
        yield Finding("services", Health.NOTE, text)
    if cameras:
        yield _camera_finding(cameras, {n - len(receivers): text for n, text in results.items()})


def known_cameras(settings: Settings) -> Sequence[Camera]:
    """Return the cameras of the database, else those of the settings file."""
    from_file = {camera.name: camera for camera in settings.domain_cameras()}
    with suppress(SightlineError):
        address = parse_address(settings.database)
        if address is not None and address.scheme == "sqlite" and not Path(address.rest.removeprefix("/")).exists():
            return tuple(from_file.values())
        engine = open_configured_engine(settings, busy_timeout_s=DATABASE_WAIT_S)
        try:
            if current_revision(engine) == newest_revision():
                from_file |= {camera.name: camera for camera in SqlStreamStore(engine).cameras()}
        finally:
            engine.dispose()
    return tuple(from_file.values())


def place_of_camera(camera: Camera) -> CheckedPlace:
    """Return where a camera is tried."""
    address = parse_address(camera.url)
    if address is not None and address.scheme.lower() == "file":
        found = any(Path(path).exists() for path in (address.rest, unquote(address.rest)))
        return CheckedPlace(camera.name, problem="" if found else "its file is not there")
    try:
        endpoint = parse_endpoint(camera.url)
    except SourceUnavailable:
        return CheckedPlace(camera.name, problem="its address cannot be used")
    return CheckedPlace(camera.name, endpoint.host, endpoint.port)


def _receiver_places(settings: Settings) -> Iterator[CheckedPlace]:
    wanted = [(f"webhook {hook.name}", hook.url) for hook in settings.notifiers.webhooks]
    wanted += [("heartbeat", settings.heartbeat.url)] if settings.heartbeat.url else []
    for name, url in wanted:
        address = parse_address(url)
        if address is None or not address.hostname:
            yield CheckedPlace(name, problem="no host in its address; write https://host/path")
        else:
            port = address.port or str(DEFAULT_PORTS.get(address.scheme.lower(), 80))
            yield CheckedPlace(name, address.hostname.strip("[]"), int(port))
    for name, receiver in settings.alerts.receivers.items():
        if isinstance(receiver, MailSettings):
            greets = receiver.security != "tls"  # there the client speaks first
            yield CheckedPlace(f"receiver {name}", receiver.host, receiver.port, greets=greets)
        elif isinstance(receiver, MqttSettings):
            yield CheckedPlace(f"receiver {name}", receiver.host, receiver.port)
        else:
            yield CheckedPlace(f"receiver {name}")


def _receiver_finding(place: CheckedPlace, problem: str | None) -> Finding:
    if not place.host and not place.problem:
        name = place.name.removeprefix("receiver ")
        text = f"its service is asked only with a message; try it: sightline notify test '{name}'"
        return Finding(place.name, Health.NOTE, text)
    if problem is None:
        return Finding(
            place.name, Health.FAILED, f"{place.host}:{place.port} was not reached in time; check the network"
        )
    if problem == SILENT:
        name = place.name.removeprefix("receiver ")
        text = f"{place.host}:{place.port} takes the connection and does not greet within {CONNECT_TIMEOUT_S:.0f} s; "
        return Finding(place.name, Health.NOTE, f"{text}try it: sightline notify test '{name}'")
    if problem:
        return Finding(place.name, Health.FAILED, problem if place.problem else f"{problem}; check the network")
    return Finding(place.name, Health.OK, f"{place.host}:{place.port} answers")


def _camera_finding(cameras: Sequence[CheckedPlace], results: Mapping[int, str]) -> Finding:
    bad = [f"{place.name}: {results[n]}" for n, place in enumerate(cameras) if results.get(n)]
    tried = sum(n in results for n in range(len(cameras)))
    good = tried - len(bad)
    parts = [f"{good} of {len(cameras)} can be reached"]
    if bad:
        more = f" and {len(bad) - NAMES_SHOWN} more" if len(bad) > NAMES_SHOWN else ""
        parts.append(f"{len(bad)} cannot: {', '.join(bad[:NAMES_SHOWN])}{more}")
    if tried < len(cameras):
        parts.append(f"{len(cameras) - tried} were not tried to the end in time")
    if good < len(cameras):
        parts.append("check power and network; try one: sightline cameras test NAME")
    health = Health.OK if good == len(cameras) else Health.NOTE if good else Health.FAILED
    return Finding("cameras", health, "; ".join(parts))
