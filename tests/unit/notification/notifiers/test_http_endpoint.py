"""Why a receiver was not reached is said in words, with what to check, after all secrets are hidden too."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from domain.errors import NotifierUnavailable
from domain.text.redaction import clean_reason
from notification.notifiers.http_endpoint import HttpEndpoint

PATH = "/hooks/T0K3N?key=T0K3N"


@contextmanager
def answering_port(answer: bytes | None) -> Iterator[int]:
    """Answer each connection with these bytes and hang up; None: say nothing until the block ends."""
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.recv(65536)
                if answer is None:
                    ended.wait(60.0)
                else:
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):  # what is not read would reset the connection
                        pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            ended.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(60.0)


def reason_of(url: str, timeout_s: float = 30.0, transport: httpx.BaseTransport | None = None) -> str:
    endpoint = HttpEndpoint(url, where="url", timeout_s=timeout_s, transport=transport)
    with pytest.raises(NotifierUnavailable) as refused:
        endpoint.call("POST", content=b"{}")
    assert "T0K3N" not in str(refused.value)
    return clean_reason(str(refused.value))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"SSH-2.0-OpenSSH_9.9\r\n", "did not answer as HTTP does; check its address and port"),
        (b"", "did not answer as HTTP does; check its address and port"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answered 404; check the path of its address"),
        (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "answered 401; check the login or token in its address"),
        (b"HTTP/1.1 302 No\r\nContent-Length: 0\r\n\r\n", "answered 302; it moved, give its new address"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "answered 500"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "an answer that cannot be read"),
    ],
)
def test_what_a_receiver_answers_is_said(answer: bytes, said: str) -> None:
    with answering_port(answer) as port:
        found = reason_of(f"http://127.0.0.1:{port}{PATH}")
    assert found.startswith("the receiver http://127.0.0.1 ")
    assert said in found


def test_a_port_where_nothing_listens_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    found = reason_of(f"http://127.0.0.1:{port}{PATH}")
    assert found == "the receiver http://127.0.0.1 refused the connection; check its port and whether it runs"


def test_a_receiver_that_says_nothing_is_said() -> None:
    with answering_port(None) as port:
        assert "did not answer within 0 s" in reason_of(f"http://127.0.0.1:{port}{PATH}", timeout_s=0.2)


def test_a_port_without_tls_is_said() -> None:
    with answering_port(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert "does not speak TLS; check whether" in reason_of(f"https://127.0.0.1:{port}{PATH}")


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (socket.gaierror(-2, "Name or service not known"), "has a name that is not known here"),
        (ssl.SSLCertVerificationError("self-signed"), "has a certificate that is not trusted"),
        (OSError(113, "No route to host"), "cannot be reached; check its address and the network"),
    ],
)
def test_what_the_network_says_is_worded(cause: Exception, said: str) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(str(cause), request=request) from cause

    assert said in reason_of(f"https://hooks.test{PATH}", transport=httpx.MockTransport(refuse))


def test_an_address_of_ipv6_is_shown_and_not_hidden() -> None:
    refusing = httpx.MockTransport(lambda _: httpx.Response(500))
    assert reason_of(f"http://[::1]:8080{PATH}", transport=refusing) == "the receiver http://[::1] answered 500"
