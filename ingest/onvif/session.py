"""One conversation with an ONVIF service: one connection at a time, few logins, bounded answers, no other host."""

import http.client
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from socket import SHUT_RDWR, socket
from types import TracebackType
from typing import Self
from xml.etree.ElementTree import Element

from domain.errors import LoginRefused, SourceUnavailable
from ingest.connect.authentication import Authenticator, Login
from ingest.connect.endpoints import Endpoint
from ingest.connect.sockets import connect_camera, select_readable
from ingest.connect.stream_errors import CLOSED, NO_ANSWER, error_for_socket, error_for_status
from ingest.onvif.soap import (
    DEVICE,
    LOGIN_NEEDED,
    NOT_ONVIF,
    LoginNeeded,
    StaleLogin,
    build_request,
    build_security,
    find_all,
    find_number,
    parse_answer,
)

MOST_LOGINS = 3
"""Requests that carry a login in one conversation: cameras lock an account after five wrong ones."""
LONGEST_ANSWER = 1 << 20
"""Bytes of one answer; real ones stay below 100 kB."""
DEVICE_PATH = "/onvif/device_service"
"""Where the device service is by the standard (ONVIF Core, 5.1.1)."""
CONNECT_S = 4.0
CONVERSATION_S = 15.0
"""A conversation that takes longer is cut, however its bytes are spread."""
MOST_REQUESTS = 12


