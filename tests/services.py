"""Starts real services for tests, each on a free loopback port with its data in a temporary folder.

An address in the environment is used instead where it is given. What cannot be had is `Absent`, saying how to start it.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, TypeAlias

import pytest

POSTGRES_URL = "SIGHTLINE_TEST_POSTGRES"
REDIS_URL = "SIGHTLINE_TEST_REDIS"
KAFKA_SERVERS = "SIGHTLINE_TEST_KAFKA"
_START_S = 60.0
_STOP_S = 20.0
Word: TypeAlias = str | Path


class Absent(Exception):
    """The service is not on this machine; the text says how to get it."""


def absent(error: Absent) -> NoReturn:
    """Fail where services are promised, skip on a laptop."""
    if os.environ.get("CI"):
        pytest.fail(str(error))
    pytest.skip(str(error))


@dataclass
class Service:
    """A running service: where it answers, and how to let it die and come back at the same address."""

    address: str
    secured: str = ""
    """A second address that asks for user and password, `sightline` and `password`."""
    password: str = field(default="", repr=False)
    _server: "_Server | None" = None

    def kill(self) -> None:
        """End it as a power cut would."""
        self._own().kill()

    def start(self) -> None:
        """Start it again with the data it had, unless it runs."""
        if not self._own().running():
            self._own().start()

    def _own(self) -> "_Server":
        if self._server is None:
            raise Absent(f"{self.address} was given by the environment and is not ours to stop")
        return self._server


@contextmanager
def postgres() -> Iterator[Service]:
    """Give a Postgres server whose user may create databases; its address is a URL."""
    given = os.environ.get(POSTGRES_URL)
    if given:
        yield Service(given)
        return
    programs = _postgres_programs()
    with _folder("postgres") as folder:
        password = secrets.token_urlsafe(12)
        _own(folder / "password", password)
        initdb: list[Word] = [programs / "initdb", "--pgdata", folder / "data", "--username", "sightline"]
        initdb += ["--encoding", "UTF8", "--locale", "C", "--auth", "scram-sha-256"]
        _completed([*initdb, "--pwfile", folder / "password"], folder, user=_user())
        port = free_port()
        # Nothing here must survive a power cut.
        options = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off"]
        command: list[Word] = [programs / "postgres", "-D", folder / "data"]
        command += [word for each in options for word in ("-c", each)]
        ready: list[Word] = [programs / "pg_isready", "--quiet", "--host", "127.0.0.1", "--port", str(port)]

        def answers() -> bool:
            return subprocess.run(ready, check=False).returncode == 0

        with _running(_Server(command, folder, answers, user=_user(), stop_signal=signal.SIGINT)) as server:
            url = f"postgresql://sightline:{password}@127.0.0.1:{port}/postgres"
            yield Service(url, password=password, _server=server)


@contextmanager
def redis() -> Iterator[Service]:
    """Give a Redis server that writes nothing to disk; its address is a URL."""
    given = os.environ.get(REDIS_URL)
    if given:
        yield Service(given)
        return
    program = shutil.which("redis-server")
    if program is None:
        raise Absent(f"Redis is not installed: apt-get install redis-server, or name a server in {REDIS_URL}")
    with _folder("redis") as folder:
        port = free_port()
        options = {"port": port, "bind": "127.0.0.1", "dir": folder, "save": "", "appendonly": "no"}
        command: list[Word] = [program]
        command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
        with _running(_Server(command, folder, lambda: _answers(port), user=_user())) as server:
            yield Service(f"redis://127.0.0.1:{port}/0", _server=server)


@contextmanager
def kafka() -> Iterator[Service]:
    """Give a Kafka broker: one node that is its own controller (KRaft), made of Maven Central's jars."""
    given = os.environ.get(KAFKA_SERVERS)
    if given:
        yield Service(given)
        return
    jars = kafka_jars()
    with _folder("kafka") as folder:
        port, secured, controller = free_port(), free_port(), free_port()
        password = secrets.token_urlsafe(12)
        properties = folder / "server.properties"
        _write(properties, _kafka_settings(folder, port, secured, controller, password))
        java: list[Word] = ["java", "-Xmx512m", "-cp", f"{jars}/*"]
        format_data = ["kafka.tools.StorageTool", "format", "-t", "c2lnaHRsaW5lLXRlc3RzLQ", "-c", str(properties)]
        _completed([*java, *format_data], folder)
        with _running(_Server([*java, "kafka.Kafka", properties], folder, lambda: _answers(port))) as server:
            yield Service(f"127.0.0.1:{port}", f"127.0.0.1:{secured}", password, server)


def _kafka_settings(folder: Path, port: int, secured: int, controller: int, password: str) -> Mapping[str, object]:
    login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{secured},"
        f"CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{secured}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": f'{login} user_sightline="{password}";',
        "log.dirs": folder / "data",
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        "auto.create.topics.enable": "false",
    }


def kafka_jars() -> Path:
    """Return the folder of the broker's jars, fetched once into the user's cache."""
    lacking = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if lacking:
        raise Absent(
            f"Kafka needs {' and '.join(lacking)}: apt-get install openjdk-17-jre-headless maven, "
            f"or name a broker in {KAFKA_SERVERS}"
        )
    caches = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    jars = caches / "sightline" / "kafka-4.1.0"
    if not jars.exists():
        with _folder("kafka-jars", near=jars.parent) as fetched:
            fetch: list[Word] = ["mvn", "-B", "-q", "-f", Path(__file__).parent / "kafka" / "pom.xml"]
            fetch += ["dependency:copy-dependencies", f"-DoutputDirectory={fetched / 'jars'}", "-DincludeScope=runtime"]
            _completed(fetch, fetched)
            (fetched / "jars").rename(jars)
    return jars


def _postgres_programs() -> Path:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    for folder in ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"):
        for program in sorted(Path(folder).glob("*/bin/initdb"), reverse=True):
            return program.parent
    raise Absent(f"Postgres is not installed: apt-get install postgresql, or name a server in {POSTGRES_URL}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _user() -> str | None:
    """Return the unprivileged user that servers run as, None when this process has no privileges to drop."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@contextmanager
def _folder(name: str, *, near: Path | None = None) -> Iterator[Path]:
    if near is not None:
        near.mkdir(parents=True, exist_ok=True)
    prefix = f"sightline-{name}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=near, ignore_cleanup_errors=True) as made:
        folder = Path(made)
        user = _user()
        if user:
            shutil.chown(folder, user)
        yield folder


def _own(path: Path, text: str) -> None:
    """Write a file that only the servers' user may read."""
    path.touch(mode=0o600)
    path.write_text(text)
    user = _user()
    if user:
        shutil.chown(path, user)


def _write(path: Path, properties: Mapping[str, object]) -> None:
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))


def _completed(command: Sequence[Word], folder: Path, *, user: str | None = None) -> None:
    done = subprocess.run(command, cwd=folder, user=user, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed: {(done.stdout + done.stderr)[-2000:]}")


class _Server:
    def __init__(
        self,
        command: Sequence[Word],
        folder: Path,
        ready: Callable[[], bool],
        *,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self._command = command
        self._folder = folder
        self._ready = ready
        self._user = user
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, user=self._user, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + _START_S
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self._folder / "log").read_text(errors="replace")
                raise RuntimeError(f"the service did not start: {said[-2000:]}")
            time.sleep(0.05)

    def running(self) -> bool:
        return self._process is not None

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(self._stop_signal)

    def _end(self, by: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(by)
        try:
            self._process.wait(timeout=_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


@contextmanager
def _running(server: _Server) -> Iterator[_Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()
