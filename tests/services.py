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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

POSTGRES_URL = "SIGHTLINE_TEST_POSTGRES"
_START_S = 60.0
Word: TypeAlias = str | Path


class Absent(Exception):
    """The service is not on this machine; the text says how to get it."""


@contextmanager
def postgres() -> Iterator[str]:
    """Give the URL of a Postgres server whose user may create databases."""
    given = os.environ.get(POSTGRES_URL)
    if given:
        yield given
        return
    programs = _postgres_programs()
    with _folder("postgres") as folder:
        password = secrets.token_urlsafe(12)
        _own(folder / "password", password)
        initdb: list[Word] = [
            programs / "initdb",
            "--pgdata",
            folder / "data",
            "--username",
            "sightline",
            "--encoding",
            "UTF8",
        ]
        initdb += ["--auth", "scram-sha-256", "--pwfile", folder / "password", "--locale", "C"]
        _completed(initdb, folder)
        port = free_port()
        # Nothing here must survive a power cut.
        options = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", "fsync=off"]
        server: list[Word] = [
            programs / "postgres",
            "-D",
            folder / "data",
            *(word for each in options for word in ("-c", each)),
        ]
        with _running(server, folder, stop=signal.SIGINT) as alive:
            ready: list[Word] = [programs / "pg_isready", "--quiet", "--host", "127.0.0.1", "--port", str(port)]
            _wait(lambda: subprocess.run(ready, check=False).returncode == 0, alive, folder)
            yield f"postgresql://sightline:{password}@127.0.0.1:{port}/postgres"


def _postgres_programs() -> Path:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    for folder in ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"):
        versions = sorted(
            Path(folder).glob("*/bin/initdb"), key=lambda each: len(str(each)) * 1000 + each.stat().st_size
        )
        if versions:
            return versions[-1].parent
    raise Absent(f"Postgres is not installed: apt-get install postgresql, or name a server in {POSTGRES_URL}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _user() -> str | None:
    """Return the unprivileged user that servers run as, None when this process has no privileges to drop."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"sightline-{name}-", ignore_cleanup_errors=True) as made:
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


def _completed(command: Sequence[Word], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, user=_user(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr[-2000:]}")


@contextmanager
def _running(
    command: Sequence[Word], folder: Path, *, stop: signal.Signals = signal.SIGTERM
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, user=_user(), stdout=log, stderr=subprocess.STDOUT)
        try:
            yield server
        finally:
            server.send_signal(stop)
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(ready: Callable[[], bool], server: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + _START_S
    while not ready():
        if server.poll() is not None or time.monotonic() > deadline:
            log = (folder / "log").read_text(errors="replace")
            raise RuntimeError(f"the service did not start: {log[-2000:]}")
        time.sleep(0.05)
