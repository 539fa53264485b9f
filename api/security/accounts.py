"""Who asks: somebody signed in, a program with a key, or whoever holds the token or reaches an open port."""

import base64
import binascii
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from api.security import access_rules
from api.security.access_rules import AccessPolicy, AuthResult
from api.security.group_rules import GroupRule, find_rule
from api.security.passwords import split_key_text
from api.security.proxy_sign_in import ProxySignIn
from api.security.session_cookies import SIGN_ON_COOKIE, parse_sign_on_cookie, session_digest
from domain.access import AccessScope, ApiKey, User, UserRole
from domain.errors import StoreUnavailable
from domain.ports import AccessStore

MAX_AGE_S = 2.0
"""A user that was switched off is refused so much later at most."""
IDENTITY = "sightline.identity"
"""Where a request's scope has its `Identity`; absent where nothing was shown and nothing is asked for."""
_USER_COOKIE = "u."
_SESSIONS = "sessions"
_ELSEWHERE = ("proxy", "single sign-on")
"""Who is asked for again at each request; a stream ends after an hour."""

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
    via: str = ""
    """How it is known: for the audit."""
    session: str = field(default="", repr=False, compare=False)
    """The digest that names the session, "" where it is none."""

    @property
    def label(self) -> str:
        """What the audit calls somebody who names no person."""
        return self.name or f"({self.via})"


TOKEN_HOLDER = Identity("", UserRole.ADMIN, via="token")
OPEN_HOLDER = Identity("", UserRole.ADMIN, via="open page")
NOBODY = Identity("", UserRole.VIEWER, AccessScope(cameras=frozenset({""})))
"""Whoever showed nothing, where nothing is asked for: no camera has an empty name."""
KIOSK_VIEWER = Identity("", UserRole.VIEWER, via="kiosk link")


@dataclass(frozen=True, slots=True)
class SignInPolicy:
    """Who signs people in besides Sightline itself. `required` asks for a sign before there is any user."""

    required: bool = False
    rules: tuple[GroupRule, ...] = ()
    proxy: ProxySignIn | None = None
    other_service: bool = False

    @property
    def requires_sign_in(self) -> bool:
        return self.required or self.proxy is not None or self.other_service


@dataclass(frozen=True, slots=True)
class _Known:
    users: Mapping[str, User] = field(default_factory=dict)
    keys: Mapping[str, ApiKey] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()
    secret: str = ""