@dataclass
class OnvifSession:
    """Asks one camera. `logins` counts the requests that carried a login. Use as a context manager; one thread."""

    endpoint: Endpoint
    login: Login = field(default_factory=Login, repr=False)
    device_path: str = DEVICE_PATH
    timeout_s: float = CONVERSATION_S
    logins: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._http: http.client.HTTPConnection | None = None
        self._socket: socket | None = None
        self._expired = threading.Event()
        self._timer = threading.Timer(self.timeout_s, self._expire)
        self._timer.daemon = True
        self._authenticator = Authenticator(self.login)
        self._token_from: datetime | None = None
        self._asked_at: datetime | None = None
        self._kind = ""
        self._requests = 0

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._hang_up()

    def ask(self, path: str, body: str, *, header: str = "") -> Element:
        """Return the body of the answer to one request at a path of this camera; `header` is the XML of more headers.

        The login is sent only after the camera asked for one. A refused one is never sent again: `LoginRefused`. Raises
        `SourceUnavailable` in a guard's words for everything else.
        """
        if self._kind:
            return self._ask_with_login(path, body, header)
        try:
            return self.ask_openly(path, body, header=header)
        except LoginNeeded:
            if not self.login:
                raise
        if not self._kind:
            self._kind = "token"
            self._read_clock()
        return self._ask_with_login(path, body, header)

    def ask_openly(self, path: str, body: str, *, header: str = "") -> Element:
        """Ask as `ask` does, without a login: `LoginNeeded` where the camera wants one."""
        return self._exchange(path, build_request(body, header=header))

    def _ask_with_login(self, path: str, body: str, header: str) -> Element:
        if not self._count_login():
            raise LoginRefused("this camera was given its three logins; ask it again later")
        security = build_security(self.login, self._camera_time()) if self._kind == "token" else ""
        try:
            return self._exchange(path, build_request(body, header=header + security), with_login=True)
        except StaleLogin:
            return self._ask_with_login(path, body, header)
        except LoginNeeded:
            # No further request of this conversation repeats it: a camera locks the account after a few.
            self.logins = MOST_LOGINS
            raise LoginRefused("the camera refused the login: check user and password of its ONVIF user") from None

    def _count_login(self) -> bool:
        """Take one of the logins; return whether there was one left."""
        if self.logins >= MOST_LOGINS:
            return False
        self.logins += 1
        return True

    def _read_clock(self) -> None:
        """Read the camera's clock, by which it judges how old a login is."""
        with suppress(SourceUnavailable):
            said = self._exchange(self.device_path, build_request(f'<GetSystemDateAndTime xmlns="{DEVICE}"/>'))
            moment = next(find_all(said, "UTCDateTime"), None)
            with suppress(ValueError):
                self._token_from = datetime(
                    find_number(moment, "Date", "Year"),
                    find_number(moment, "Date", "Month"),
                    find_number(moment, "Date", "Day"),
                    find_number(moment, "Time", "Hour"),
                    find_number(moment, "Time", "Minute"),
                    min(find_number(moment, "Time", "Second"), 59),
                    tzinfo=UTC,
                )
        self._asked_at = datetime.now(UTC)

    def _camera_time(self) -> datetime:
        now = datetime.now(UTC)
        if self._token_from is None or self._asked_at is None:
            return now
        return self._token_from + (now - self._asked_at)

    def _exchange(self, path: str, content: bytes, *, with_login: bool = False) -> Element:
        self._requests += 1
        if self._requests > MOST_REQUESTS:
            raise SourceUnavailable(NOT_ONVIF)
        status, challenges, answer = self._post(path, content, with_login=with_login)
        if status == http.client.UNAUTHORIZED:
            raise self._take_challenge(challenges)
        if 300 <= status < 400:
            raise SourceUnavailable(
                "the camera leads to another address, which is not called: "
                "ask that address, and write https:// where the camera wants TLS"
            )
        if status >= 400 and not answer.lstrip()[:1] == b"<":
            raise error_for_status(status)
        return parse_answer(answer)

    def _take_challenge(self, challenges: list[str]) -> LoginNeeded:
        """Return what a 401 means; its challenge is answered from now on."""
        if self.login and challenges and self._kind in ("", "http"):
            challenge = self._authenticator.take_challenge(challenges)
            if challenge.name != "digest":
                # Whoever answers a probe would learn the password; ONVIF asks for digest (Core, 5.9.1).
                return LoginNeeded("the camera asks for the password in the clear, which is not sent: add it by hand")
            stale = challenge.stale and self._kind == "http"
            self._kind = "http"
            if stale:
                return StaleLogin()
        return LoginNeeded(LOGIN_NEEDED)

    def _post(self, path: str, content: bytes, *, with_login: bool) -> tuple[int, list[str], bytes]:
        """Return the status, the challenges and the body of one answer."""
        headers = {
            "Host": self.endpoint.host_header,
            "Content-Type": "application/soap+xml; charset=utf-8",
            "Accept-Encoding": "identity",
        }
        authorization = self._authenticator.authorize("POST", path) if with_login and self._kind == "http" else ""
        if authorization:
            headers["Authorization"] = authorization
        again = self._http is not None
        try:
            return self._send(path, content, headers)
        except ConnectionError:
            # A camera may end a connection between two requests, without a word.
            self._hang_up()
            if not again or self._expired.is_set() or (with_login and not self._count_login()):
                raise SourceUnavailable(NO_ANSWER if self._expired.is_set() else CLOSED) from None
            return self._post(path, content, with_login=with_login)

    def _send(self, path: str, content: bytes, headers: Mapping[str, str]) -> tuple[int, list[str], bytes]:
        try:
            connection = self._connect()
            connection.request("POST", path, content, headers)
            with connection.getresponse() as response:
                answer = response.read(LONGEST_ANSWER + 1)
                challenges = response.headers.get_all("WWW-Authenticate") or []
        except ConnectionError:
            raise
        except http.client.HTTPException:
            raise SourceUnavailable(NO_ANSWER if self._expired.is_set() else NOT_ONVIF) from None
        except (TimeoutError, ValueError):
            raise SourceUnavailable(NO_ANSWER) from None
        except OSError as error:
            raise (SourceUnavailable(NO_ANSWER) if self._expired.is_set() else error_for_socket(error)) from None
        if len(answer) > LONGEST_ANSWER:
            raise SourceUnavailable(NOT_ONVIF)
        if response.will_close:
            self._hang_up()
        return response.status, challenges, answer

    def _connect(self) -> http.client.HTTPConnection:
        if self._expired.is_set():
            raise TimeoutError
        if self._socket is not None and select_readable([self._socket], 0):
            self._hang_up()  # the camera has ended it meanwhile
        if self._http is None:
            self._socket = connect_camera(self.endpoint, min(CONNECT_S, self.timeout_s))
            self._socket.settimeout(self.timeout_s)
            self._http = http.client.HTTPConnection(self.endpoint.host, self.endpoint.port)
            self._http.auto_open = 0
            self._http.sock = self._socket
            if self._expired.is_set():
                raise TimeoutError
        return self._http

    def _hang_up(self) -> None:
        current, self._http, self._socket = self._http, None, None
        if current is not None:
            current.close()

    def _expire(self) -> None:
        self._expired.set()
        current = self._socket
        if current is not None:
            with suppress(OSError):
                # Not the method of an encrypted one, which would take its keys from under the reading thread.
                socket.shutdown(current, SHUT_RDWR)
