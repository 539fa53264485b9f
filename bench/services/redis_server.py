"""Redis from the system's packages, writing nothing to disk."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from bench.services.server import (
    Absent,
    Server,
    Service,
    Word,
    answers,
    free_port,
    running,
    service_folder,
    service_user,
)


@contextmanager
def redis() -> Iterator[Service]:
    """Give a server; its address is a URL."""
    program = shutil.which("redis-server")
    if program is None:
        raise Absent("Redis is not installed: apt-get install redis-server, or name a server")
    with service_folder("redis") as folder:
        port = free_port()
        options = {"port": port, "bind": "127.0.0.1", "dir": folder, "save": "", "appendonly": "no"}
        command: list[Word] = [program]
        command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
        with running(Server(command, folder, lambda: answers(port), user=service_user())) as server:
            yield Service(f"redis://127.0.0.1:{port}/0", folder=folder, _server=server)
