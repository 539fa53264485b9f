from datetime import UTC, datetime, timedelta

import pytest

from api.security.access_rules import (
    COOKIE,
    MAX_SESSION_LIFE,
    SESSION_LIFE,
    AccessPolicy,
    AuthResult,
    authenticate,
    bearer_token,
    fetch_refusal,
    host_refusal,
    is_token,
    is_valid_cookie,
    make_session_cookie,
    normalise_hosts,
    origin_refusal,
    renew_session_cookie,
    same_secret,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
TOKEN = "kx@:#/ü-hunter2 long"


def test_secrets_of_any_length_and_character_are_compared() -> None:
    assert same_secret(TOKEN, TOKEN)
    assert not same_secret("", TOKEN)
    assert not same_secret(TOKEN + "x", TOKEN)


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("Basic abc", ""), ("abc", ""), ("", "")],
)
def test_only_a_bearer_header_carries_a_token(header: str, token: str) -> None:
    assert bearer_token(header) == token


def test_a_cookie_is_good_until_its_time_is_over_and_for_its_token_only() -> None:
    cookie = make_session_cookie(TOKEN, NOW)
    assert is_valid_cookie(cookie, TOKEN, NOW + SESSION_LIFE - timedelta(seconds=1))
    assert not is_valid_cookie(cookie, TOKEN, NOW + SESSION_LIFE)
    assert not is_valid_cookie(cookie, "another", NOW)


def test_a_cookie_cannot_be_prolonged_and_does_not_hold_the_token() -> None:
    until, _, signature = make_session_cookie(TOKEN, NOW).partition(".")
    assert not is_valid_cookie(f"{int(until) + 1}.{signature}", TOKEN, NOW)
    assert TOKEN not in make_session_cookie(TOKEN, NOW)


@pytest.mark.parametrize("cookie", ["", ".", "..", "abc.def", "-5.x", "٣.٣.x", "9" * 5000 + ".1.x", "9" * 11 + ".1.x"])
def test_a_cookie_of_garbage_is_refused(cookie: str) -> None:
    assert not is_valid_cookie(cookie, TOKEN, NOW)


@pytest.mark.parametrize("host", ["127.0.0.1:8642", "localhost", "LocalHost:1", "[::1]:8642", "[::1]"])
def test_without_a_token_this_machine_is_asked_by_its_own_names(host: str) -> None:
    assert host_refusal(host, AccessPolicy()) == ""


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.4:8642",
        "",
        "localhost.evil:80",
        "[::1]evil",
        "127.0.0.1:1:x",
    ],
)
def test_without_a_token_a_foreign_name_is_refused(host: str) -> None:
    assert host_refusal(host, AccessPolicy()) != ""


def test_with_a_token_any_name_is_answered_unless_names_are_listed() -> None:
    assert host_refusal("cameras.example", AccessPolicy(TOKEN)) == ""
    listed = AccessPolicy(TOKEN, normalise_hosts(["cameras.example:443"]))
    assert host_refusal("cameras.example", listed) == ""
    assert host_refusal("127.0.0.1:8642", listed) == ""
    assert host_refusal("other.example", listed) != ""


@pytest.mark.parametrize(
    ("origin", "refused"),
    [
        ("http://evil.example", True),
        ("null", True),
        ("http://127.0.0.1:9999", True),
        ("http://127.0.0.1:8642", False),
        ("", False),
    ],
)
def test_no_other_site_is_answered(origin: str, refused: bool) -> None:
    assert bool(origin_refusal(origin, "127.0.0.1:8642")) is refused


@pytest.mark.parametrize(
    ("origin", "host", "refused"),
    [
        ("https://cameras.example", "cameras.example:443", False),
        ("http://cameras.example", "cameras.example:80", False),
        ("https://cameras.example:443", "cameras.example", False),
        ("https://cameras.example", "cameras.example:80", True),
        ("https://cameras.example:8443", "cameras.example:443", True),
        ("https://", "", True),
        ("https://:443", ":443", True),
    ],
)
def test_a_proxy_may_write_the_port_that_a_browser_leaves_out(origin: str, host: str, refused: bool) -> None:
    assert bool(origin_refusal(origin, host)) is refused


