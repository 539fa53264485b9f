"""Users and API keys; every change is one line of the audit, without a password, a secret or a hash of one."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from json import dumps
from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, select, update

from domain.access import AccessScope, ApiKey, KioskRecord, User, UserRole, may_make_link
from domain.errors import ConfigError
from domain.records import AuditEntry
from storage.sql.audit_rows import append_audit
from storage.sql.database.engine import read_transaction, write_transaction
from storage.sql.schema.access_tables import (
    api_keys,
    ended_sessions,
    kiosk_links,
    server_secrets,
    setup_tokens,
    users,
)
from storage.sql.schema.upserts import insert_new

_INSTEAD = "add another one first, or: sightline users disable NAME"


class SqlAccessStore:
    """`AccessStore` on SQLite or Postgres. Every method raises `StoreUnavailable` while the database is unavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def users(self) -> Sequence[User]:
        with read_transaction(self._engine) as connection:
            return [_user(row) for row in connection.execute(select(users).order_by(users.c.name)).mappings()]

    def add_user(self, user: User, *, by: str, at: datetime) -> bool:
        row = _user_row(user, at)
        return self._add(users, users.c.name == user.name, row, AuditEntry(at, by, "add user", user.name, user.role))

    def set_password(self, name: str, password_hash: str, *, by: str, at: datetime) -> bool:
        return self._change_user(name, {"password_hash": password_hash}, AuditEntry(at, by, "set password", name))

    def enable_user(self, name: str, enabled: bool, *, by: str, at: datetime) -> bool:
        action = "enable user" if enabled else "disable user"
        entry = AuditEntry(at, by, action, name)
        return self._change_user(name, {"enabled": enabled}, entry, None if enabled else _no_link)

    def change_user(self, name: str, role: UserRole, scope: AccessScope, *, by: str, at: datetime) -> bool:
        values = {"role": role.value, "scope": _scope_text(scope)}
        entry = AuditEntry(at, by, "change user", name, f"{role}: {_scope_text(scope)}")
        return self._change_user(name, values, entry, partial(may_make_link, role, scope))

    def remove_user(self, name: str, *, by: str, at: datetime) -> bool:
        with write_transaction(self._engine) as connection:
            names = connection.execute(select(users.c.name).with_for_update()).scalars().all()
            if name not in names:
                return False
            if len(names) == 1:
                raise ConfigError(f"NAME: '{name}' is the last user, and without users nobody must sign in; {_INSTEAD}")
            connection.execute(delete(users).where(users.c.name == name))
            append_audit(connection, AuditEntry(at, by, "remove user", name))
            _end_links(connection, name, _no_link, by=by, at=at)
            return True

    def keys(self) -> Sequence[ApiKey]:
        with read_transaction(self._engine) as connection:
            return [_key(row) for row in connection.execute(select(api_keys).order_by(api_keys.c.name)).mappings()]

    def add_key(self, key: ApiKey, *, by: str, at: datetime) -> bool:
        row = {
            "name": key.name,
            "key_id": key.key_id,
            "role": key.role.value,
            "digest": key.digest,
            "scope": _scope_text(key.scope),
            "expires_at": key.expires_at,
            "revoked": key.revoked,
            "created_at": at,
        }
        duplicate = (api_keys.c.name == key.name) | (api_keys.c.key_id == key.key_id)
        return self._add(api_keys, duplicate, row, AuditEntry(at, by, "add key", key.name, key.role))

    def revoke_key(self, name: str, *, by: str, at: datetime) -> bool:
        with write_transaction(self._engine) as connection:
            change = update(api_keys).where(api_keys.c.name == name).values(revoked=True)
            if connection.execute(change).rowcount == 0:
                return False
            append_audit(connection, AuditEntry(at, by, "revoke key", name))
            _end_links(connection, name, _no_link, by=by, at=at)
            return True

    def secret(self, name: str) -> str:
        query = select(server_secrets.c.secret).where(server_secrets.c.name == name)
        with read_transaction(self._engine) as connection:
            found = connection.execute(query).scalar_one_or_none()
        if found is not None:
            return str(found)
        with write_transaction(self._engine) as connection:
            insert_new(connection, server_secrets, [{"name": name, "secret": token_hex(32)}])
            return str(connection.execute(query).scalar_one())

    def add_setup_token(self, digest: str, *, expires_at: datetime) -> None:
        row = {"digest": digest, "expires_at": expires_at, "used": False}
        with write_transaction(self._engine) as connection:
            insert_new(connection, setup_tokens, [row])

    def use_setup_token(self, digest: str, user: User, *, at: datetime) -> bool:
        table = setup_tokens
        good = (table.c.digest == digest) & (table.c.expires_at > at) & table.c.used.is_(False)
        with write_transaction(self._engine) as connection:
            # The token's own row first: of two at once the second waits here, and finds it used.
            if connection.execute(update(table).where(good).values(used=True)).rowcount == 0:
                return False
            # Another token must not make a second first user.
            connection.execute(update(table).values(used=True))
            if connection.execute(select(users.c.name).limit(1)).first() is not None:
                return False
            insert_new(connection, users, [_user_row(user, at)])
            append_audit(connection, AuditEntry(at, user.name, "set up first administrator", user.name, user.role))
            return True

    def end_session(self, digest: str, *, until: datetime, by: str, at: datetime) -> None:
        table = ended_sessions
        with write_transaction(self._engine) as connection:
            connection.execute(delete(table).where(table.c.until < at))
            insert_new(connection, table, [{"digest": digest, "until": until}])
            append_audit(connection, AuditEntry(at, by, "sign out", by))

    def ended_sessions(self, at: datetime) -> frozenset[str]:
        links = select(kiosk_links.c.link_id).where(kiosk_links.c.ended.is_(True), kiosk_links.c.until >= at)
        sessions = select(ended_sessions.c.digest).where(ended_sessions.c.until >= at)
        with read_transaction(self._engine) as connection:
            return frozenset([*connection.execute(links).scalars(), *connection.execute(sessions).scalars()])

    def add_kiosk_link(self, link: KioskRecord) -> None:
        row = {
            "link_id": link.link_id,
            "site": link.site,
            "made_by": link.by,
            "made_at": link.made_at,
            "until": link.until,
            "ended": link.ended,
        }
        detail = f"until {link.until:%Y-%m-%d %H:%M} UTC"
        subject = "every site" if link.site is None else f"site {link.site}"
        with write_transaction(self._engine) as connection:
            insert_new(connection, kiosk_links, [row])
            entry = AuditEntry(link.made_at, link.by, "make kiosk link", subject, detail, site=link.site or "")
            append_audit(connection, entry)

    def kiosk_links(self, at: datetime) -> Sequence[KioskRecord]:
        table = kiosk_links
        query = select(table).where(table.c.until >= at).order_by(table.c.made_at, table.c.link_id)
        with read_transaction(self._engine) as connection:
            return [
                KioskRecord(
                    row["link_id"], row["site"], row["made_by"], row["made_at"], row["until"], bool(row["ended"])
                )
                for row in connection.execute(query).mappings()
            ]

    def end_kiosk_link(self, link_id: str, *, by: str, at: datetime) -> bool:
        table = kiosk_links
        same = table.c.link_id == link_id
        with write_transaction(self._engine) as connection:
            row = connection.execute(select(table.c.site).where(same, table.c.ended.is_(False))).one_or_none()
            if row is None:
                return False
            _end_link(connection, link_id, row.site, by=by, at=at)
            return True

    def _add(self, table: Any, duplicate: Any, row: dict[str, Any], entry: AuditEntry) -> bool:
        with write_transaction(self._engine) as connection:
            if connection.execute(select(table.c.name).where(duplicate)).first() is not None:
                return False
            insert_new(connection, table, [row])
            append_audit(connection, entry)
            return True

    def _change_user(
        self, name: str, values: dict[str, Any], entry: AuditEntry, keeps: Callable[[str | None], bool] | None = None
    ) -> bool:
        """Change a row, and end the kiosk links of this user whose site `keeps` does not accept."""
        with write_transaction(self._engine) as connection:
            if connection.execute(update(users).where(users.c.name == name).values(**values)).rowcount == 0:
                return False
            append_audit(connection, entry)
            if keeps is not None:
                _end_links(connection, name, keeps, by=entry.by, at=entry.at)
            return True


