"""The proxy passes bytes unharmed, and harms them in each way it promises."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.bench.endurance.tcp_proxy import ProxyMode, TcpProxy, tcp_proxy
from simulation.cameras.socket_server import serve_connections


def _echo(connection: socket.socket, _stop: threading.Event) -> None:
    while got := connection.recv(1 << 16):
        connection.sendall(got)


@contextmanager
def _proxied() -> Iterator[TcpProxy]:
    with serve_connections(_echo) as port, tcp_proxy(target=f"127.0.0.1:{port}") as proxy:
        yield proxy


def _connected(proxy: TcpProxy) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", proxy.port), 5.0)
    connection.settimeout(5.0)
    return connection


def _exchange(connection: socket.socket, sent: bytes) -> bytes:
    connection.sendall(sent)
    return connection.recv(1 << 16)


def _is_broken(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"heard?")
        return connection.recv(10) == b""
    except ConnectionError:
        return True


def _refuses(proxy: TcpProxy) -> bool:
    """Say whether a new connection is reset: as it is made, or once it is used."""
    try:
        with _connected(proxy) as connection:
            return _is_broken(connection)
    except ConnectionError:
        return True


def test_what_passes_arrives_as_it_was_sent() -> None:
    with _proxied() as proxy, _connected(proxy) as connection:
        assert _exchange(connection, b"one") == b"one"
        assert _exchange(connection, b"two") == b"two"


def test_a_cut_resets_open_connections_and_new_ones_until_it_is_over() -> None:
    with _proxied() as proxy:
        with _connected(proxy) as connection:
            assert _exchange(connection, b"one") == b"one"
            proxy.set_mode(ProxyMode.CUT)
            assert _is_broken(connection)
        assert _refuses(proxy)
        proxy.set_mode(ProxyMode.PASS)
        with _connected(proxy) as connection:
            assert _exchange(connection, b"four") == b"four"


def test_delayed_bytes_come_later_both_ways() -> None:
    with _proxied() as proxy, _connected(proxy) as connection:
        proxy.delay_s = 0.1
        proxy.set_mode(ProxyMode.DELAY)
        began_s = time.monotonic()
        assert _exchange(connection, b"one") == b"one"
        assert time.monotonic() - began_s >= 0.2


def test_half_open_swallows_what_is_sent_accepts_who_comes_and_resets_both_at_its_end() -> None:
    with _proxied() as proxy, _connected(proxy) as before:
        assert _exchange(before, b"one") == b"one"
        proxy.set_mode(ProxyMode.HALF_OPEN)
        with _connected(proxy) as during:
            for connection in (before, during):
                connection.sendall(b"lost")
                connection.settimeout(0.1)
                with pytest.raises(TimeoutError):
                    connection.recv(10)
                connection.settimeout(5.0)
            proxy.set_mode(ProxyMode.PASS)
            for connection in (before, during):
                assert _is_broken(connection)
        with _connected(proxy) as after:
            assert _exchange(after, b"two") == b"two"


def test_one_way_holds_answers_back_and_gives_them_at_its_end() -> None:
    with _proxied() as proxy, _connected(proxy) as connection:
        assert _exchange(connection, b"one") == b"one"
        proxy.set_mode(ProxyMode.ONE_WAY)
        connection.sendall(b"two")
        connection.settimeout(0.1)
        with pytest.raises(TimeoutError):
            connection.recv(10)
        proxy.set_mode(ProxyMode.PASS)
        connection.settimeout(5.0)
        assert connection.recv(10) == b"two"
