"""Postgres from the system's packages, run as an unprivileged user."""

import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.services.certificates import Certificate
from lab.services.server_process import (
    ServerProcess,
    Service,
    ServiceMissing,
    Word,
    free_port,
    run_command,
    run_server,
    service_folder,
    service_user,
    write_private,
)


@contextmanager
def postgres(*, durable: bool = False, certificate: Certificate | None = None) -> Iterator[Service]:
    """Give a server whose user may create databases; its address is a URL. Unless `durable`, it waits for no disk.

    With a certificate it lets nobody in without TLS.
    """
    programs = _programs()
    with service_folder("postgres") as folder:
        password = secrets.token_urlsafe(12)
        _make(programs, folder, password)
        port = free_port()
        options = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}"]
        options += [] if durable else ["fsync=off"]
        if certificate is not None:
            options += _tls_only(folder, certificate)
        command: list[Word] = [programs / "postgres", "-D", folder / "data"]
        command += [word for each in options for word in ("-c", each)]
        ready: list[Word] = [programs / "pg_isready", "--quiet", "--host", "127.0.0.1", "--port", str(port)]

        def answering() -> bool:
            return subprocess.run(ready, check=False).returncode == 0

        ours = ServerProcess(command, folder, answering, user=service_user(), stop_signal=signal.SIGINT)
        with run_server(ours) as server:
            url = f"postgresql://sightline:{password}@127.0.0.1:{port}/postgres"
            yield Service(url, password=password, folder=folder, _server=server)


def _tls_only(folder: Path, certificate: Certificate) -> list[str]:
    write_private(folder / "key.pem", certificate.key.read_text(), user=service_user())
    write_private(folder / "chain.pem", certificate.chain.read_text(), user=service_user())
    write_private(folder / "data" / "pg_hba.conf", "hostssl all all 127.0.0.1/32 scram-sha-256\n", user=service_user())
    return ["ssl=on", f"ssl_key_file={folder / 'key.pem'}", f"ssl_cert_file={folder / 'chain.pem'}"]


def _make(programs: Path, folder: Path, password: str) -> None:
    write_private(folder / "password", password, user=service_user())
    initdb: list[Word] = [programs / "initdb", "--pgdata", folder / "data", "--username", "sightline"]
    initdb += ["--encoding", "UTF8", "--locale", "C", "--auth", "scram-sha-256"]
    run_command([*initdb, "--pwfile", folder / "password"], folder, user=service_user())


def _programs() -> Path:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    for folder in ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"):
        for program in sorted(Path(folder).glob("*/bin/initdb"), reverse=True):
            return program.parent
    raise ServiceMissing("Postgres is not installed: apt-get install postgresql, or name a server")