def _no_link(site: str | None) -> bool:
    return False


def _end_links(
    connection: Connection, maker: str, keeps: Callable[[str | None], bool], *, by: str, at: datetime
) -> None:
    """End what somebody made and may not make any more. A key and a user of one name count as one."""
    table = kiosk_links
    query = select(table.c.link_id, table.c.site).where(
        table.c.made_by == maker, table.c.ended.is_(False), table.c.until >= at
    )
    for row in connection.execute(query).all():
        if not keeps(row.site):
            _end_link(connection, row.link_id, row.site, by=by, at=at)


def _end_link(connection: Connection, link_id: str, site: str | None, *, by: str, at: datetime) -> None:
    connection.execute(update(kiosk_links).where(kiosk_links.c.link_id == link_id).values(ended=True))
    subject = "every site" if site is None else f"site {site}"
    append_audit(connection, AuditEntry(at, by, "end kiosk link", subject, site=site or ""))


def _scope_text(scope: AccessScope) -> str:
    return dumps({"sites": sorted(scope.sites), "cameras": sorted(scope.cameras)})


def _scope(document: Any) -> AccessScope:
    return AccessScope(frozenset(document["sites"]), frozenset(document["cameras"]))


def _user_row(user: User, at: datetime) -> dict[str, Any]:
    return {
        "name": user.name,
        "role": user.role.value,
        "password_hash": user.password_hash,
        "scope": _scope_text(user.scope),
        "enabled": user.enabled,
        "created_at": at,
    }


def _user(row: RowMapping) -> User:
    return User(row["name"], UserRole(row["role"]), row["password_hash"], _scope(row["scope"]), bool(row["enabled"]))


def _key(row: RowMapping) -> ApiKey:
    return ApiKey(
        key_id=row["key_id"],
        name=row["name"],
        role=UserRole(row["role"]),
        digest=row["digest"],
        expires_at=row["expires_at"],
        scope=_scope(row["scope"]),
        revoked=bool(row["revoked"]),
    )
