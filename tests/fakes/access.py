"""A fake of `AccessStore`; the contract test holds it to what the real one promises."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.access import ApiKey, User
from domain.errors import StoreUnavailable


class FakeAccessStore:
    """`AccessStore` in memory; it keeps no audit. `away` makes every reading fail."""

    def __init__(self, *users: User) -> None:
        self._users = {user.name: user for user in users}
        self._keys: dict[str, ApiKey] = {}
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
        return True

    def _check(self) -> None:
        if self.away:
            raise StoreUnavailable("the database does not answer")
