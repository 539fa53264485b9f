"""Redis from the system's packages, writing nothing to disk."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.services.certificates import Certificate
from lab.services.server_process import (
    ServerProcess,
    Service,
    ServiceMissing,
    Word,
    accepts_connections,
    free_port,
    run_server,
    service_folder,
    service_user,
    write_private,
)


@contextmanager
def redis(certificate: Certificate | None = None) -> Iterator[Service]:
    """Give a server; its address is a URL. With a certificate it speaks TLS alone, and asks for its password."""
    program = shutil.which("redis-server")
    if program is None:
        raise ServiceMissing("Redis is not installed: apt-get install redis-server, or name a server")
    with service_folder("redis") as folder:
        port = free_port()
        options: dict[str, Word | int] = {"bind": "127.0.0.1", "dir": folder, "save": "", "appendonly": "no"}
        password = secrets.token_urlsafe(12) if certificate else ""
        options |= {"port": port} if certificate is None else _tls_only(folder, port, certificate, password)
        command: list[Word] = [program]
        command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
        with run_server(
            ServerProcess(command, folder, lambda: accepts_connections(port), user=service_user())
        ) as server:
            yield Service(f"redis://127.0.0.1:{port}/0", password=password, folder=folder, _server=server)


def _tls_only(folder: Path, port: int, certificate: Certificate, password: str) -> dict[str, Word | int]:
    for name, text in (
        ("key.pem", certificate.key),
        ("chain.pem", certificate.chain),
        ("ca.pem", certificate.authority),
    ):
        write_private(folder / name, text.read_text(), user=service_user())
    files = {"tls-key-file": "key.pem", "tls-cert-file": "chain.pem", "tls-ca-cert-file": "ca.pem"}
    paths = {option: folder / name for option, name in files.items()}
    return {"port": 0, "tls-port": port, "tls-auth-clients": "no", "requirepass": password, **paths}
