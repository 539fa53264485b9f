"""One way out over HTTP: schemes from an allow-list, no redirects, a time limit, a size limit, no secret shown."""

import logging
import socket
import ssl
import time
from collections.abc import Mapping

import httpx

from domain.errors import ConfigError, NotifierUnavailable
from domain.text.addresses import parse_address
from domain.text.camera_urls import clean_service_url

SCHEMES = ("https", "http")
MAX_ANSWER_BYTES = 64 * 1024


class HttpEndpoint:
    """A URL to call. Only its scheme and host are ever shown: paths and queries of webhooks carry tokens."""

    def __init__(
        self, url: str, *, where: str, timeout_s: float = 10.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        """Raise `ConfigError` naming the setting `where` unless `url` is http or https with a host."""
        self._url = clean_service_url(url, schemes=SCHEMES, where=where)
        address = parse_address(self._url)
        assert address is not None
        try:
            httpx.URL(self._url)
        except httpx.InvalidURL:
            raise ConfigError(f"{where}: is no address that can be called; write https://host/path") from None
        # A message that began with the address itself would be taken for one address, and hidden whole.
        self.shown = f"the receiver {address.scheme}://{address.hostname}"
        self._timeout_s = timeout_s
        # Minutes lie between two messages: a connection that was kept would be closed by the other side meanwhile.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(timeout=timeout_s, follow_redirects=False, limits=limits, transport=transport)
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log the whole URL of every call

    def call(self, method: str, *, content: bytes = b"", headers: Mapping[str, str] | None = None) -> str:
        """Send one request and return the answer. Raises `NotifierUnavailable` unless it is 2xx, small and in time.

        Connecting, and each wait for more, may take the time limit; so may the whole of what follows the headers.
        """
        try:
            with self._client.stream(method, self._url, content=content, headers=dict(headers or {})) as answer:
                status = answer.status_code
                size, began_s = 0, time.monotonic()
                for chunk in answer.iter_bytes():
                    size += len(chunk)
                    # A receiver that sends single bytes slowly never exceeds the client's read timeout.
                    if time.monotonic() - began_s > self._timeout_s:
                        raise NotifierUnavailable(f"{self.shown} did not finish its answer in {self._timeout_s:.0f} s")
                    if size > MAX_ANSWER_BYTES:
                        raise NotifierUnavailable(f"{self.shown} answered more than {MAX_ANSWER_BYTES} bytes")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotifierUnavailable(f"{self.shown} {_describe_failure(error, self._timeout_s)}") from error
        if not 200 <= status < 300:
            raise NotifierUnavailable(f"{self.shown} answered {status}{_status_advice(status)}")
        return f"{self.shown} answered {status}"

    def __repr__(self) -> str:
        return f"Endpoint({self.shown})"


def _describe_failure(error: Exception, timeout_s: float) -> str:
    """Return why a call failed, and what to check; httpx keeps the system's error as a cause."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(cause)
    for kind, sentence in _FAILURES.items():
        if any(isinstance(each, kind) for each in causes):
            return sentence.format(seconds=timeout_s)
    return f"could not be called ({type(error).__name__}); check its address"


_FAILURES: Mapping[type[BaseException], str] = {
    httpx.ConnectTimeout: "cannot be reached within {seconds:.0f} s; check its address and the firewall",
    httpx.TimeoutException: "did not answer within {seconds:.0f} s; check whether it works",
    ssl.SSLCertVerificationError: "has a certificate that is not trusted; check its name, its end and who signed it",
    ssl.SSLError: "does not speak TLS; check whether its address must begin with http",
    socket.gaierror: "has a name that is not known here; check the address and the name server",
    ConnectionRefusedError: "refused the connection; check its port and whether it runs",
    ConnectionResetError: "ended the connection; check whether it works",
    httpx.ConnectError: "cannot be reached; check its address and the network",
    httpx.RemoteProtocolError: "did not answer as HTTP does; check its address and port",
    httpx.DecodingError: "sent an answer that cannot be read; check its address and port",
}
"""The first that fits says why."""


def _status_advice(status: int) -> str:
    if status in (401, 403):
        return "; check the login or token in its address"
    if status in (404, 410):
        return "; check the path of its address"
    return "; it moved, give its new address" if 300 <= status < 400 else ""
