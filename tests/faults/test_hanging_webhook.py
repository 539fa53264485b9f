"""Receivers that accept a message and then say nothing, or never finish: the sender gives up and tries again later."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from domain.errors import NotifierUnavailable
from notification.notifiers.webhook import WebhookNotifier
from tests.fakes.ports import FakeClock
from tests.unit.notification.notifiers.test_webhook import FIRING

LIMIT_S = 0.4


@contextmanager
def receiver(behaves: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Give the address of a server that takes one connection and behaves."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            behaves(connection, over)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    finally:
        over.set()
        thread.join(5)
        listener.close()


def says_nothing(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65536)
    over.wait(10)


def drips(connection: socket.socket, over: threading.Event) -> None:
    """A byte of the answer each tenth of a second: no single wait is long."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not over.wait(0.1):
        try:
            connection.sendall(b"x")
        except OSError:
            return


def hangs_up(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(10)


@pytest.mark.parametrize("behaves", [says_nothing, drips, hangs_up])
def test_the_sender_gives_up_in_time(behaves: Callable[[socket.socket, threading.Event], None]) -> None:
    with receiver(behaves) as url:
        webhook = WebhookNotifier(url, clock=FakeClock(), timeout_s=LIMIT_S)
        began = time.monotonic()
        with pytest.raises(NotifierUnavailable):
            webhook.send(FIRING)
        assert time.monotonic() - began < 5
