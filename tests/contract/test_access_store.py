"""Users and API keys: SQLite, Postgres and the fake alike."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from domain.access import EVERY_CAMERA, AccessScope, ApiKey, AuditFilter, KioskRecord, User, UserRole
from domain.audit_origin import AuditOrigin, audit_origin
from domain.errors import ConfigError
from domain.ports import AccessStore, AuditStore
from domain.records import AuditEntry
from storage.sql.access_store import SqlAccessStore
from storage.sql.audit_store import SqlAuditStore
from storage.sql.stream_store import SqlStreamStore
from tests.fakes.access import FakeAccessStore, FakeAuditStore
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


def test_a_role_and_a_scope_are_replaced_and_a_user_is_removed_but_the_last(store: AccessStore) -> None:
    for user in (ANN, BOB):
        store.add_user(user, by="root", at=START)
    yard = AccessScope(cameras=frozenset({"yard"}))
    assert store.change_user("ann", UserRole.VIEWER, yard, by="root", at=START)
    assert store.users()[0] == replace(ANN, role=UserRole.VIEWER, scope=yard)
    assert not store.change_user("eve", UserRole.ADMIN, AccessScope(), by="root", at=START)
    assert not store.remove_user("eve", by="root", at=START)
    assert store.remove_user("ann", by="root", at=START)
    with pytest.raises(ConfigError, match="last user"):
        store.remove_user("bob", by="root", at=START)
    assert list(store.users()) == [BOB]


DEPOT, GATE = AccessScope(frozenset({"depot"})), AccessScope(cameras=frozenset({"gate"}))
EVERY_LINK = {"depot", "yard", "all"}


def become(role: UserRole, scope: AccessScope) -> Callable[[AccessStore], bool]:
    return lambda store: store.change_user("ann", role, scope, by="root", at=START)


LINKS_LEFT: list[tuple[str, Callable[[AccessStore], bool], set[str]]] = [
    ("fewer sites", become(UserRole.OPERATOR, DEPOT), {"depot"}),
    ("one camera", become(UserRole.OPERATOR, GATE), set()),
    ("no operator", become(UserRole.VIEWER, EVERY_CAMERA), set()),
    ("all of it", become(UserRole.ADMIN, EVERY_CAMERA), EVERY_LINK),
    ("disabled", lambda store: store.enable_user("ann", False, by="root", at=START), set()),
    ("removed", lambda store: store.remove_user("ann", by="root", at=START), set()),
    ("a password", lambda store: store.set_password("ann", "new", by="root", at=START), EVERY_LINK),
]


@pytest.mark.parametrize(("change", "left"), [case[1:] for case in LINKS_LEFT], ids=[case[0] for case in LINKS_LEFT])
def test_kiosk_links_end_that_their_maker_could_not_make_now(
    store: AccessStore, change: Callable[[AccessStore], bool], left: set[str]
) -> None:
    for user in (ANN, BOB):
        store.add_user(user, by="root", at=START)
    until = START + timedelta(days=2)
    for name, site in (("depot", "depot"), ("yard", "yard"), ("all", None)):
        store.add_kiosk_link(KioskRecord(name, site, "ann", START, until))
    store.add_kiosk_link(KioskRecord("of bob", None, "bob", START, until))
    assert change(store)
    assert {each.link_id for each in store.kiosk_links(START) if not each.ended} == left | {"of bob"}
    assert store.ended_sessions(START) == EVERY_LINK - left


def test_a_revoked_key_takes_its_kiosk_links_along(store: AccessStore) -> None:
    store.add_key(KEY, by="root", at=START)
    store.add_kiosk_link(KioskRecord("one", "depot", KEY.name, START, START + timedelta(days=2)))
    assert store.revoke_key(KEY.name, by="root", at=START)
    assert store.ended_sessions(START) == {"one"}


def test_a_key_comes_back_and_is_revoked_for_good(store: AccessStore) -> None:
    assert store.add_key(KEY, by="root", at=START)
    assert list(store.keys()) == [KEY]
    assert not store.add_key(KEY, by="root", at=START)
    assert store.revoke_key("wall", by="root", at=START)
    assert store.keys()[0].revoked


def test_a_secret_of_the_database_is_made_once(store: AccessStore) -> None:
    assert store.secret("sessions") == store.secret("sessions") != store.secret("other")
    assert len(store.secret("sessions")) >= 32


def test_a_setup_token_makes_the_first_user_once(store: AccessStore) -> None:
    for digest in ("one", "two"):
        store.add_setup_token(digest, expires_at=START + timedelta(hours=1))
    assert not store.use_setup_token("three", BOB, at=START)
    assert not store.use_setup_token("one", BOB, at=START + timedelta(hours=1))
    assert store.use_setup_token("one", BOB, at=START)
    assert not store.use_setup_token("one", ANN, at=START)
    assert not store.use_setup_token("two", ANN, at=START)
    assert list(store.users()) == [BOB]


def test_a_setup_token_makes_nobody_where_there_is_a_user(store: AccessStore) -> None:
    store.add_setup_token("one", expires_at=START + timedelta(hours=1))
    store.add_user(ANN, by="root", at=START)
    assert not store.use_setup_token("one", BOB, at=START)
    assert list(store.users()) == [ANN]


def test_an_ended_session_is_known_until_it_would_be_over(store: AccessStore) -> None:
    store.end_session("a", until=START + timedelta(days=1), by="ann", at=START)
    store.end_session("a", until=START + timedelta(days=1), by="ann", at=START)
    assert store.ended_sessions(START) == {"a"}
    assert store.ended_sessions(START + timedelta(days=2)) == frozenset()


def test_kiosk_links_are_kept_and_ended(store: AccessStore) -> None:
    links = [KioskRecord(n, site, "ann", START, START + timedelta(days=1)) for n, site in (("x", "depot"), ("y", None))]
    for link in links:
        store.add_kiosk_link(link)
    assert list(store.kiosk_links(START)) == links
    assert store.kiosk_links(START + timedelta(days=2)) == []
    assert store.end_kiosk_link("x", by="ann", at=START)
    assert not store.end_kiosk_link("x", by="ann", at=START)
    assert not store.end_kiosk_link("z", by="ann", at=START)
    assert [each.ended for each in store.kiosk_links(START)] == [True, False]
    assert store.ended_sessions(START) == {"x"}


@pytest.fixture(params=["sqlite", "postgres", "fake"])
def audit(request: pytest.FixtureRequest, new_database: Callable[[str], Engine]) -> AuditStore:
    return FakeAuditStore() if request.param == "fake" else SqlAuditStore(new_database(request.param))


def test_lines_come_back_the_latest_first_with_where_they_came_from(audit: AuditStore) -> None:
    with audit_origin(AuditOrigin("198.51.100.7", "key")):
        audit.record(AuditEntry(START, "ann", "view picture", "gate", "", "gate", "depot"))
        audit.record(AuditEntry(START, "", "refuse sign-in", "", client="198.51.100.8", via="password"))
    audit.record(AuditEntry(START + timedelta(hours=1), "bob", "export audit", "audit", "csv"))
    found = audit.entries()
    assert [(each.by, each.client, each.via, each.camera, each.site) for each in found] == [
        ("bob", "", "", "", ""),
        ("", "198.51.100.8", "password", "", ""),
        ("ann", "198.51.100.7", "key", "gate", "depot"),
    ]
    assert [each.number for each in found] == sorted((each.number for each in found), reverse=True)
    asked = (
        (AuditFilter(by="ann"), 1), (AuditFilter(action="export audit"), 1), (AuditFilter(camera="gate"), 1),
        (AuditFilter(since=START + timedelta(hours=1)), 1), (AuditFilter(until=START + timedelta(hours=1)), 2),
        (AuditFilter(before=found[1].number), 1), (AuditFilter(by="nobody"), 0),
    )  # fmt: skip
    assert [len(audit.entries(each)) for each, _ in asked] == [count for _, count in asked]
    assert len(audit.entries(limit=2)) == 2


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
