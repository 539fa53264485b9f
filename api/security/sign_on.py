"""One attempt to sign in at another service, from its beginning to the browser's return. Pure.

The browser keeps a signed cookie with the state; nonce and verifier are made from the state with the server's secret,
so that no cookie shows them and nothing is stored.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.security.access_rules import same_secret
from domain.sign_on import SignOnStep

COOKIE = "sightline_sign_on"
_LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt that has begun: what the service is asked for, and the cookie that ties it to this browser."""

    step: SignOnStep
    cookie: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """An attempt that the browser came back from: `address` is the view that was asked for."""

    step: SignOnStep
    address: str


def begin(secret: str, now: datetime, address: str) -> Begun:
    """Return a new attempt."""
    state = secrets.token_urlsafe(24)
    until = str(int((now + _LIFE).timestamp()))
    where = base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")
    signed = f"{state}.{until}.{where}"
    return Begun(_step(state, secret), f"{signed}.{_mac(secret, 'cookie', signed)}")


def find_step(cookie_header_text: str, state: str, secret: str, now: datetime) -> Waiting | None:
    """Return the attempt of this browser with this state; None where it began none, or it took too long."""
    pairs = [pair.partition("=") for pair in cookie_header_text.split(";")]
    for cookie in [value.strip() for name, _, value in pairs if name.strip() == COOKIE][:8]:
        signed, _, signature = cookie.rpartition(".")
        if not state or not same_secret(signature, _mac(secret, "cookie", signed)):
            continue
        payload, until, where = signed.split(".")
        if not same_secret(payload, state) or now.timestamp() >= int(until):
            continue
        try:
            address = base64.urlsafe_b64decode(where + "=" * (-len(where) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
        return Waiting(_step(state, secret), address)
    return None


def cookie_header(value: str, *, secure: bool) -> str:
    """Return the Set-Cookie header of an attempt, or the one that ends it where `value` is "".

    Lax and not strict: the browser comes back by a link of the other service.
    """
    life = int(_LIFE.total_seconds()) if value else 0
    return f"{COOKIE}={value}; HttpOnly; Max-Age={life}; Path=/login; SameSite=lax{'; Secure' if secure else ''}"


def _step(state: str, secret: str) -> SignOnStep:
    return SignOnStep(state, _mac(secret, "nonce", state), _mac(secret, "verifier", state))


def _mac(secret: str, what: str, text: str) -> str:
    digest = hmac.new(
        secret.encode(), f"sightline sign-on {what} {text}".encode("utf-8", "surrogatepass"), hashlib.sha256
    )
    return base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
