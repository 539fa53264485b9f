"""Splits an RTSP connection's bytes into messages and interleaved packets, bounded, and rewrites heads. Pure."""

import re
from dataclasses import dataclass

from ingest.connect.endpoints import Endpoint
from ingest.connect.message_head import MessageHead, find_head_end, parse_head
from ingest.limits import DESCRIPTION_BYTES

DOLLAR = 0x24
_TEXT = re.compile(rb"RTSP/[0-9]\.[0-9] |[A-Z_]{3,20} [^ \r\n]{1,4096} RTSP/[0-9]\.[0-9]\r?\n")
_HALF_TEXT = re.compile(rb"[A-Z_]{1,20}|[A-Z_]{3,20} [\x21-\x7e]{0,4096}(?: [RTSP/1.0-9\r]{0,9})?")
_RTP = re.compile(rb"\$[\x00-\x1f][\x00-\xff]{2}[\x80-\xbf]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RtspMessage:
    """An RTSP request or answer: its head, its body, and its bytes as they came."""

    head: MessageHead
    body: bytes
    raw: bytes

    @property
    def is_answer(self) -> bool:
        return self.head.protocol == "RTSP"


def take_packets(buffer: bytearray) -> bytes:
    """Remove and return the complete interleaved packets at the start of `buffer`."""
    at, end = 0, len(buffer)
    while at + 4 <= end and buffer[at] == DOLLAR:
        after = at + 4 + (buffer[at + 2] << 8 | buffer[at + 3])
        if after > end:
            break
        at = after
    packets = bytes(buffer[:at])
    del buffer[:at]
    return packets


def skip_blank(buffer: bytearray) -> None:
    """Remove blanks and line ends before a message: a receiver ignores them (RFC 9112, 2.2)."""
    del buffer[: len(buffer) - len(buffer.lstrip(b" \t\r\n"))]


def take_message(buffer: bytearray, *, patient: bool = True) -> RtspMessage | None:
    """Remove and return the message at the start of `buffer`, None while it is incomplete. Raises `OverLimit`.

    A body ends before its announced length where packets of the stream follow the head at once and, not `patient`,
    with the whole lines that have come.
    """
    end = find_head_end(buffer)
    if end < 0:
        return None
    head = parse_head(buffer[:end])
    announced = head.content_length(DESCRIPTION_BYTES) or 0
    after = end + announced
    if _RTP.match(buffer, end) is not None:
        after = end
    if len(buffer) < after:
        if patient or not buffer.endswith(b"\n"):
            return None
        after = len(buffer)
    raw, body = bytes(buffer[:after]), bytes(buffer[end:after])
    del buffer[:after]
    if len(body) != announced:
        raw = rewrite_head(raw, drop=frozenset({"content-length"}), add={"Content-Length": str(len(body))})
    return RtspMessage(head, body, raw)


def starts_message(buffer: bytearray) -> bool:
    """Return whether a message begins here, or may once more bytes have come."""
    start = bytes(buffer[:4200])
    if b"RTSP/".startswith(start[:5]) and len(start) < 9:
        return True
    return _TEXT.match(start) is not None or _HALF_TEXT.fullmatch(start) is not None


def skip_garbage(buffer: bytearray) -> bool:
    """Remove what is neither packet nor message, as some cameras send in between; return whether one of them follows.

    The last bytes stay: they may be the beginning of a mark.
    """
    found = [m.start() for pattern in (_RTP, _TEXT) if (m := pattern.search(buffer)) is not None]
    del buffer[: min(found) if found else max(0, len(buffer) - 8)]
    return bool(found)


def rewrite_head(raw: bytes, *, start: str | None = None, drop: frozenset[str], add: dict[str, str]) -> bytes:
    """Return a message with another first line, without the headers in `drop`, and with those in `add`."""
    end = find_head_end(raw)
    lines = raw[:end].decode("latin-1").replace("\r\n", "\n").rstrip("\n").split("\n")
    kept = [line for line in lines[1:] if line.partition(":")[0].strip().lower() not in drop]
    kept += [f"{name}: {value}" for name, value in add.items() if value]
    return "\r\n".join([start or lines[0], *kept, "", ""]).encode("latin-1") + raw[end:]


def answer_request(message: RtspMessage) -> bytes:
    """Return the answer to a camera's own request: most only ask whether we still live. None makes us go elsewhere."""
    method = message.head.start.split()[0]
    status = "200 OK" if method in ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER") else "501 Not Implemented"
    return f"RTSP/1.0 {status}\r\nCSeq: {message.head.get('cseq')[:20]}\r\n\r\n".encode("latin-1")


def write_teardown(uri: str, session: str, login: str) -> bytes:
    """Return the request that ends a session."""
    lines = [f"TEARDOWN {uri} RTSP/1.0", "CSeq: 9999", f"Session: {session}"]
    lines += [f"Authorization: {login}"] if login else []
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def replace_alias(uri: str, alias: str, endpoint: Endpoint) -> str:
    """Return a request's address with the camera's name in place of `alias`, under which FFmpeg knows it."""
    return f"{endpoint.scheme}://{endpoint.authority}{uri.removeprefix(alias)}" if uri.startswith(alias) else uri


def find_payload_types(packets: bytes) -> frozenset[int]:
    """Return the payload types of interleaved RTP packets; control packets have odd channels."""
    found, at = set(), 0
    while at + 6 <= len(packets):
        if packets[at + 1] % 2 == 0 and packets[at + 4] >> 6 == 2:
            found.add(packets[at + 5] & 0x7F)
        at += 4 + (packets[at + 2] << 8 | packets[at + 3])
    return frozenset(found)
