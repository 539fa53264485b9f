"""Users and API keys; every change is one line of the audit, without a password, a secret or a hash of one."""

from collections.abc import Sequence
from datetime import datetime
from json import dumps
from typing import Any

from sqlalchemy import Engine, RowMapping, select, update

from domain.access import AccessScope, ApiKey, User, UserRole
from domain.records import AuditEntry
from storage.sql.audit_rows import append_audit
from storage.sql.database.engine import read_transaction, write_transaction
from storage.sql.schema.access_tables import api_keys, users
from storage.sql.schema.upserts import insert_new


class SqlAccessStore:
    """`AccessStore` on SQLite or Postgres. Every method raises `StoreUnavailable` while the database is unavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def users(self) -> Sequence[User]:
        with read_transaction(self._engine) as connection:
            return [_user(row) for row in connection.execute(select(users).order_by(users.c.name)).mappings()]

    def add_user(self, user: User, *, by: str, at: datetime) -> bool:
        row = {
            "name": user.name,
            "role": user.role.value,
            "password_hash": user.password_hash,
            "scope": _scope_text(user.scope),
            "enabled": user.enabled,
            "created_at": at,
        }
        return self._add(users, users.c.name == user.name, row, AuditEntry(at, by, "add user", user.name, user.role))

    def set_password(self, name: str, password_hash: str, *, by: str, at: datetime) -> bool:
        return self._change_user(name, {"password_hash": password_hash}, AuditEntry(at, by, "set password", name))

    def enable_user(self, name: str, enabled: bool, *, by: str, at: datetime) -> bool:
        action = "enable user" if enabled else "disable user"
        return self._change_user(name, {"enabled": enabled}, AuditEntry(at, by, action, name))

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
        taken = (api_keys.c.name == key.name) | (api_keys.c.key_id == key.key_id)
        return self._add(api_keys, taken, row, AuditEntry(at, by, "add key", key.name, key.role))

    def revoke_key(self, name: str, *, by: str, at: datetime) -> bool:
        with write_transaction(self._engine) as connection:
            change = update(api_keys).where(api_keys.c.name == name).values(revoked=True)
            if connection.execute(change).rowcount == 0:
                return False
            append_audit(connection, AuditEntry(at, by, "revoke key", name))
            return True

    def _add(self, table: Any, taken: Any, row: dict[str, Any], entry: AuditEntry) -> bool:
        with write_transaction(self._engine) as connection:
            if connection.execute(select(table.c.name).where(taken)).first() is not None:
                return False
            insert_new(connection, table, [row])
            append_audit(connection, entry)
            return True

    def _change_user(self, name: str, values: dict[str, Any], entry: AuditEntry) -> bool:
        with write_transaction(self._engine) as connection:
            if connection.execute(update(users).where(users.c.name == name).values(**values)).rowcount == 0:
                return False
            append_audit(connection, entry)
            return True


def _scope_text(scope: AccessScope) -> str:
    return dumps({"sites": sorted(scope.sites), "cameras": sorted(scope.cameras)})


def _scope(document: Any) -> AccessScope:
    return AccessScope(frozenset(document["sites"]), frozenset(document["cameras"]))


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
