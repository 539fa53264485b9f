"""Sessions of people whom another service signed in, and what names a session so that it can be ended. Pure.

A cookie holds `HEAD.UNTIL.SINCE.SIGNATURE`, the head absent for a session of the token. It says who signed in and which
groups counted; what these may do is looked up at each request, so that changed settings count at once.
"""

import base64
import binascii
import hashlib
import json
from datetime import UTC, datetime, timedelta

from api.security import access_rules
from domain.sign_on import SignedOn

SIGN_ON_COOKIE = "o."
SIGN_ON_LIFE = timedelta(hours=12)
"""The other service is asked again after this long: it knows who may no longer enter."""
_MAX_COOKIE = 3000


def session_digest(cookie: str) -> str:
    """Return what names a session, the same however often its cookie was renewed; it proves nothing."""
    head, _, rest = cookie.rpartition(".")
    head, _, since = head.rpartition(".")
    who = head.rpartition(".")[0]
    return hashlib.sha256(f"session {who} {since}".encode("utf-8", "surrogatepass")).hexdigest() if rest else ""


def session_start(cookie: str) -> datetime | None:
    """Return when a session began, None for what is no cookie of ours. The cookie must have been found good before."""
    parts = cookie.split(".")
    text = parts[-2] if len(parts) >= 3 else ""
    good = text.isascii() and text.isdigit() and len(text) <= 11
    return datetime.fromtimestamp(int(text), UTC) if good else None


def make_sign_on_cookie(user: SignedOn, secret: str, now: datetime) -> str:
    """Return the session of somebody whom another service signed in."""
    text = json.dumps([user.name, *user.groups], ensure_ascii=False, separators=(",", ":"))
    head = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return f"{SIGN_ON_COOKIE}{head}.{access_rules.make_session_cookie(_secret(secret, head), now)}"


def parse_sign_on_cookie(cookie: str, secret: str, now: datetime) -> SignedOn | None:
    """Return who signed in; None for what is forged, damaged or over."""
    if not cookie.startswith(SIGN_ON_COOKIE) or len(cookie) > _MAX_COOKIE:
        return None
    head, _, signed = cookie.removeprefix(SIGN_ON_COOKIE).partition(".")
    content = access_rules.parse_session_cookie(signed, _secret(secret, head), now)
    if content is None or now - content[1] >= SIGN_ON_LIFE:
        return None
    try:
        name, *groups = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, ValueError):
        return None
    return SignedOn(str(name), tuple(str(group) for group in groups))


def _secret(secret: str, head: str) -> str:
    return f"{secret}\nsigned on\n{head}"
