"""The limits of a request, whoever sends it. Pure, and linear in the size of the request.

It comes before everything that works on the text of a request: routes, patterns, stores.
"""

from collections.abc import Iterable, Sequence
from urllib.parse import unquote_to_bytes

MAX_PATH_BYTES = 2 * 1024
MAX_QUERY_BYTES = 4 * 1024
MAX_BODY_BYTES = 16 * 1024
MAX_HEADERS = 100
MAX_HEADER_BYTES = 16 * 1024

_SINGLE_HEADERS = frozenset(
    {b"authorization", b"content-length", b"content-type", b"host", b"origin", b"sec-fetch-site", b"transfer-encoding"}
)
"""Headers on which a decision rests: given twice, two readers could take a different one."""

_FORM = "application/x-www-form-urlencoded"
_BODY_TYPES = {"/login": _FORM, "/logout": _FORM, "/setup": _FORM}

Refusal = tuple[int, str]
"""An HTTP status and one sentence."""


def request_refusal(
    method: str, raw_path: bytes, query: bytes, headers: Sequence[tuple[bytes, bytes]]
) -> Refusal | None:
    """Return why a request is refused for its shape alone, or None. Header names are lower case."""
    return (
        headers_refusal(headers)
        or target_refusal(raw_path, query)
        or body_refusal(method, raw_path.decode("latin-1"), dict(headers))
    )


def headers_refusal(headers: Sequence[tuple[bytes, bytes]]) -> Refusal | None:
    if len(headers) > MAX_HEADERS:
        return 431, f"the request has more than {MAX_HEADERS} headers"
    if sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
        return 431, f"the headers are longer than {MAX_HEADER_BYTES} bytes"
    names = [name for name, _ in headers]
    twice = next((name for name in _SINGLE_HEADERS if names.count(name) > 1), None)
    if twice is not None:
        return 400, f"the header {twice.decode()} is given twice"
    if b"transfer-encoding" in names and b"content-length" in names:
        return 400, "the length of the body is given twice, by Content-Length and by Transfer-Encoding"
    return None


def target_refusal(raw_path: bytes, query: bytes) -> Refusal | None:
    if len(raw_path) > MAX_PATH_BYTES:
        return 414, f"the path is longer than {MAX_PATH_BYTES} bytes"
    if len(query) > MAX_QUERY_BYTES:
        return 413, f"the query is longer than {MAX_QUERY_BYTES} bytes"
    if not raw_path.startswith(b"/"):
        return 400, "the path must begin with a slash"
    for what, text in (("path", raw_path), ("query", query)):
        try:
            decoded = unquote_to_bytes(text).decode("utf-8")
        except UnicodeDecodeError:
            return 400, f"the {what} is not valid UTF-8"
        if has_control_character(decoded):
            return 400, f"the {what} holds a control character"
    return None


def body_refusal(method: str, path: str, headers: dict[bytes, bytes]) -> Refusal | None:
    """Refuse a body that is too long or of a type that a form of another site could send."""
    length = headers.get(b"content-length", b"")
    if length and not length.isdigit():
        return 400, "Content-Length must be a whole number"
    if len(length) > 9 or int(length or 0) > MAX_BODY_BYTES:
        return 413, f"the body is longer than {MAX_BODY_BYTES} bytes"
    has_body = b"transfer-encoding" in headers or int(length or 0) > 0
    if method in ("GET", "HEAD") or not has_body:
        return None
    expected = _BODY_TYPES.get(path, "application/json")
    content_type = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    return None if content_type == expected else (415, f"send the body with Content-Type: {expected}")


def has_control_character(text: Iterable[str]) -> bool:
    """Return whether a text holds a character that steers a terminal or ends a string (C0, DEL, C1)."""
    return any(char < " " or "\x7f" <= char <= "\x9f" for char in text)


def one_line(text: str, most: int) -> str:
    """Return `text` fit for an answer or a log: valid UTF-8, without control characters, at most `most` long."""
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    clean = cut.encode("utf-8", "replace").decode("utf-8")
    return "".join(" " if has_control_character(char) else char for char in clean)
