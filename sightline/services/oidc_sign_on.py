"""Signs people in through OpenID Connect (Core 1.0): the code flow with PKCE, and the signed answer checked in full.

The service is asked for its addresses and its keys when somebody signs in, and again after an hour or for an unknown
key. Its answers are bounded in time and size, redirects are not followed, and nothing of them is shown to anybody.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from api.security.proxy_sign_in import MAX_PERSON_NAME
from domain.errors import SignOnRefused, SignOnUnavailable
from domain.sign_on import SignedOn, SignOnStep
from domain.text.addresses import is_loopback
from domain.text.plain_text import holds_invisible
from sightline.config.access_settings import OidcSettings
from sightline.config.sections import ApiSettings

RETURN_PATH = "/login/sso/return"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures with a public key. One with a shared secret, or none, is never taken."""
_TIMEOUT_S = 5.0
_MAX_ANSWER_BYTES = 1 << 20
_KEEP_S = 3600.0
_NEW_KEYS_S = 60.0
CLOCK_LEEWAY_S = 60
"""Clocks of two machines differ by so much."""

_log = logging.getLogger(__name__)


class _ServiceAddresses:
    """What the service says of itself, and its keys; shared by threads."""

    def __init__(self, issuer: str, seconds: Callable[[], float]) -> None:
        self._issuer = issuer
        self._seconds = seconds
        self._lock = threading.Lock()
        self._found: Mapping[str, Any] | None = None
        self._found_at = 0.0
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    def read(self) -> Mapping[str, Any]:
        with self._lock:
            if self._found is None or self._seconds() - self._found_at >= _KEEP_S:
                self._found = self._discover()
                self._found_at = self._seconds()
            return self._found

    def keys(self, *, again: bool = False) -> KeySet:
        """Return the keys, read again where they are old, or where one is missing and they are a minute old."""
        address = self.read()["jwks_uri"]
        with self._lock:
            age_s = self._seconds() - self._keys_at
            if self._keys is None or age_s >= (_NEW_KEYS_S if again else _KEEP_S):
                self._keys = KeySet.import_key_set(_read_json(address))  # type: ignore[arg-type]
                self._keys_at = self._seconds()
            return self._keys

    def _discover(self) -> Mapping[str, Any]:
        return _read_description(self._issuer)[0]


