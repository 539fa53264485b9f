"""uvicorn's HTTP/1.1, with deadlines for what the peer owes and one JSON sentence where its bytes are refused."""

import asyncio
import json
import sys
import time
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol
from uvicorn.server import ServerState

from api.security.access_rules import SECURITY_HEADERS
from api.security.request_limits import MAX_HEADERS
from sightline.web_server.connection_table import DEADLINE_S, ConnectionTable, PeerWait

MAX_HEAD_BYTES = 16 * 1024

_UNREADABLE = "this is not a valid HTTP request"
_TOO_LONG = f"the head of the request is longer than {MAX_HEAD_BYTES} bytes"


class BoundedProtocol(H11Protocol):
    """One connection. uvicorn bounds its buffers and the pause between two requests; this bounds all other waiting."""

    def __init__(
        self,
        table: ConnectionTable,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._table = table
        self._wait: tuple[PeerWait, float] | None = None
        self.address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        self._note()
        if not self._table.admit(self):
            self._refuse(503, "too many connections are open; try again in a moment")

    def connection_lost(self, exc: Exception | None) -> None:
        self._table.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        reason = self._head_refusal(data) if self.conn.their_state is h11.IDLE else ""
        if reason:
            self._refuse(431, reason)
        else:
            super().data_received(data)
        self._note()

    def _head_refusal(self, data: bytes) -> str:
        """Return why the head that `data` begins or goes on with is too long, or "".

        uvicorn bounds a head only until it is whole, and reading one of many lines costs far more than counting them.
        """
        head = (self.conn.trailing_data[0] + data).partition(b"\r\n\r\n")[0]
        if len(head) > MAX_HEAD_BYTES:
            return _TOO_LONG
        return "" if head.count(b"\n") <= MAX_HEADERS else f"the request has more than {MAX_HEADERS} headers"

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._note()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._note()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._note()

    def send_400_response(self, msg: str) -> None:
        # Called while h11's error is being handled; it says which status fits.
        error = sys.exc_info()[1]
        too_long = isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == 431
        self._refuse(431, _TOO_LONG) if too_long else self._refuse(400, _UNREADABLE)

    def _should_upgrade(self) -> bool:
        return False

    def current_wait(self) -> tuple[PeerWait, float] | None:
        self._note()
        return self._wait

    def give_up(self, wait: PeerWait) -> None:
        if wait in (PeerWait.READING, PeerWait.CLOSING):
            self.transport.abort()
        elif wait is PeerWait.HEAD and not self.conn.trailing_data[0]:
            self.transport.close()
        else:
            self._refuse(408, f"the request did not arrive within {DEADLINE_S[wait]:.0f} s")

    def drop(self) -> None:
        self.transport.abort()

    def _note(self) -> None:
        """Keep what this connection waits for; its time runs on while that stays the same."""
        now = self._waits_for()
        if now is None:
            self._wait = None
        elif self._wait is None or self._wait[0] is not now:
            self._wait = now, time.monotonic()

    def _waits_for(self) -> PeerWait | None:
        if self.transport.is_closing():
            return PeerWait.CLOSING
        if self.flow.write_paused:
            return PeerWait.READING
        if self.conn.their_state is h11.SEND_BODY:
            return PeerWait.BODY
        served = self.cycle is None or self.cycle.response_complete
        return PeerWait.HEAD if served else None

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer with one sentence and close; where an answer has begun already, only close."""
        if self.transport.is_closing():
            return
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        body = json.dumps({"error": sentence}).encode()
        headers = [
            *((name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        answer = h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status])
        for event in (answer, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
