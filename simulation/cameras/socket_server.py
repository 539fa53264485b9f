"""A loopback socket and a thread for each who calls: what cameras without a proper server are made of."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

ConnectionHandler = Callable[[socket.socket, threading.Event], None]
"""Talks with one caller until it returns or the event is set; an `OSError` ends the talk."""


@contextmanager
def serve_connections(talk: ConnectionHandler, host: str = "127.0.0.1") -> Iterator[int]:
    """Listen on a free port while the block runs and give it; all connections are closed at its end."""
    stop = threading.Event()
    open_now: set[socket.socket] = set()
    lock = threading.Lock()

    def serve(connection: socket.socket) -> None:
        with lock:
            open_now.add(connection)
        try:
            with suppress(OSError), connection:
                talk(connection, stop)
        finally:
            with lock:
                open_now.discard(connection)

    def accept() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server((host, 0), backlog=256) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            stop.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            with lock:
                for connection in open_now:
                    with suppress(OSError):
                        connection.shutdown(socket.SHUT_RDWR)


def read_head(connection: socket.socket, most: int = 16 * 1024) -> bytes:
    """Return what came up to the blank line that ends a request, "" once the caller has left."""
    head = b""
    while b"\r\n\r\n" not in head:
        got = connection.recv(4096)
        if not got or len(head) > most:
            return b""
        head += got
    return head
