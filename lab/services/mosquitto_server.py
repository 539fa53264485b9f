"""Mosquitto from the system's packages: an MQTT broker that keeps nothing on disk."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from lab.services.server_process import (
    ServerProcess,
    Service,
    ServiceMissing,
    accepts_connections,
    free_port,
    run_server,
    service_folder,
    service_user,
    write_private,
)


@contextmanager
def mosquitto(port: int | None = None) -> Iterator[Service]:
    """Give a broker that asks nobody for a login; its address is HOST:PORT."""
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        raise ServiceMissing("Mosquitto is not installed: apt-get install mosquitto")
    with service_folder("mosquitto") as folder:
        chosen = port or free_port()
        config = folder / "mosquitto.conf"
        # By default it drops what is beyond a thousand messages for a reader that is slow for a moment.
        text = f"listener {chosen} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\n"
        write_private(config, text, user=service_user())
        command = [program, "-c", str(config)]
        with run_server(
            ServerProcess(command, folder, lambda: accepts_connections(chosen), user=service_user())
        ) as server:
            yield Service(f"127.0.0.1:{chosen}", folder=folder, _server=server)
