"""One server process: started until it answers, killed as a power cut would, and started again with the data it had."""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import psutil

from domain.errors import ConfigError

_START_S = 180.0
_STOP_S = 20.0
Word: TypeAlias = str | Path


class ServiceMissing(ConfigError):
    """The service is not on this machine; the text says how to get it."""


@dataclass
class Service:
    """A running service: where it answers, and how to let it die and come back at the same address."""

    address: str
    secured: str = ""
    """A second address that asks for user and password, `sightline` and `password`."""
    password: str = field(default="", repr=False)
    over_tls: str = ""
    """An address that asks for TLS with a client's certificate."""
    secured_over_tls: str = ""
    """An address that asks for TLS and for user and password."""
    folder: Path | None = None
    """Where its data lies."""
    _server: "ServerProcess | None" = None
    listeners: Mapping[str, str] = field(default_factory=dict)
    """Further addresses by name."""

    @property
    def pid(self) -> int | None:
        """Return its process, None where it is not ours or does not run."""
        return None if self._server is None else self._server.pid

    def kill(self) -> None:
        """End it as a power cut would."""
        self._own().kill()

    def start(self) -> None:
        """Start it again with the data it had, unless it runs."""
        if not self._own().running():
            self._own().start()

    def _own(self) -> "ServerProcess":
        if self._server is None:
            raise ServiceMissing(f"{self.address} is not ours to stop")
        return self._server


class ServerProcess:
    """A command that is ready once `ready` says so. Raises `RuntimeError` with its log where it does not start."""

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

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

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
        with suppress(psutil.NoSuchProcess):
            parts = psutil.Process(self._process.pid).children(recursive=True)
            self._process.send_signal(by)
            if by is signal.SIGKILL:
                # A power cut takes them all; a Postgres does not start while a process of its predecessor lives.
                for part in parts:
                    with suppress(psutil.NoSuchProcess):
                        part.kill()
                psutil.wait_procs(parts, timeout=_STOP_S)
        try:
            self._process.wait(timeout=_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


@contextmanager
def run_server(server: ServerProcess) -> Iterator[ServerProcess]:
    """Run it for the length of the block."""
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def service_folder(name: str, *, near: Path | None = None) -> Iterator[Path]:
    """Give a temporary folder that the servers' user owns, beside `near` where it is given."""
    if near is not None:
        near.mkdir(parents=True, exist_ok=True)
    prefix = f"sightline-{name}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=near, ignore_cleanup_errors=True) as made:
        folder = Path(made)
        user = service_user()
        if user:
            shutil.chown(folder, user)
        yield folder


def run_command(command: Sequence[Word], folder: Path, *, user: str | None = None) -> None:
    """Run a command to its end. Raises `RuntimeError` with what it said where it fails."""
    done = subprocess.run(command, cwd=folder, user=user, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed: {(done.stdout + done.stderr)[-2000:]}")


def write_private(path: Path, text: str, *, user: str | None = None) -> None:
    """Write a file that only `user` (by default this process's) may read."""
    path.touch(mode=0o600)
    path.write_text(text)
    if user:
        shutil.chown(path, user)


def service_user() -> str | None:
    """Return the unprivileged user that servers run as, None when this process has no privileges to drop."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def reserve_port() -> int:
    """Return a loopback port that nobody listens on now and that no outgoing connection takes meanwhile.

    For a program that binds it late, or again and again: below the range from which systems take ports by themselves.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def accepts_connections(port: int) -> bool:
    """Return whether somebody listens on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
