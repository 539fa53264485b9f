"""Who may ask, and from where: pure decisions, without any web framework.

Three dangers are met. A page on another site that makes the browser call this machine (Origin, Host and cookie
rules); someone on the network without the token; and text of ours that a browser could take for code (the headers).
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
COOKIE = "sightline_session"
SESSION_LIFE = timedelta(days=30)
LONGEST_BODY = 16 * 1024
LONGEST_QUERY = 4 * 1024
OPEN_PATHS = frozenset({"/healthz", "/login", "/static/style.css", "/static/icon.svg"})
"""What is answered without a token: liveness, and the form that asks for the token."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Access:
    """`token` None lets everybody in who reaches the port, which is then for this machine alone."""

    token: str | None = None
    allowed_hosts: frozenset[str] = frozenset()


def is_loopback(host: str) -> bool:
    """Say whether an address to bind is reached from this machine alone."""
    if host.lower() in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bind_refusal(host: str, token: str | None) -> str:
    """Return why the API may not be bound to `host`, or ""."""
    if token or is_loopback(host):
        return ""
    return (
        f"a token is needed before '{host or 'every address'}' may be bound: whoever reaches it would see every camera"
    )


def same_secret(given: str, expected: str) -> bool:
    """Compare in constant time, whatever the lengths and characters."""
    return hmac.compare_digest(hashlib.sha256(given.encode()).digest(), hashlib.sha256(expected.encode()).digest())


def bearer(authorization: str) -> str:
    """Return the token of an Authorization header, "" where it has none."""
    scheme, _, token = authorization.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def session_cookie(token: str, now: datetime) -> str:
    """Return a cookie that proves knowledge of `token` until its time is over, and does not give it away."""
    until = str(int((now + SESSION_LIFE).timestamp()))
    return f"{until}.{_signature(token, until)}"


def cookie_is_good(cookie: str, token: str, now: datetime) -> bool:
    until, _, signature = cookie.partition(".")
    if not until.isascii() or not until.isdigit() or len(until) > 12:
        return False
    return same_secret(signature, _signature(token, until)) and now.timestamp() < int(until)


def _signature(token: str, until: str) -> str:
    return hmac.new(token.encode(), f"sightline session {until}".encode(), hashlib.sha256).hexdigest()


def host_name(host_header: str) -> str:
    """Return the name of a Host header without its port, lower case: `[::1]:80` gives `::1`."""
    text = host_header.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def host_refusal(host_header: str, access: Access) -> str:
    """Return why a request for this Host is refused, or "".

    Without a token the port must be asked by a name of this machine, or any site could point a name of its own at it
    and read the answers (DNS rebinding). With one, such a site has no token and no cookie.
    """
    name = host_name(host_header)
    if access.allowed_hosts and name in access.allowed_hosts:
        return ""
    if not access.allowed_hosts and access.token:
        return ""
    if name in LOOPBACK_NAMES:
        return ""
    return "this host name is not served here; ask by 127.0.0.1, or set a token"


def origin_refusal(method: str, origin: str, host_header: str) -> str:
    """Return why a request that changes something is refused, or "": no other site may send one from a browser."""
    if method in ("GET", "HEAD", "OPTIONS") or not origin:
        return ""
    same = origin.partition("://")[2].lower() == host_header.strip().lower()
    return "" if same else "requests from other sites may not change anything here"


def size_refusal(content_length: str, query: bytes) -> str:
    if len(query) > LONGEST_QUERY:
        return f"the query is longer than {LONGEST_QUERY} bytes"
    if content_length and (not content_length.isdigit() or int(content_length) > LONGEST_BODY):
        return f"the body is longer than {LONGEST_BODY} bytes"
    return ""


def may_enter(path: str, authorization: str, cookie: str, access: Access, now: datetime) -> bool:
    """Say whether a request has shown the token, or needs none."""
    if not access.token or path in OPEN_PATHS:
        return True
    given = bearer(authorization)
    if given:
        return same_secret(given, access.token)
    return bool(cookie) and cookie_is_good(cookie, access.token, now)


def hosts(names: Collection[str]) -> frozenset[str]:
    """Return allowed host names as they are compared."""
    return frozenset(host_name(name) for name in names)