def _read_description(issuer: str) -> tuple[Mapping[str, Any], str]:
    """Return what a service says of itself, and the date of its answer. Raises `SignOnUnavailable`."""
    status, found, date = _fetch("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if status != 200:
        raise ValueError("another status")
    if found.get("issuer") != issuer:
        raise SignOnUnavailable(
            "the sign-in service calls itself by another name; let an administrator correct api.sign_in.oidc.issuer"
        )
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not _is_safe(found.get(name), issuer):
            raise SignOnUnavailable("the sign-in service names an address without https; let its makers correct it")
    return found, date


@dataclass(frozen=True, slots=True)
class IssuerState:
    """What a try of the service found: how many keys it signs with, and its clock where it said one."""

    keys: int
    clock: datetime | None


def read_issuer(issuer: str) -> IssuerState:
    """Return what the service says now; nobody is signed in. Raises `SignOnUnavailable` and `SignOnRefused`."""

    def read() -> IssuerState:
        found, date = _read_description(issuer)
        published = _read_json(found["jwks_uri"])
        keys = KeySet.import_key_set(published).keys if published["keys"] else []  # type: ignore[arg-type]
        public = [key for key in keys if key.key_type != "oct" and key.as_dict().get("use", "sig") == "sig"]
        return IssuerState(len(public), _parse_date(date))

    found: IssuerState = _ask_service(urlsplit(issuer).hostname or "", read)
    return found


def _parse_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo is not None else None


class OidcSignOn:
    """`SignOnService` of one issuer."""

    def __init__(
        self, settings: OidcSettings, return_address: str, *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._return_address = return_address
        self._addresses = _ServiceAddresses(settings.issuer, seconds)
        self._host = urlsplit(settings.issuer).hostname or ""

    @property
    def label(self) -> str:
        return self._settings.label

    def address(self, step: SignOnStep) -> str:
        found = self._ask(self._addresses.read)
        return str(
            prepare_grant_uri(
                found["authorization_endpoint"],
                self._settings.client_id,
                "code",
                redirect_uri=self._return_address,
                scope=" ".join(self._settings.scopes),
                state=step.state,
                nonce=step.nonce,
                code_challenge=create_s256_code_challenge(step.verifier),
                code_challenge_method="S256",
            )
        )

    def identify(self, step: SignOnStep, code: str, now: datetime) -> SignedOn:
        found = self._ask(self._addresses.read)
        token = self._ask(lambda: self._exchange(found["token_endpoint"], step, code))
        claims = self._ask(lambda: self._check_answer(token, step.nonce, now))
        return self._person(claims)

    def _exchange(self, endpoint: str, step: SignOnStep, code: str) -> Mapping[str, Any]:
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._return_address,
            "code_verifier": step.verifier,
        }
        # A client without a secret names itself; one with a secret shows it (RFC 6749, 2.3.1).
        named, secret = quote(self._settings.client_id, safe=""), quote(self._settings.secret, safe="")
        auth = httpx.BasicAuth(named, secret) if secret else None
        if auth is None:
            asked["client_id"] = self._settings.client_id
        status, answer = _ask_json("POST", endpoint, data=asked, auth=auth)
        if status in (400, 401, 403):
            _log.warning("the sign-in service refuses a code: status %d", status)
            raise SignOnRefused("the sign-in service does not take this sign-in; try again from the start")
        if status != 200:
            raise ValueError("another status")
        if not isinstance(answer.get("id_token"), str):
            raise SignOnRefused("the sign-in service sent no signed answer; ask an administrator")
        return answer

    def _check_answer(self, token: Mapping[str, Any], nonce: str, now: datetime) -> Mapping[str, Any]:
        text = token["id_token"]
        try:
            decoded = jwt.decode(text, self._addresses.keys(), algorithms=ALGORITHMS)
        except (InvalidKeyIdError, ValueError):
            # The service may sign with a new key.
            decoded = jwt.decode(text, self._addresses.keys(again=True), algorithms=ALGORITHMS)
        wanted = {
            "iss": {"essential": True, "value": self._settings.issuer},
            "aud": {"essential": True, "value": self._settings.client_id},
        }
        params = {"nonce": nonce, "client_id": self._settings.client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(decoded.claims, decoded.header, wanted, params)
        claims.validate(now=int(now.timestamp()), leeway=CLOCK_LEEWAY_S)
        return dict(claims)

    def _person(self, claims: Mapping[str, Any]) -> SignedOn:
        name = claims.get(self._settings.name_claim)
        if not isinstance(name, str) or not name.strip() or len(name) > MAX_PERSON_NAME or holds_invisible(name):
            raise SignOnRefused(
                f"the sign-in service gives no usable name ({self._settings.name_claim}); ask an administrator"
            )
        groups = claims.get(self._settings.groups_claim, [])
        listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        return SignedOn(name.strip(), tuple(each for each in listed if isinstance(each, str)))

    def _ask(self, act: Callable[[], Any]) -> Any:
        return _ask_service(self._host, act)


def _ask_service(host: str, act: Callable[[], Any]) -> Any:
    """Return what `act` returns; what the service or the network does wrong becomes one sentence."""
    try:
        return act()
    except (SignOnRefused, SignOnUnavailable):
        raise
    except httpx.HTTPError as error:
        _log.warning("the sign-in service does not answer: %s", type(error).__name__)
        raise SignOnUnavailable(
            f"the sign-in service at {host} does not answer; try again in a minute, or sign in another way"
        ) from error
    except JoseError as error:
        _log.warning("the sign-in service's answer is refused: %s", type(error).__name__)
        raise SignOnRefused("the answer of the sign-in service does not count; try again from the start") from error
    except (ValueError, KeyError, TypeError) as error:
        raise SignOnUnavailable(
            f"the sign-in service at {host} answers what nobody can read; ask an administrator"
        ) from error


def make_sign_on(settings: ApiSettings) -> OidcSignOn | None:
    """Return the service of the settings, None where there is none; nothing is asked yet."""
    oidc = settings.sign_in.oidc
    return None if oidc is None else OidcSignOn(oidc, settings.public_url.rstrip("/") + RETURN_PATH)


def _read_json(address: str) -> dict[str, Any]:
    status, found = _ask_json("GET", address)
    if status != 200:
        raise ValueError("another status")
    return found


def _ask_json(method: str, address: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """Return status and content of an answer; no redirect is followed. Raises `ValueError` for what cannot be read."""
    return _fetch(method, address, **options)[:2]


def _fetch(method: str, address: str, **options: Any) -> tuple[int, dict[str, Any], str]:
    """Return the date of the answer too, "" where it has none."""
    content = b""
    with (
        httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False) as client,
        client.stream(method, address, headers={"Accept": "application/json"}, **options) as answer,
    ):
        for part in answer.iter_bytes():
            content += part
            if len(content) > _MAX_ANSWER_BYTES:
                raise ValueError("too long")
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return answer.status_code, found, answer.headers.get("date", "")


def _is_safe(address: object, issuer: str) -> bool:
    """Return whether an address may be asked: by https, or on this machine where the issuer is there too."""
    if not isinstance(address, str):
        return False
    parts, home = urlsplit(address), urlsplit(issuer)
    here = is_loopback(parts.hostname or "") and is_loopback(home.hostname or "")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and here))
