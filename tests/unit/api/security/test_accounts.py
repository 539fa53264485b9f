"""Users and keys: signing in, sessions, expiry, and what holds while the store is unavailable."""

from datetime import datetime, timedelta

import pytest

from api.security.accounts import Accounts, Identity, identity_of, make_user_cookie
from api.security.client_limits import MAX_WRONG_TOKENS, PasswordThrottle
from api.security.passwords import (
    MAX_PASSWORD_LENGTH,
    check_new_password,
    hash_password,
    is_password,
    make_key_text,
    split_key_text,
)
from domain.access import AccessScope, ApiKey, User, UserRole
from domain.cameras import Camera
from domain.errors import ConfigError
from domain.ports import Clock
from tests.fakes.access import FakeAccessStore
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras

PASSWORD = "four quite plain words"
PASSWORD_HASH = hash_password(PASSWORD)
ANN = User("ann", UserRole.OPERATOR, PASSWORD_HASH, AccessScope(sites=frozenset({"depot"})))


@pytest.fixture
def store() -> FakeAccessStore:
    return FakeAccessStore(ANN)


@pytest.fixture
def house(stage: SampleCameras, store: FakeAccessStore) -> Caller:
    stage.healthy(Camera("gate", "rtsp://h/1", "depot"))
    stage.healthy(Camera("yard", "rtsp://h/2", "north"))
    return Caller(make_app(stage, accounts=Accounts(store, max_age_s=0)))


def sign_in(house: Caller, name: str = "ann", password: str = PASSWORD) -> dict[str, str]:
    answer = house.post("/login?next=/cameras/gate", data={"user": name, "password": password})
    assert answer.status_code == 303
    return {"Cookie": answer.headers.get("set-cookie", "").partition(";")[0]}