class Accounts:
    """The users and keys as they were a moment ago; the last ones known while the store is unavailable. Shared by
    threads.

    Nobody is let in without a sign where there is a user, switched off or not, or where the store never answered.
    """

    def __init__(
        self,
        store: AccessStore | None,
        *,
        policy: SignInPolicy = SignInPolicy(),
        now: Callable[[], datetime] = partial(datetime.now, UTC),  # noqa: B008 - a function
        max_age_s: float = MAX_AGE_S,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self.policy = policy
        self._now = now
        self._ended_here: set[str] = set()
        self._max_age_s = max_age_s
        self._seconds = seconds
        self._lock = threading.Lock()
        self._known: _Known | None = _Known() if store is None else None
        self._read_at: float | None = None
        self.refresh()

    @property
    def requires_sign_in(self) -> bool:
        return self.policy.requires_sign_in or self._known is None or bool(self._known.users)

    @property
    def store(self) -> AccessStore | None:
        return self._store

    @property
    def secret(self) -> str:
        """What sessions of other services are signed with; "" while it was never read."""
        return self._known.secret if self._known is not None else ""

    @property
    def has_users(self) -> bool:
        return bool(self._known and self._known.users)

    def link_secret(self, access: AccessPolicy) -> str:
        """Return what kiosk links are signed with; "" where everybody sees the wall without one."""
        return access.token or (self.secret if self.requires_sign_in else "")

    @property
    def old(self) -> bool:
        """Whether `refresh` would ask the store."""
        read_at = self._read_at
        return self._store is not None and (read_at is None or self._seconds() - read_at >= self._max_age_s)

    def refresh(self, *, at_once: bool = False) -> None:
        """Read the store where what is known is old, or `at_once`; only one thread waits for it, none while it is
        unavailable.
        """
        if self._store is None or not (self.old or at_once) or not self._lock.acquire(blocking=False):
            return
        try:
            users, keys = self._store.users(), self._store.keys()
            ended = self._store.ended_sessions(self._now())
            secret = self.secret or self._store.secret(_SESSIONS)
            self._known = _Known({user.name: user for user in users}, {key.key_id: key for key in keys}, ended, secret)
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
        cookies = self._open_sessions(cookie_header)
        live = "; ".join(f"{access_rules.COOKIE}={cookie}" for cookie in cookies)
        access_by_token = access_rules.authenticate(path, authorization, live, access, now)
        if access_by_token is AuthResult.SESSION:
            mine = next(each for each in cookies if access_rules.is_valid_cookie(each, access.token or "", now))
            return replace(TOKEN_HOLDER, session=session_digest(mine))
        if access_by_token is AuthResult.TOKEN:
            return TOKEN_HOLDER
        if not (access.token or self.requires_sign_in):
            return OPEN_HOLDER
        bearer = access_rules.bearer_token(authorization)
        if bearer:
            return self.of_key(bearer, now) or AuthResult.WRONG
        for cookie in cookies:
            identity = self.of_cookie(cookie, access, now)
            if identity is not None:
                return identity
        return AuthResult.OPEN if path in access_rules.OPEN_PATHS else AuthResult.NOTHING

    def _open_sessions(self, cookie_header: str) -> list[str]:
        """Return the sessions of a request that nobody ended."""
        return [
            each
            for each in access_rules.session_cookie_values(cookie_header)
            if not self.is_ended(session_digest(each))
        ]

    def is_ended(self, digest: str) -> bool:
        """Return whether a session or a kiosk link was ended before its time."""
        return digest in self._ended_here or digest in (self._known or _Known()).ended

    def end_here(self, digest: str) -> None:
        """End a session or a kiosk link in this process at once, whatever the store does."""
        self._ended_here.add(digest)

    def of_key(self, text: str, now: datetime) -> Identity | None:
        key_id, digest = split_key_text(text)
        key = (self._known or _Known()).keys.get(key_id)
        if key is None or not access_rules.same_secret(digest, key.digest) or key.revoked or now >= key.expires_at:
            return None
        return Identity(key.name, key.role, key.scope, key.key_id, key.digest, "key")

    def of_cookie(self, cookie: str, access: AccessPolicy, now: datetime) -> Identity | None:
        if cookie.startswith(SIGN_ON_COOKIE):
            signed_on = parse_sign_on_cookie(cookie, self.secret, now) if self._signs_on() else None
            identity = self.of_groups(signed_on.name, signed_on.groups, "single sign-on") if signed_on else None
            return replace(identity, session=session_digest(cookie)) if isinstance(identity, Identity) else None
        user, signed = self._find_signer(cookie)
        if user is None or not access_rules.is_valid_cookie(signed, _cookie_secret(user, access), now):
            return None
        return replace(identity_of(user), session=session_digest(cookie))

    def _signs_on(self) -> bool:
        return self.policy.other_service and bool(self.secret)

    def of_groups(self, name: str, groups: Sequence[str], via: str) -> Identity | str:
        """Return who somebody is whom another service signed in, or why nothing is allowed."""
        if self.user(name) is not None:
            return f"a user '{name}' is kept here too; sign in with its password, or let an administrator disable it"
        rule = find_rule(groups, self.policy.rules)
        if rule is None:
            return f"{name} is signed in, and none of its groups may use Sightline; ask an administrator"
        return Identity(name, rule.role, rule.scope, via=via)

    def renew_cookie(self, cookie: str, access: AccessPolicy, now: datetime) -> str:
        """Return the cookie that replaces a good one a day old, else ""."""
        user, signed = self._find_signer(cookie)
        fresh = "" if user is None else access_rules.renew_session_cookie(signed, _cookie_secret(user, access), now)
        return f"{cookie.removesuffix(signed)}{fresh}" if fresh else ""

    def holds(self, identity: Identity, now: datetime) -> bool:
        """Return whether an identity counts still, for what lasts longer than a request."""
        if identity.session and self.is_ended(identity.session):
            return False
        if not identity.name or identity.via in _ELSEWHERE:
            return True
        snapshot = self._known or _Known()
        if identity.key_id:
            key = snapshot.keys.get(identity.key_id)
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
    return Identity(user.name, user.role, user.scope, proof=user.password_hash, via="password")


def make_user_cookie(user: User, access: AccessPolicy, now: datetime) -> str:
    """Return the session of somebody who showed the password; a new password ends it, and so does a new token."""
    name = base64.urlsafe_b64encode(user.name.encode()).decode().rstrip("=")
    return f"{_USER_COOKIE}{name}.{access_rules.make_session_cookie(_cookie_secret(user, access), now)}"


def _cookie_secret(user: User, access: AccessPolicy) -> str:
    return "\n".join((access.token or "", user.name, user.password_hash))
