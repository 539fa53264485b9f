"""Mosquitto from the system's packages: an MQTT broker that keeps nothing on disk."""

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
    accepts_connections,
    free_port,
    run_command,
    run_server,
    service_folder,
    service_user,
    write_private,
)


@contextmanager
def mosquitto(port: int | None = None, *, certificate: Certificate | None = None) -> Iterator[Service]:
    """Give a broker; its address is HOST:PORT. With a certificate it speaks TLS alone, and asks for a login.

    The login is `sightline` and `password`; without a certificate anybody is let in.
    """
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        raise ServiceMissing("Mosquitto is not installed: apt-get install mosquitto")
    with service_folder("mosquitto") as folder:
        chosen = port or free_port()
        config = folder / "mosquitto.conf"
        password = secrets.token_urlsafe(12) if certificate else ""
        access = ["allow_anonymous true"] if certificate is None else _tls_and_login(folder, certificate, password)
        # By default it drops what is beyond a thousand messages for a reader that is slow for a moment.
        lines = [f"listener {chosen} 127.0.0.1", *access, "persistence false", "max_queued_messages 0", ""]
        write_private(config, "\n".join(lines), user=service_user())
        command = [program, "-c", str(config)]
        with run_server(
            ServerProcess(command, folder, lambda: accepts_connections(chosen), user=service_user())
        ) as server:
            yield Service(f"127.0.0.1:{chosen}", password=password, folder=folder, _server=server)


def _tls_and_login(folder: Path, certificate: Certificate, password: str) -> list[str]:
    """Return the lines of a listener with this certificate and one user."""
    names = {"certfile": certificate.chain, "keyfile": certificate.key}
    for name, source in names.items():
        write_private(folder / name, source.read_text(), user=service_user())
    logins = folder / "logins"
    write_private(logins, f"sightline:{password}\n")
    run_command(["mosquitto_passwd", "-U", str(logins)], folder)  # in place of the password, its hash
    if user := service_user():
        shutil.chown(logins, user)
    return [
        *(f"{name} {folder / name}" for name in names),
        "allow_anonymous false",
        f"password_file {logins}",
    ]
