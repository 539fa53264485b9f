"""Who may ask, and from where: pure decisions, without any web framework.

Three dangers are met. A page on another site that makes the browser call this machine (Origin, Host and cookie
rules); someone on the network without the token; and text of ours that a browser could take for code (the headers).
"""

import hashlib
import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from api.security.client_address import Network

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
COOKIE = "sightline_session"
SESSION_LIFE = timedelta(days=7)
"""A cookie that is not used for this long is worth nothing."""
MAX_SESSION_LIFE = timedelta(days=30)
"""So long after the token was shown it is asked for again, however often the cookie was renewed."""
RENEW_AFTER = timedelta(days=1)
MIN_TOKEN_LENGTH = 16
"""Characters of a token where others reach the port: it can be tried as fast as the network goes."""
OPEN_PATHS = frozenset(
    {"/healthz", "/login", "/login/sso", "/login/sso/return", "/logout", "/setup"}
    | {"/static/style.css", "/static/icon.svg"}
)
"""What is answered without a token: liveness, and the forms that ask for it, for a password or the first user."""

SECURITY_HEADERS = {
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
class AccessPolicy:
    """With `token` None every client that reaches the port is let in; the port is then for this machine alone.

    What `trusted_proxies` say of the client they ask for is believed.
    """

    token: str | None = None
    allowed_hosts: frozenset[str] = frozenset()
    trusted_proxies: tuple[Network, ...] = ()


class AuthResult(Enum):
    """What a request has shown."""

    OPEN = "nothing is asked for here"
    TOKEN = "the token"
    SESSION = "a good cookie"
    NOTHING = "nothing, or a cookie whose time is over"
    WRONG = "a wrong token"


_USUAL_PORTS = {"http": ":80", "https": ":443"}
TOKEN_COMMAND = "openssl rand -hex 24"


def same_secret(given: str, expected: str) -> bool:
    """Compare in constant time, whatever the lengths and characters."""
    return hmac.compare_digest(_digest(given), _digest(expected))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def bearer_token(authorization: str) -> str:
    """Return the token of an Authorization header, "" where it has none."""
    scheme, _, token = authorization.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def is_token(header_text: str, expected: str) -> bool:
    """Return whether the text of a header, read as Latin-1, is the token; one beyond ASCII comes as UTF-8."""
    as_utf8 = header_text.encode("latin-1", "replace").decode("utf-8", "replace")
    return same_secret(header_text, expected) | same_secret(as_utf8, expected)


def make_session_cookie(token: str, now: datetime, *, entered: datetime | None = None) -> str:
    """Return a cookie that proves knowledge of `token` until its time is over, and does not give it away.

    `entered` is when the token itself was shown, now where it is None.
    """
    entered = entered or now
    until = str(int(min(now + SESSION_LIFE, entered + MAX_SESSION_LIFE).timestamp()))
    since = str(int(entered.timestamp()))
    return f"{until}.{since}.{_signature(token, until, since)}"


def is_valid_cookie(cookie: str, token: str, now: datetime) -> bool:
    return parse_session_cookie(cookie, token, now) is not None


def parse_session_cookie(cookie: str, token: str, now: datetime) -> tuple[datetime, datetime] | None:
    """Return until when a good cookie is good and when its token was shown; None for any other."""
    until, _, rest = cookie.partition(".")
    since, _, signature = rest.partition(".")
    if not all(text.isascii() and text.isdigit() and len(text) <= 11 for text in (until, since)):
        return None
    if not same_secret(signature, _signature(token, until, since)) or now.timestamp() >= int(until):
        return None
    return datetime.fromtimestamp(int(until), UTC), datetime.fromtimestamp(int(since), UTC)


def renew_session_cookie(cookie: str, token: str, now: datetime) -> str:
    """Return the cookie that replaces a good one a day old; "" where it is too early, or the session ends anyway."""
    session = parse_session_cookie(cookie, token, now)
    if session is None:
        return ""
    until, entered = session
    fresh_until = min(now + SESSION_LIFE, entered + MAX_SESSION_LIFE)
    return make_session_cookie(token, now, entered=entered) if fresh_until - until >= RENEW_AFTER else ""


def session_cookie_values(cookie_header: str) -> list[str]:
    """Return every value that a Cookie header gives to our name; what is not readable in it is passed over."""
    pairs = (pair.partition("=") for pair in cookie_header.split(";"))
    return [value.strip() for name, _, value in pairs if name.strip() == COOKIE][:8]


def _signature(token: str, until: str, since: str) -> str:
    return hmac.new(token.encode(), f"sightline session {until} {since}".encode(), hashlib.sha256).hexdigest()


def host_name(host_header: str) -> str:
    """Return the name of a Host header without its port, lower case: `[::1]:80` gives `::1`."""
    text = host_header.strip().lower()
    if text.startswith("["):
        name, _, port = text[1:].partition("]")
        return name if not port or re.fullmatch(r":\d{1,5}", port) else text
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def host_refusal(host_header: str, access: AccessPolicy, *, requires_sign_in: bool = False) -> str:
    """Return why a request for this Host is refused, or "".

    Without a token the port must be asked by a name of this machine, or any site could point a name of its own at it
    and read the answers (DNS rebinding). With one, or with `requires_sign_in`, such a site has no
    token and no cookie.
    """
    name = host_name(host_header)
    if access.allowed_hosts and name in access.allowed_hosts:
        return ""
    if not access.allowed_hosts and (access.token or requires_sign_in):
        return ""
    if name in LOOPBACK_NAMES:
        return ""
    return "this host name is not served here; ask by 127.0.0.1, or set a token"


def origin_refusal(origin: str, host_header: str) -> str:
    """Return why a request that another site made a browser send is refused, or "".

    A browser names the origin with whatever changes something, and with what another site means to read.
    """
    scheme, _, host = origin.lower().partition("://")
    # A browser leaves the usual port out, a proxy may write it (nginx: `$host:$server_port`).
    usual = _USUAL_PORTS.get(scheme, "")
    if not origin or host.removesuffix(usual) == host_header.strip().lower().removesuffix(usual) != "":
        return ""
    return "requests from other sites are not answered"


def fetch_refusal(method: str, site: str, mode: str, dest: str) -> str:
    """Return why a request is refused that another site made the browser send, or "".

    Browsers say so in `Sec-Fetch-Site`. Following a link to the page is all that another site may make them do: a
    picture, a script or a stream asked for from elsewhere costs work here even where its answer cannot be read there.
    """
    if site not in ("cross-site", "same-site"):
        return ""
    link = method in ("GET", "HEAD") and mode == "navigate" and dest in ("", "document")
    return "" if link else "requests from other sites are not answered"


def is_cross_site(site: str) -> bool:
    """Tell from `Sec-Fetch-Site` whether a browser follows a link of another site; then it holds the cookie back."""
    return site in ("cross-site", "same-site")


def authenticate(path: str, authorization: str, cookie_header: str, access: AccessPolicy, now: datetime) -> AuthResult:
    """Return what a request has shown. A wrong token is not saved by a good cookie."""
    if not access.token:
        return AuthResult.OPEN
    bearer = bearer_token(authorization)
    if bearer:
        return AuthResult.TOKEN if is_token(bearer, access.token) else AuthResult.WRONG
    if any(is_valid_cookie(cookie, access.token, now) for cookie in session_cookie_values(cookie_header)):
        return AuthResult.SESSION
    return AuthResult.OPEN if path in OPEN_PATHS else AuthResult.NOTHING


def normalise_hosts(names: Collection[str]) -> frozenset[str]:
    """Return allowed host names as they are compared."""
    return frozenset(host_name(name) for name in names)
