"""Reads sockets of any number, plain or TLS, without ever waiting for what does not come."""

import select
import socket
import ssl

from ingest.dialing import CHUNK


def receive_now(connection: socket.socket) -> bytes | None:
    """Return what has arrived, b"" at the end, None where it was TLS's own: its records show as readable too."""
    if not isinstance(connection, ssl.SSLSocket):
        return connection.recv(CHUNK)
    before_s = connection.gettimeout()
    connection.settimeout(0.0)
    try:
        return connection.recv(CHUNK)
    except ssl.SSLWantReadError:
        return None
    finally:
        connection.settimeout(before_s)


def has_pending(connection: socket.socket) -> bool:
    """Return whether TLS holds bytes that the kernel no longer shows."""
    pending = getattr(connection, "pending", None)
    return pending is not None and pending() > 0


def select_readable(sockets: list[socket.socket], timeout_s: float) -> list[socket.socket]:
    """Return the sockets with something to read; `select` itself ends at 1,024 descriptors."""
    poll = select.poll()
    by_number = {sock.fileno(): sock for sock in sockets}
    for number in by_number:
        poll.register(number, select.POLLIN)
    return [by_number[number] for number, _ in poll.poll(timeout_s * 1000)]
