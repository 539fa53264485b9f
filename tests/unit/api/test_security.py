from datetime import UTC, datetime, timedelta

import pytest

from api.security import (
    SESSION_LIFE,
    Access,
    bearer,
    bind_refusal,
    cookie_is_good,
    host_refusal,
    hosts,
    is_loopback,
    may_enter,
    origin_refusal,
    same_secret,
    session_cookie,
    size_refusal,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
TOKEN = "kx@:#/ü-long"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "LOCALHOST"])
def test_this_machine_alone_may_be_bound_without_a_token(host: str) -> None:
    assert is_loopback(host)
    assert bind_refusal(host, None) == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "", "cameras.example", "127.0.0.1.example"])
def test_any_other_address_needs_a_token(host: str) -> None:
    assert "token" in bind_refusal(host, None)
    assert "token" in bind_refusal(host, "")
    assert bind_refusal(host, TOKEN) == ""


def test_secrets_of_any_length_and_character_are_compared() -> None:
    assert same_secret(TOKEN, TOKEN)
    assert not same_secret("", TOKEN)
    assert not same_secret(TOKEN + "x", TOKEN)


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("Basic abc", ""), ("abc", ""), ("", "")],
)
def test_only_a_bearer_header_carries_a_token(header: str, token: str) -> None:
    assert bearer(header) == token


def test_a_cookie_is_good_until_its_time_is_over_and_for_its_token_only() -> None:
    cookie = session_cookie(TOKEN, NOW)
    assert cookie_is_good(cookie, TOKEN, NOW + SESSION_LIFE - timedelta(seconds=1))
    assert not cookie_is_good(cookie, TOKEN, NOW + SESSION_LIFE)
    assert not cookie_is_good(cookie, "another", NOW)


def test_a_cookie_cannot_be_prolonged_and_does_not_hold_the_token() -> None:
    until, _, signature = session_cookie(TOKEN, NOW).partition(".")
    assert not cookie_is_good(f"{int(until) + 1}.{signature}", TOKEN, NOW)
    assert TOKEN not in session_cookie(TOKEN, NOW)


@pytest.mark.parametrize("cookie", ["", ".", "abc.def", "-5.x", "٣.x", "9" * 5000 + ".x"])
def test_a_cookie_of_garbage_is_refused(cookie: str) -> None:
    assert not cookie_is_good(cookie, TOKEN, NOW)


@pytest.mark.parametrize("host", ["127.0.0.1:8642", "localhost", "LocalHost:1", "[::1]:8642", "[::1]"])
def test_without_a_token_this_machine_is_asked_by_its_own_names(host: str) -> None:
    assert host_refusal(host, Access()) == ""


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.4:8642", "", "localhost.evil:80"]
)
def test_without_a_token_a_foreign_name_is_refused(host: str) -> None:
    assert host_refusal(host, Access()) != ""


def test_with_a_token_any_name_is_answered_unless_names_are_listed() -> None:
    assert host_refusal("cameras.example", Access(TOKEN)) == ""
    listed = Access(TOKEN, hosts(["cameras.example:443"]))
    assert host_refusal("cameras.example", listed) == ""
    assert host_refusal("127.0.0.1:8642", listed) == ""
    assert host_refusal("other.example", listed) != ""


@pytest.mark.parametrize(
    ("method", "origin", "refused"),
    [
        ("POST", "http://evil.example", True),
        ("POST", "null", True),
        ("DELETE", "http://127.0.0.1:9999", True),
        ("POST", "http://127.0.0.1:8642", False),
        ("POST", "", False),
        ("GET", "http://evil.example", False),
    ],
)
def test_other_sites_may_not_change_anything(method: str, origin: str, refused: bool) -> None:
    assert bool(origin_refusal(method, origin, "127.0.0.1:8642")) is refused


@pytest.mark.parametrize(
    ("length", "query", "refused"),
    [("99", b"", False), ("20000", b"", True), ("x", b"", True), ("", b"a" * 5000, True)],
)
def test_long_requests_are_refused(length: str, query: bytes, refused: bool) -> None:
    assert bool(size_refusal(length, query)) is refused


def test_a_wrong_bearer_token_is_not_saved_by_a_good_cookie() -> None:
    access = Access(TOKEN)
    cookie = session_cookie(TOKEN, NOW)
    assert may_enter("/api/v1/cameras", "", cookie, access, NOW)
    assert not may_enter("/api/v1/cameras", "Bearer wrong", cookie, access, NOW)
    assert may_enter("/api/v1/cameras", f"Bearer {TOKEN}", "", access, NOW)
    assert not may_enter("/api/v1/cameras", "", "", access, NOW)
