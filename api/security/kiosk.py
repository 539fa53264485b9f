"""Links to a wall that anybody may watch until they expire: read-only, for one site or for all. Pure.

A link is signed with the token, or where there is none with a secret of the database; a new token ends every link.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from api.security.access_rules import same_secret

KIOSK_COOKIE = "sightline_kiosk"
KIOSK_PATH = "/kiosk"
MAX_KIOSK_LIFE = timedelta(days=366)
_READABLE = frozenset({KIOSK_PATH, "/api/v1/live", "/api/v1/metrics", "/api/v1/faults"})
_STATIC = "/static/"
_LONGEST_KEY = 1024


@dataclass(frozen=True, slots=True)
class KioskLink:
    """What a link lets its holder see, and until when: every site where `site` is None."""

    until: datetime
    site: str | None = None
    link_id: str = field(default="", compare=False)


def make_kiosk_key(token: str, link: KioskLink) -> str:
    """Return the key that a link carries; it proves knowledge of the token and does not give it away."""
    until = str(int(link.until.timestamp()))
    site = "" if link.site is None else base64.urlsafe_b64encode(b"=" + link.site.encode()).decode().rstrip("=")
    return f"{until}.{site}.{_signature(token, until, site)}"


def parse_kiosk_key(key: str, token: str, now: datetime) -> KioskLink | None:
    """Return what a good key allows; None for one that is forged, damaged or over."""
    until, _, rest = key.partition(".")
    site, _, signature = rest.partition(".")
    if len(key) > _LONGEST_KEY or not (until.isascii() and until.isdigit() and len(until) <= 11):
        return None
    if not same_secret(signature, _signature(token, until, site)) or now.timestamp() >= int(until):
        return None
    try:
        name = base64.urlsafe_b64decode(site + "=" * (-len(site) % 4)).decode()[1:] if site else None
    except (binascii.Error, UnicodeDecodeError):
        return None
    return KioskLink(datetime.fromtimestamp(int(until), UTC), name, kiosk_link_id(key))


def kiosk_link_id(key: str) -> str:
    """Return what names a link so that it can be listed and ended; the key cannot be found from it."""
    return hashlib.sha256(f"kiosk link {key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def keys_of_cookies(cookie_header: str) -> list[str]:
    """Return the keys among the cookies of a request."""
    pairs = [pair.partition("=") for pair in cookie_header.split(";")]
    return [value.strip() for name, _, value in pairs if name.strip() == KIOSK_COOKIE][:8]


def is_kiosk_request(method: str, path: str) -> bool:
    """Return whether a link alone is enough for a request: to read the wall, and nothing else."""
    return method in ("GET", "HEAD") and (path in _READABLE or path.startswith(_STATIC))


def kiosk_cookie_header(key: str, link: KioskLink, now: datetime, *, secure: bool) -> str:
    """Return the Set-Cookie header that keeps a key until its link is over."""
    life = f"Max-Age={max(0, int((link.until - now).total_seconds()))}"
    return f"{KIOSK_COOKIE}={key}; HttpOnly; {life}; Path=/; SameSite=strict{'; Secure' if secure else ''}"


def _signature(token: str, until: str, site: str) -> str:
    return hmac.new(token.encode(), f"sightline kiosk {until} {site}".encode(), hashlib.sha256).hexdigest()
