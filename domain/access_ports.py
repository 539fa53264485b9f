"""The ports of who may do what: users and keys, who did what, and another service that signs people in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.access import EVERY_LINE, AccessScope, ApiKey, AuditFilter, KioskRecord, User, UserRole
from domain.records import AuditEntry
from domain.sign_on import SignedOn, SignOnStep


class AuditStore(Protocol):
    """Who did what. Lines are added and never changed. Raises `StoreUnavailable` while the database is unavailable."""

    def record(self, entry: AuditEntry) -> None: ...

    def entries(self, filters: AuditFilter = EVERY_LINE, *, limit: int = 100) -> Sequence[AuditEntry]:
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
        """Switch a user on or off; False where there is no such user. Switching off ends the kiosk links of it."""
        ...

    def change_user(self, name: str, role: UserRole, scope: AccessScope, *, by: str, at: datetime) -> bool:
        """Replace a user's role and scope; False where there is no such user.

        The kiosk links end that this user could not make now.
        """
        ...

    def remove_user(self, name: str, *, by: str, at: datetime) -> bool:
        """Delete a user and end the kiosk links of it; False where there is no such user.

        Raises `ConfigError` for the last user: without users nobody must sign in.
        """
        ...

    def keys(self) -> Sequence[ApiKey]:
        """Return all keys by name, those that were revoked too."""
        ...

    def add_key(self, key: ApiKey, *, by: str, at: datetime) -> bool:
        """Insert; False, and nothing changed, where the name or the id is taken."""
        ...

    def revoke_key(self, name: str, *, by: str, at: datetime) -> bool:
        """End a key and the kiosk links that it made for good; False where there is no such key."""
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


class SignOnService(Protocol):
    """A service that signs people in. Both methods may take seconds."""

    @property
    def label(self) -> str:
        """What the button is called."""
        ...

    def address(self, step: SignOnStep) -> str:
        """Return where the browser is led. Raises `SignOnUnavailable`."""
        ...

    def identify(self, step: SignOnStep, code: str, now: datetime) -> SignedOn:
        """Return whom a code stands for. Raises `SignOnUnavailable` or `SignOnRefused`."""
        ...
