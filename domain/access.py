"""Who may do what: users and API keys with a role, for every camera or for named sites and cameras."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
    """Which cameras somebody may see: those of the sites, and those named. Every camera where nothing is named.

    A camera without a site belongs to none, whatever is named.
    """

    sites: frozenset[str] = frozenset()
    cameras: frozenset[str] = frozenset()

    @property
    def is_unrestricted(self) -> bool:
        return not self.sites and not self.cameras

    def sees(self, camera: str, site: str) -> bool:
        """Return whether a camera with this name, now at this site, may be seen."""
        return self.is_unrestricted or camera in self.cameras or (bool(site) and site in self.sites)


EVERY_CAMERA = AccessScope()


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
    """A key of a program."""

    key_id: str
    """Its public part, by which it is found."""
    name: str
    """What it is for; logs show it as who did something."""
    role: UserRole
    """What it may do."""
    digest: str
    """SHA-256 of its secret, hexadecimal; the secret itself is not kept."""
    expires_at: datetime
    """It counts before this time."""
    scope: AccessScope = AccessScope()
    """The cameras it may see."""
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
    scope: AccessScope = EVERY_CAMERA
    """Lines about these cameras alone, and about these whole sites."""


def may_make_link(role: UserRole, scope: AccessScope, site: str | None) -> bool:
    """Return whether somebody may show the wall of a site, or of every site where it is None, by a kiosk link."""
    return role.covers(UserRole.OPERATOR) and (scope.is_unrestricted or site in scope.sites)


EVERY_LINE = AuditFilter()
