"""One way out over HTTP: schemes from an allow-list, no redirects, a time limit, a size limit, no secret shown."""

import logging
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
        self.shown = f"{address.scheme}://{address.hostname}"
        self._timeout_s = timeout_s
        self._client = httpx.Client(timeout=timeout_s, follow_redirects=False, transport=transport)
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
            raise NotifierUnavailable(f"{self.shown} could not be called: {type(error).__name__}") from error
        if not 200 <= status < 300:
            raise NotifierUnavailable(f"{self.shown} answered {status}")
        return f"{self.shown} answered {status}"

    def __repr__(self) -> str:
        return f"Endpoint({self.shown})"