def test_a_name_and_a_password_open_a_session_of_that_person(house: Caller) -> None:
    answer = house.post("/login?next=/cameras/gate", data={"user": "ann", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/cameras/gate")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert PASSWORD not in cookie
    headers = {"Cookie": cookie.partition(";")[0]}
    me = house.get("/api/v1/me", headers=headers).json()
    expected = {"name": "ann", "role": "operator", "sites": ["depot"], "cameras": []}
    assert me == {**expected, "signed_in": True, "via": "password"}
    assert [each["name"] for each in house.get("/api/v1/cameras", headers=headers).json()["cameras"]] == ["gate"]


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong"), ("bob", PASSWORD), ("ann", ""), ("", PASSWORD)])
def test_a_wrong_name_or_password_gets_the_form_again_and_no_cookie(house: Caller, name: str, password: str) -> None:
    answer = house.post("/login", data={"user": name, "password": password})
    assert answer.headers["location"] == "/login?wrong"
    assert "set-cookie" not in answer.headers


def test_from_the_first_user_on_everybody_must_sign_in(stage: SampleCameras) -> None:
    store = FakeAccessStore()
    api = Caller(make_app(stage, accounts=Accounts(store, max_age_s=0)))
    assert api.get("/api/v1/cameras").status_code == 200
    store.add_user(ANN, by="root", at=stage.clock.now())
    assert api.get("/api/v1/cameras").status_code == 401
    assert api.get("/").headers["location"] == "/login"
    store.enable_user("ann", False, by="root", at=stage.clock.now())
    assert api.get("/api/v1/cameras").status_code == 401


def test_the_form_asks_for_a_name_where_there_are_users_and_for_the_token_alone_where_there_are_none(
    house: Caller, stage: SampleCameras
) -> None:
    assert 'name="password"' in house.get("/login").text
    token_only = Caller(make_app(stage, token="a long token for these tests"))
    assert 'name="password"' not in token_only.get("/login").text
    assert 'name="token"' in token_only.get("/login").text


@pytest.mark.parametrize("change", ["disable", "password"])
def test_a_session_ends_with_the_user_or_the_password(house: Caller, store: FakeAccessStore, change: str) -> None:
    headers = sign_in(house)
    assert house.get("/api/v1/cameras", headers=headers).status_code == 200
    now = house.app.state.backend.clock.now()
    if change == "disable":
        store.enable_user("ann", False, by="root", at=now)
    else:
        store.set_password("ann", hash_password("four other plain words"), by="root", at=now)
    assert house.get("/api/v1/cameras", headers=headers).status_code == 401
    assert not house.app.state.accounts.holds(identity_of(ANN), now)


def test_whoever_leaves_is_forgotten_by_the_browser_and_gets_the_form(house: Caller) -> None:
    left = house.post("/logout", headers=sign_in(house))
    assert (left.status_code, left.headers["location"]) == (303, "/login?out")
    assert "Max-Age=0" in left.headers["set-cookie"]
    assert house.post("/logout").status_code == 303
    assert house.post("/logout", headers={"Origin": "http://elsewhere.example"}).status_code == 403


def test_a_session_is_renewed_and_ends(house: Caller, stage: SampleCameras) -> None:
    headers = sign_in(house)
    stage.clock.advance(2 * 86400)
    renewed = house.get("/api/v1/cameras", headers=headers).headers["set-cookie"].partition(";")[0]
    stage.clock.advance(6 * 86400)
    assert house.get("/api/v1/cameras", headers=headers).status_code == 401
    assert house.get("/api/v1/cameras", headers={"Cookie": renewed}).status_code == 200


def test_a_cookie_cannot_be_made_into_somebody_elses(house: Caller, store: FakeAccessStore) -> None:
    store.add_user(User("bob", UserRole.ADMIN, hash_password("some other words")), by="root", at=_now(house))
    cookie = make_user_cookie(ANN, house.app.state.access, _now(house))
    forged = "Ym9i".join(cookie.split("YW5u"))
    assert forged != cookie
    for bad in (forged, "u.", "u.%%%.1.1.x", f"{cookie}0", "u.YW5u", cookie.removeprefix("u.")):
        assert house.get("/api/v1/cameras", headers={"Cookie": f"sightline_session={bad}"}).status_code == 401


def test_another_site_cannot_act_with_the_session(house: Caller) -> None:
    headers = {**sign_in(house), "Origin": "http://evil.example"}
    assert house.post("/api/v1/cameras/gate/accept", json={}, headers=headers).status_code == 403


def test_a_key_expires_is_revoked_and_is_never_the_beginning_of_another(
    house: Caller, store: FakeAccessStore, stage: SampleCameras
) -> None:
    key_id, text, digest = make_key_text()
    now = stage.clock.now()
    store.add_key(ApiKey(key_id, "wall", UserRole.VIEWER, digest, now + timedelta(hours=1)), by="root", at=now)
    asked = {"Authorization": f"Bearer {text}"}
    assert house.get("/api/v1/cameras", headers=asked).status_code == 200
    assert house.get("/api/v1/cameras", headers={"Authorization": f"Bearer {text[:-1]}"}).status_code == 401
    assert split_key_text(f"x{text}") == ("", "")
    stage.clock.advance(3600)
    assert house.get("/api/v1/cameras", headers=asked).status_code == 401
    stage.clock.advance(-3600)
    assert house.get("/api/v1/cameras", headers=asked).status_code == 200
    store.revoke_key("wall", by="root", at=now)
    assert house.get("/api/v1/cameras", headers=asked).status_code == 401


def test_while_the_store_is_away_those_known_before_count(house: Caller, store: FakeAccessStore) -> None:
    headers = sign_in(house)
    store.away = True
    assert house.get("/api/v1/me", headers=headers).status_code == 200
    assert house.get("/api/v1/me").status_code == 401


def test_a_store_that_never_answered_lets_nobody_in(stage: SampleCameras) -> None:
    store = FakeAccessStore()
    store.away = True
    api = Caller(make_app(stage, accounts=Accounts(store, max_age_s=0)))
    assert api.get("/api/v1/cameras").status_code == 401
    assert api.get("/healthz").status_code == 200
    store.away = False
    assert api.get("/api/v1/cameras").status_code == 200


def test_ten_wrong_passwords_slow_that_account_and_not_others(house: Caller, store: FakeAccessStore) -> None:
    store.add_user(User("bob", UserRole.VIEWER, PASSWORD_HASH), by="root", at=_now(house))
    for attempt in range(MAX_WRONG_TOKENS):
        house.app.state.passwords.begin("ann", f"198.51.100.{attempt}")
    refused = house.post("/login", data={"user": "ann", "password": PASSWORD})
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert sign_in(house, "bob")["Cookie"]


def test_the_throttle_counts_by_account_and_by_address_and_forgives_what_was_right() -> None:
    now = [0.0]
    throttle = PasswordThrottle(lambda: now[0])
    for _ in range(50):
        assert throttle.begin("ann", "a") == 0
        throttle.forgive("ann", "a")
    for _ in range(MAX_WRONG_TOKENS):
        assert throttle.begin("ann", "a") == 0
    assert throttle.begin("ann", "b") > 0
    assert throttle.begin("bob", "a") > 0
    assert throttle.begin("bob", "b") == 0
    now[0] = 60.0
    assert throttle.begin("ann", "a") == 0


def test_passwords_are_kept_as_argon2id_and_looked_at_whole() -> None:
    assert PASSWORD_HASH.startswith("$argon2id$")
    assert is_password(PASSWORD, PASSWORD_HASH)
    assert not is_password(f"{PASSWORD} ", PASSWORD_HASH)
    assert not is_password(PASSWORD, None)
    assert not is_password(PASSWORD, "no hash")
    assert not is_password("x" * (MAX_PASSWORD_LENGTH + 1), PASSWORD_HASH)


@pytest.mark.parametrize("bad", ["", "short", "x" * 11, "a" * 40, "ab" * 20, "x" * 300])
def test_a_weak_password_is_refused_without_being_repeated(bad: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_new_password(bad)
    assert not bad or bad not in str(refused.value)


def test_an_identity_never_shows_what_proves_it() -> None:
    assert "argon2" not in repr(identity_of(ANN))
    assert isinstance(identity_of(ANN), Identity)


def _now(house: Caller) -> datetime:
    clock: Clock = house.app.state.backend.clock
    return clock.now()
