"""Who asks: somebody signed in, a program with a key, or whoever holds the token or reaches an open port."""

import base64
import binascii
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from api.security import access_rules
from api.security.access_rules import AccessPolicy, AuthResult
from api.security.passwords import split_key_text
from domain.access import AccessScope, AccessStore, ApiKey, User, UserRole
from domain.errors import StoreUnavailable

MAX_AGE_S = 2.0
"""A user that was switched off is refused so much later at most."""
IDENTITY = "sightline.identity"
"""Where a request's scope has its `Identity`; absent where nothing was shown and nothing is asked for."""
_USER_COOKIE = "u."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and what is allowed. `name` is "" for the token and for an open port: then people name themselves.

    `proof` changes with the password or the key, so that what was shown before counts no more.
    """

    name: str
    role: UserRole
    scope: AccessScope = AccessScope()
    key_id: str = ""
    proof: str = field(default="", repr=False)


TOKEN_HOLDER = Identity("", UserRole.ADMIN)
KIOSK_VIEWER = Identity("", UserRole.VIEWER)


@dataclass(frozen=True, slots=True)
class _Known:
    users: Mapping[str, User] = field(default_factory=dict)
    keys: Mapping[str, ApiKey] = field(default_factory=dict)


class Accounts:
    """The users and keys as they were a moment ago; the last ones known while the store is unavailable. Shared by
    threads.

    Nobody is let in without a sign where there is a user, switched off or not, or where the store never answered.
    """

    def __init__(
        self,
        store: AccessStore | None,
        *,
        max_age_s: float = MAX_AGE_S,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._max_age_s = max_age_s
        self._seconds = seconds
        self._lock = threading.Lock()
        self._known: _Known | None = _Known() if store is None else None
        self._read_at: float | None = None
        self.refresh()

    @property
    def locked(self) -> bool:
        return self._known is None or bool(self._known.users)

    @property
    def old(self) -> bool:
        """Whether `refresh` would ask the store."""
        read_at = self._read_at
        return self._store is not None and (read_at is None or self._seconds() - read_at >= self._max_age_s)

    def refresh(self) -> None:
        """Read the store where what is known is old; only one thread waits for it, and none while it is unavailable."""
        if self._store is None or not self.old or not self._lock.acquire(blocking=False):
            return
        try:
            users, keys = self._store.users(), self._store.keys()
            self._known = _Known({user.name: user for user in users}, {key.key_id: key for key in keys})
        except StoreUnavailable as error:
            _log.warning("users and keys are those known before: %s", error)
        finally:
            self._read_at = self._seconds()
            self._lock.release()

    def user(self, name: str) -> User | None:
        """Return a user who may sign in."""
        found = (self._known or _Known()).users.get(name)
        return found if found is not None and found.enabled else None

    def identify(
        self, path: str, authorization: str, cookie_header: str, access: AccessPolicy, now: datetime
    ) -> Identity | AuthResult:
        """Return who asks, or what was shown instead."""
        shown = access_rules.authenticate(path, authorization, cookie_header, access, now)
        if shown in (AuthResult.TOKEN, AuthResult.SESSION) or not (access.token or self.locked):
            return TOKEN_HOLDER
        given = access_rules.bearer_token(authorization)
        if given:
            return self.of_key(given, now) or AuthResult.WRONG
        for cookie in access_rules.session_cookie_values(cookie_header):
            found = self.of_cookie(cookie, access, now)
            if found is not None:
                return found
        return AuthResult.OPEN if path in access_rules.OPEN_PATHS else AuthResult.NOTHING

    def of_key(self, text: str, now: datetime) -> Identity | None:
        key_id, digest = split_key_text(text)
        key = (self._known or _Known()).keys.get(key_id)
        if key is None or not access_rules.same_secret(digest, key.digest) or key.revoked or now >= key.expires_at:
            return None
        return Identity(key.name, key.role, key.scope, key.key_id, key.digest)

    def of_cookie(self, cookie: str, access: AccessPolicy, now: datetime) -> Identity | None:
        user, signed = self._find_signer(cookie)
        if user is None or not access_rules.is_valid_cookie(signed, _cookie_secret(user, access), now):
            return None
        return identity_of(user)

    def renew_cookie(self, cookie: str, access: AccessPolicy, now: datetime) -> str:
        """Return the cookie that replaces a good one a day old, else ""."""
        user, signed = self._find_signer(cookie)
        fresh = "" if user is None else access_rules.renew_session_cookie(signed, _cookie_secret(user, access), now)
        return f"{cookie.removesuffix(signed)}{fresh}" if fresh else ""

    def holds(self, identity: Identity, now: datetime) -> bool:
        """Tell whether an identity counts still, for what lasts longer than a request."""
        if not identity.name:
            return True
        known = self._known or _Known()
        if identity.key_id:
            key = known.keys.get(identity.key_id)
            return key is not None and not key.revoked and now < key.expires_at and key.digest == identity.proof
        user = self.user(identity.name)
        return user is not None and identity_of(user) == identity

    def _find_signer(self, cookie: str) -> tuple[User | None, str]:
        if not cookie.startswith(_USER_COOKIE):
            return None, ""
        name, _, signed = cookie.removeprefix(_USER_COOKIE).partition(".")
        try:
            decoded = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None, ""
        return self.user(decoded), signed


def identity_of(user: User) -> Identity:
    return Identity(user.name, user.role, user.scope, proof=user.password_hash)


def make_user_cookie(user: User, access: AccessPolicy, now: datetime) -> str:
    """Return the session of somebody who showed the password; a new password ends it, and so does a new token."""
    name = base64.urlsafe_b64encode(user.name.encode()).decode().rstrip("=")
    return f"{_USER_COOKIE}{name}.{access_rules.make_session_cookie(_cookie_secret(user, access), now)}"


def _cookie_secret(user: User, access: AccessPolicy) -> str:
    return "\n".join((access.token or "", user.name, user.password_hash))
