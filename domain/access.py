"""Who may do what: users and API keys with a role, for every camera or for named sites and cameras."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.records import AuditEntry


class UserRole(StrEnum):
    """What somebody may do; each role may do what the one before may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, least: "UserRole") -> bool:
        order = list(UserRole)
        return order.index(self) >= order.index(least)


@dataclass(frozen=True, slots=True)
class AccessScope:
    """Which cameras somebody may see: those of the sites, and those named. Every camera where nothing is named."""

    sites: frozenset[str] = frozenset()
    cameras: frozenset[str] = frozenset()

    @property
    def everything(self) -> bool:
        return not self.sites and not self.cameras

    def sees(self, camera: str, site: str) -> bool:
        """Tell whether a camera with this name, now at this site, may be seen."""
        return self.everything or camera in self.cameras or site in self.sites


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs in; `password_hash` is argon2's own text, with its salt and its costs."""

    name: str
    role: UserRole
    password_hash: str
    scope: AccessScope = AccessScope()
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of a program; of its secret only the SHA-256 (hexadecimal) is kept. It counts before `expires_at`."""

    key_id: str
    """Its public part, by which it is found."""
    name: str
    """What it is for; logs show it as who did something."""
    role: UserRole
    digest: str
    expires_at: datetime
    scope: AccessScope = AccessScope()
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class KioskRecord:
    """A link to the wall that was made: of one site, or of every site where `site` is None. It names no key."""

    link_id: str
    site: str | None
    by: str
    made_at: datetime
    until: datetime
    ended: bool = False


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which lines of the audit are asked for; `before` is a line's number, and those with lower ones follow."""

    since: datetime | None = None
    until: datetime | None = None
    by: str | None = None
    action: str | None = None
    camera: str | None = None
    before: int | None = None


EVERY_LINE = AuditFilter()


class AuditStore(Protocol):
    """Who did what. Lines are added and never changed. Raises `StoreUnavailable` while the database is unavailable."""

    def record(self, entry: AuditEntry) -> None: ...

    def entries(self, asked: AuditFilter = EVERY_LINE, *, limit: int = 100) -> Sequence[AuditEntry]:
        """Return lines, the latest first."""
        ...


class AccessStore(Protocol):
    """Users and API keys; every change is audited. Each method raises `StoreUnavailable` while the database is
    unavailable.
    """

    def users(self) -> Sequence[User]:
        """Return all users by name, those that are switched off too."""
        ...

    def add_user(self, user: User, *, by: str, at: datetime) -> bool:
        """Insert; False, and nothing changed, where the name is taken."""
        ...

    def set_password(self, name: str, password_hash: str, *, by: str, at: datetime) -> bool:
        """Replace a password's hash; False where there is no such user."""
        ...

    def enable_user(self, name: str, enabled: bool, *, by: str, at: datetime) -> bool:
        """Switch a user on or off; False where there is no such user."""
        ...

    def keys(self) -> Sequence[ApiKey]:
        """Return all keys by name, those that were revoked too."""
        ...

    def add_key(self, key: ApiKey, *, by: str, at: datetime) -> bool:
        """Insert; False, and nothing changed, where the name or the id is taken."""
        ...

    def revoke_key(self, name: str, *, by: str, at: datetime) -> bool:
        """End a key for good; False where there is no such key."""
        ...

    def secret(self, name: str) -> str:
        """Return a secret of this database's own; it is made where there is none yet."""
        ...

    def add_setup_token(self, digest: str, *, expires_at: datetime) -> None:
        """Keep the SHA-256 of a token that makes the first user."""
        ...

    def use_setup_token(self, digest: str, user: User, *, at: datetime) -> bool:
        """Insert the first user and use every token up; False where this one does not count or there is a user."""
        ...

    def end_session(self, digest: str, *, until: datetime, by: str, at: datetime) -> None:
        """End a session for good; it is forgotten after `until`, when it would be over anyway."""
        ...

    def ended_sessions(self, at: datetime) -> frozenset[str]:
        """Return the sessions and kiosk links that were ended before their time."""
        ...

    def add_kiosk_link(self, link: KioskRecord) -> None: ...

    def kiosk_links(self, at: datetime) -> Sequence[KioskRecord]:
        """Return the links that are not over at `at`, those that were ended too, by when they were made."""
        ...

    def end_kiosk_link(self, link_id: str, *, by: str, at: datetime) -> bool:
        """End a link; False where there is none that could be ended."""
        ...
