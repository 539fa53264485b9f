"""Fakes of `AccessStore` and `AuditStore`; contract tests hold them to what the real ones promise."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.access import EVERY_LINE, AccessScope, ApiKey, AuditFilter, KioskRecord, User, UserRole
from domain.audit_origin import current_origin
from domain.errors import ConfigError, StoreUnavailable
from domain.records import AuditEntry
from tests.fakes.stream_store import FakeStreamStore


class FakeAccessStore:
    """`AccessStore` in memory; it keeps no audit. `away` makes every reading fail."""

    def __init__(self, *users: User) -> None:
        self._users = {user.name: user for user in users}
        self._keys: dict[str, ApiKey] = {}
        self._secrets: dict[str, str] = {}
        self._tokens: dict[str, datetime] = {}
        self._ended: dict[str, datetime] = {}
        self._links: dict[str, KioskRecord] = {}
        self.away = False

    def users(self) -> Sequence[User]:
        self._check()
        return [self._users[name] for name in sorted(self._users)]

    def add_user(self, user: User, *, by: str, at: datetime) -> bool:
        return self._users.setdefault(user.name, user) is user

    def set_password(self, name: str, password_hash: str, *, by: str, at: datetime) -> bool:
        if name not in self._users:
            return False
        self._users[name] = replace(self._users[name], password_hash=password_hash)
        return True

    def enable_user(self, name: str, enabled: bool, *, by: str, at: datetime) -> bool:
        if name not in self._users:
            return False
        self._users[name] = replace(self._users[name], enabled=enabled)
        self._end_links(name, keep=enabled)
        return True

    def change_user(self, name: str, role: UserRole, scope: AccessScope, *, by: str, at: datetime) -> bool:
        if name not in self._users:
            return False
        self._users[name] = replace(self._users[name], role=role, scope=scope)
        operates = role is not UserRole.VIEWER
        for each in [each for each in self._links.values() if each.by == name]:
            if not (operates and (scope.is_unrestricted or each.site in scope.sites)):
                self._links[each.link_id] = replace(each, ended=True)
        return True

    def remove_user(self, name: str, *, by: str, at: datetime) -> bool:
        if name not in self._users:
            return False
        if len(self._users) == 1:
            raise ConfigError("NAME: the last user stays")
        del self._users[name]
        self._end_links(name, keep=False)
        return True

    def keys(self) -> Sequence[ApiKey]:
        self._check()
        return [self._keys[name] for name in sorted(self._keys)]

    def add_key(self, key: ApiKey, *, by: str, at: datetime) -> bool:
        if any(each.key_id == key.key_id for each in self._keys.values()):
            return False
        return self._keys.setdefault(key.name, key) is key

    def revoke_key(self, name: str, *, by: str, at: datetime) -> bool:
        if name not in self._keys:
            return False
        self._keys[name] = replace(self._keys[name], revoked=True)
        self._end_links(name, keep=False)
        return True

    def secret(self, name: str) -> str:
        self._check()
        return self._secrets.setdefault(name, f"{name} canary-secret {id(self)}")

    def add_setup_token(self, digest: str, *, expires_at: datetime) -> None:
        self._tokens[digest] = expires_at

    def use_setup_token(self, digest: str, user: User, *, at: datetime) -> bool:
        if digest not in self._tokens or self._tokens[digest] <= at:
            return False
        self._tokens.clear()
        return not self._users and self.add_user(user, by=user.name, at=at)

    def end_session(self, digest: str, *, until: datetime, by: str, at: datetime) -> None:
        self._check()
        self._ended[digest] = until

    def ended_sessions(self, at: datetime) -> frozenset[str]:
        self._check()
        sessions = {digest for digest, until in self._ended.items() if until >= at}
        return frozenset(sessions | {each.link_id for each in self._links.values() if each.ended and each.until >= at})

    def add_kiosk_link(self, link: KioskRecord) -> None:
        self._check()
        self._links[link.link_id] = link

    def kiosk_links(self, at: datetime) -> Sequence[KioskRecord]:
        self._check()
        return [each for each in self._links.values() if each.until >= at]

    def end_kiosk_link(self, link_id: str, *, by: str, at: datetime) -> bool:
        found = self._links.get(link_id)
        if found is None or found.ended:
            return False
        self._links[link_id] = replace(found, ended=True)
        return True

    def _end_links(self, maker: str, *, keep: bool) -> None:
        for each in [each for each in self._links.values() if each.by == maker and not keep]:
            self._links[each.link_id] = replace(each, ended=True)

    def _check(self) -> None:
        if self.away:
            raise StoreUnavailable("the database does not answer")


class FakeAuditStore:
    """`AuditStore` in memory, over the cameras that are watched. `away` makes everything fail."""

    def __init__(self, streams: FakeStreamStore | None = None) -> None:
        self._streams = streams or FakeStreamStore()
        self._lines: list[AuditEntry] = []
        self.away = False

    def record(self, entry: AuditEntry) -> None:
        self._check()
        origin = current_origin()
        client, via = entry.client or origin.client, entry.via or origin.via
        self._lines.append(replace(entry, number=len(self._lines) + 1, client=client, via=via))

    def entries(self, filters: AuditFilter = EVERY_LINE, *, limit: int = 100) -> Sequence[AuditEntry]:
        self._check()
        return [each for each in reversed(self._lines) if _is_asked(each, filters) and self._sees(each, filters)][
            :limit
        ]

    def _sees(self, entry: AuditEntry, filters: AuditFilter) -> bool:
        if entry.camera or filters.scope.is_unrestricted:
            return self._streams.sees(filters.scope, entry.camera, entry.site)
        return entry.site != "" and entry.site in filters.scope.sites

    def _check(self) -> None:
        if self.away:
            raise StoreUnavailable("the database does not answer")


def _is_asked(entry: AuditEntry, filters: AuditFilter) -> bool:
    same = ((filters.by, entry.by), (filters.action, entry.action), (filters.camera, entry.camera))
    return (
        all(wanted is None or wanted == found for wanted, found in same)
        and (filters.since is None or entry.at >= filters.since)
        and (filters.until is None or entry.at < filters.until)
        and (filters.before is None or entry.number < filters.before)
    )
