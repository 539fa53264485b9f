"""Strangers hold what they are told to hold, ask what they are told to ask, and leave when the block ends."""

import socket
import threading
import time

from simulation.cameras.socket_server import read_head, serve_connections
from simulation.hostile_clients import LONG_PATH, run_hostile_clients


def test_sockets_long_paths_and_wrong_tokens_reach_the_page_and_are_counted() -> None:
    heads: list[bytes] = []
    silent = threading.Semaphore(0)

    def answer(connection: socket.socket, _stop: threading.Event) -> None:
        head = read_head(connection, most=200_000)
        if head:
            heads.append(head)
            connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            silent.release()

    with serve_connections(answer) as port, run_hostile_clients("127.0.0.1", port, half_open=5) as crowd:
        deadline = time.monotonic() + 30.0
        while time.monotonic() < deadline and not (
            crowd.done["half-open sockets"] >= 5 and crowd.done["long paths: 401"] and crowd.done["wrong tokens: 401"]
        ):
            time.sleep(0.05)
    assert crowd.done["half-open sockets"] == 5
    assert any(len(head) > LONG_PATH for head in heads)
    assert any(b"Bearer guess-" in head for head in heads)
    for _ in range(5):
        assert silent.acquire(timeout=60.0)
