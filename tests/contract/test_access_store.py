"""Users and API keys: SQLite, Postgres and the fake alike."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from domain.access import AccessScope, AccessStore, ApiKey, User, UserRole
from storage.sql.access_store import SqlAccessStore
from storage.sql.stream_store import SqlStreamStore
from tests.fakes.access import FakeAccessStore
from tests.fakes.ports import START

ANN = User("ann", UserRole.OPERATOR, "$argon2id$one", AccessScope(frozenset({"depot"}), frozenset({"gate"})))
BOB = User("bob", UserRole.ADMIN, "$argon2id$two")
KEY = ApiKey("k1", "wall", UserRole.VIEWER, "ab" * 32, START + timedelta(days=9), AccessScope(frozenset({"depot"})))


@pytest.fixture(params=["sqlite", "postgres", "fake"])
def store(request: pytest.FixtureRequest, new_database: Callable[[str], Engine]) -> AccessStore:
    return FakeAccessStore() if request.param == "fake" else SqlAccessStore(new_database(request.param))


def test_users_come_back_by_name_as_they_were_added(store: AccessStore) -> None:
    assert store.add_user(BOB, by="root", at=START)
    assert store.add_user(ANN, by="root", at=START)
    assert list(store.users()) == [ANN, BOB]


def test_a_taken_name_changes_nothing(store: AccessStore) -> None:
    store.add_user(ANN, by="root", at=START)
    assert not store.add_user(User("ann", UserRole.ADMIN, "other"), by="root", at=START)
    assert list(store.users()) == [ANN]


def test_a_password_is_replaced_and_a_user_switched_off_and_on(store: AccessStore) -> None:
    store.add_user(ANN, by="root", at=START)
    assert store.set_password("ann", "new", by="root", at=START)
    assert store.enable_user("ann", False, by="root", at=START)
    (found,) = store.users()
    assert (found.password_hash, found.enabled, found.scope) == ("new", False, ANN.scope)
    assert store.enable_user("ann", True, by="root", at=START)
    assert store.users()[0].enabled


def test_nothing_is_changed_of_somebody_unknown(store: AccessStore) -> None:
    assert not store.set_password("ann", "new", by="root", at=START)
    assert not store.enable_user("ann", False, by="root", at=START)
    assert not store.revoke_key("wall", by="root", at=START)


def test_a_key_comes_back_and_is_revoked_for_good(store: AccessStore) -> None:
    assert store.add_key(KEY, by="root", at=START)
    assert list(store.keys()) == [KEY]
    assert not store.add_key(KEY, by="root", at=START)
    assert store.revoke_key("wall", by="root", at=START)
    assert store.keys()[0].revoked


def test_every_change_is_audited_without_a_hash(database: Engine) -> None:
    store = SqlAccessStore(database)
    store.add_user(ANN, by="root", at=START)
    store.set_password("ann", "$argon2id$new", by="root", at=START)
    store.enable_user("ann", False, by="root", at=START)
    store.add_key(KEY, by="root", at=START)
    store.revoke_key("wall", by="root", at=START)
    found = SqlStreamStore(database).audit()
    assert sorted((each.by, each.action, each.subject) for each in found) == [
        ("root", "add key", "wall"),
        ("root", "add user", "ann"),
        ("root", "disable user", "ann"),
        ("root", "revoke key", "wall"),
        ("root", "set password", "ann"),
    ]
    assert not any("argon2" in each.detail or KEY.digest in each.detail for each in found)