def test_a_wrong_bearer_token_is_not_saved_by_a_good_cookie() -> None:
    access = AccessPolicy(TOKEN)
    cookie = f"{COOKIE}={make_session_cookie(TOKEN, NOW)}"
    path = "/api/v1/cameras"
    assert authenticate(path, "", cookie, access, NOW) is AuthResult.SESSION
    assert authenticate(path, "Bearer wrong", cookie, access, NOW) is AuthResult.WRONG
    assert authenticate(path, f"Bearer {TOKEN}", "", access, NOW) is AuthResult.TOKEN
    assert authenticate(path, "", "", access, NOW) is AuthResult.NOTHING
    assert authenticate("/healthz", "", "", access, NOW) is AuthResult.OPEN
    assert authenticate(path, "Bearer whatever", "", AccessPolicy(), NOW) is AuthResult.OPEN


def test_a_token_beyond_ascii_is_taken_as_clients_send_it() -> None:
    assert is_token(TOKEN.encode("utf-8").decode("latin-1"), TOKEN)
    assert is_token(TOKEN, TOKEN)
    assert not is_token("kx@:#/?-long", TOKEN)


@pytest.mark.parametrize(
    "header",
    [
        f"{COOKIE}=GOOD",
        f"a=b; {COOKIE}=GOOD",
        f'odd[name]="x; y"; {COOKIE}=GOOD; =; ;;',
        f"{COOKIE}=tossed; {COOKIE}=GOOD",
    ],
)
def test_our_cookie_is_found_beside_those_of_others_on_this_host(header: str) -> None:
    header = header.replace("GOOD", make_session_cookie(TOKEN, NOW))
    assert authenticate("/", "", header, AccessPolicy(TOKEN), NOW) is AuthResult.SESSION


def test_a_session_in_use_is_renewed_daily_and_ends_a_month_after_the_token_was_shown() -> None:
    cookie, now, renewals = make_session_cookie(TOKEN, NOW), NOW, 0
    while is_valid_cookie(cookie, TOKEN, now):
        fresh = renew_session_cookie(cookie, TOKEN, now)
        renewals += bool(fresh)
        cookie = fresh or cookie
        now += timedelta(hours=6)
    assert MAX_SESSION_LIFE <= now - NOW <= MAX_SESSION_LIFE + timedelta(hours=6)
    assert 20 <= renewals <= 30


def test_no_cookie_is_renewed_that_is_not_good() -> None:
    cookie = make_session_cookie(TOKEN, NOW)
    assert renew_session_cookie(cookie, TOKEN, NOW + SESSION_LIFE) == ""
    assert renew_session_cookie(cookie, "another token than this", NOW + timedelta(days=2)) == ""
    assert renew_session_cookie("garbage", TOKEN, NOW) == ""


@pytest.mark.parametrize(
    ("method", "site", "mode", "dest", "refused"),
    [
        ("GET", "", "", "", False),
        ("GET", "none", "navigate", "document", False),
        ("GET", "same-origin", "cors", "empty", False),
        ("GET", "cross-site", "navigate", "document", False),
        ("GET", "cross-site", "no-cors", "image", True),
        ("GET", "cross-site", "cors", "empty", True),
        ("GET", "same-site", "no-cors", "script", True),
        ("GET", "cross-site", "navigate", "iframe", True),
        ("POST", "cross-site", "navigate", "document", True),
    ],
)
def test_another_site_may_link_to_the_page_and_nothing_more(
    method: str, site: str, mode: str, dest: str, refused: bool
) -> None:
    assert bool(fetch_refusal(method, site, mode, dest)) is refused
