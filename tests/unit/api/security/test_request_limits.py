import time
from collections.abc import Callable

import pytest

from api.error_responses import MAX_MESSAGE_LENGTH, error_response
from api.security.access_rules import (
    AccessPolicy,
    bearer_token,
    host_name,
    host_refusal,
    is_valid_cookie,
    origin_refusal,
    session_cookie_values,
)
from api.security.client_address import client_address, parse_networks
from api.security.login import token_of_query
from api.security.request_limits import (
    MAX_BODY_BYTES,
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_PATH_BYTES,
    MAX_QUERY_BYTES,
    has_control_character,
    one_line,
    request_refusal,
)
from tests.fakes.ports import START

JSON = (b"content-type", b"application/json")


@pytest.mark.parametrize(
    ("path", "query", "headers", "status"),
    [
        (b"/api/v1/cameras", b"site=north", [], None),
        ("/api/v1/cameras/tor-süd".encode(), b"", [], None),
        (b"/api/v1/cameras/t%C3%BCr", b"site=%E2%82%AC+a", [], None),
        (b"/" + b"x" * MAX_PATH_BYTES, b"", [], 414),
        (b"/", b"x" * (MAX_QUERY_BYTES + 1), [], 413),
        (b"/a%00b", b"", [], 400),
        (b"/", b"camera=%00", [], 400),
        (b"/a%0d%0aSet-Cookie:x", b"", [], 400),
        (b"/a%1b[31m", b"", [], 400),
        (b"/%C2%9b", b"", [], 400),
        (b"/%ff", b"", [], 400),
        (b"/%ED%A0%80", b"", [], 400),
        (b"/", b"site=%C0%AF", [], 400),
        (b"*", b"", [], 400),
        (b"http://evil.example/", b"", [], 400),
        (b"", b"", [], 400),
        (b"/", b"", [(b"x", b"y")] * (MAX_HEADERS + 1), 431),
        (b"/", b"", [(b"cookie", b"y" * MAX_HEADER_BYTES)], 431),
        (b"/", b"", [(b"host", b"a"), (b"host", b"b")], 400),
        (b"/", b"", [(b"authorization", b"a"), (b"authorization", b"b")], 400),
        (b"/", b"", [(b"content-length", b"5"), (b"transfer-encoding", b"chunked")], 400),
        (b"/", b"", [(b"content-length", b"-5")], 400),
        (b"/", b"", [(b"content-length", b"\xb2")], 400),
        (b"/", b"", [(b"content-length", b"9" * 5000)], 413),
        (b"/", b"", [(b"content-length", str(MAX_BODY_BYTES + 1).encode())], 413),
    ],
)
def test_the_shape_of_a_request_is_bounded(
    path: bytes, query: bytes, headers: list[tuple[bytes, bytes]], status: int | None
) -> None:
    refused = request_refusal("GET", path, query, headers)
    assert (refused and refused[0]) == status


def test_only_json_is_posted_and_only_the_form_to_the_form() -> None:
    form = (b"content-type", b"application/x-www-form-urlencoded; charset=utf-8")
    chunked = (b"transfer-encoding", b"chunked")
    assert request_refusal("POST", b"/api/v1/x", b"", [JSON, chunked]) is None
    assert request_refusal("POST", b"/login", b"", [form, chunked]) is None
    assert request_refusal("POST", b"/api/v1/x", b"", []) is None
    for path, headers in ((b"/api/v1/x", [form]), (b"/login", [JSON]), (b"/api/v1/x", [])):
        refused = request_refusal("POST", path, b"", [*headers, (b"content-length", b"9")])
        assert refused is not None
        assert refused[0] == 415


@pytest.mark.parametrize("text", ["\x00", "a\x1b[2J", "\x7f", "\x9b31m", "a\nb"])
def test_control_characters_are_seen_and_never_shown(text: str) -> None:
    assert has_control_character(text)
    assert not has_control_character(one_line(text, 100))


def test_a_password_is_hidden_wherever_a_long_message_is_cut() -> None:
    for place in range(MAX_MESSAGE_LENGTH - 60, MAX_MESSAGE_LENGTH):
        said = bytes(
            error_response(503, "x" * place + " postgresql://sightline:hunter2@10.0.0.5/sightline " + "y" * 100).body
        )
        assert b"hunter2" not in said


def test_what_is_shown_is_short_and_can_be_sent() -> None:
    assert one_line("a\ud800b", 10).encode() == b"a?b"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"
    answer = bytes(error_response(404, "\udfff" + "y" * 100_000).body)
    assert len(answer) < 1100


HOSTILE = ("a", "/", ":", "@", ";", ",", "=", "%", "[", "%00", "a://", "a:b@", "://a@", '\\"', " ", "&token=")


def _shape(text: str) -> object:
    raw = text.encode()
    return request_refusal("POST", b"/" + raw, raw, [(b"cookie", raw), (b"x-forwarded-for", raw), JSON])


READERS: dict[str, Callable[[str], object]] = {
    "request_refusal": _shape,
    "one_line": lambda text: one_line(text, len(text)),
    "problem": lambda text: error_response(404, text),
    "bearer": bearer_token,
    "session_cookies": session_cookie_values,
    "cookie_is_good": lambda text: is_valid_cookie(text, "token", START),
    "host": lambda text: (host_name(text), host_refusal(text, AccessPolicy())),
    "origin": lambda text: origin_refusal(text, text[::-1]),
    "token_of_query": lambda text: token_of_query(text.encode()),
    "client_address": lambda text: client_address("127.0.0.1", [text] * 4, [], parse_networks(["127.0.0.1"])),
    "forwarded": lambda text: client_address("127.0.0.1", [], [f"for={text}"], parse_networks(["127.0.0.1"])),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("piece", HOSTILE)
def test_reading_what_a_stranger_sends_takes_time_in_proportion_to_its_length(reader: str, piece: str) -> None:
    """Ten times as much may take ten times as long, and not a hundred times; or next to nothing."""
    read = READERS[reader]

    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            read(text)
            best = min(best, time.process_time() - start)
        return best

    assert seconds(100_000) < max(0.05, 30 * seconds(10_000))
