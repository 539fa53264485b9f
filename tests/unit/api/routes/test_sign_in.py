"""The first administrator, signing out, and what a session is worth: attacked as a stranger and as a colleague."""

import re
from typing import Any

import pytest

from api.security.accounts import Accounts, SignInPolicy
from api.security.client_limits import MAX_WRONG_TOKENS
from api.security.passwords import hash_password
from api.security.setup_token import SETUP_LIFE, make_setup_token
from domain.access import User, UserRole
from domain.cameras import Camera
from tests.fakes.access import FakeAccessStore, FakeAuditStore
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras

PASSWORD = "four quite plain words"
PASSWORD_HASH = hash_password(PASSWORD)
TOKEN = "a long token for these tests"


class SignInHouse:
    """Sightline where everybody must sign in, with two processes on one store."""

    def __init__(self, stage: SampleCameras, *users: User, token: str | None = None) -> None:
        stage.healthy(Camera("gate", "rtsp://h/1", "depot"))
        self.stage, self.store, self.audit = stage, FakeAccessStore(*users), FakeAuditStore()
        self.api, self.other = (self._make(token) for _ in range(2))

    def _make(self, token: str | None) -> Caller:
        accounts = Accounts(self.store, policy=SignInPolicy(required=True), now=self.stage.clock.now, max_age_s=0)
        return Caller(make_app(self.stage, accounts=accounts, audit=self.audit, token=token))

    def make_token(self) -> str:
        token, digest = make_setup_token()
        self.store.add_setup_token(digest, expires_at=self.stage.clock.now() + SETUP_LIFE)
        return token

    def set_up(self, token: str, **changed: str) -> Any:
        form = {"token": token, "user": "root", "password": PASSWORD, "again": PASSWORD, **changed}
        return self.api.post("/setup", data=form)

    def sign_in(self, **form: str) -> dict[str, str]:
        answer = self.api.post("/login", data=form or {"user": "ann", "password": PASSWORD})
        return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


@pytest.fixture
def empty(stage: SampleCameras) -> SignInHouse:
    return SignInHouse(stage)


@pytest.fixture
def house(stage: SampleCameras) -> SignInHouse:
    return SignInHouse(stage, User("ann", UserRole.VIEWER, PASSWORD_HASH), token=TOKEN)


def test_before_there_is_a_user_nobody_is_let_in_and_no_password_is_known(empty: SignInHouse) -> None:
    assert empty.api.get("/api/v1/cameras").status_code == 401
    for name in ("admin", "root", "sightline"):
        for password in ("admin", "root", "sightline", "", "changeme"):
            answer = empty.api.post("/login", data={"user": name, "password": password})
            assert "set-cookie" not in answer.headers
            empty.api.app.state.passwords.forgive(name, "127.0.0.1")
    assert empty.api.post("/login", data={"token": ""}).headers["location"] == "/login?wrong"


def test_the_token_makes_one_administrator_once(empty: SignInHouse) -> None:
    token, spare = empty.make_token(), empty.make_token()
    form = empty.api.get(f"/setup?token={token}")
    assert form.status_code == 200
    assert f'name="token" value="{token}"' in form.text
    made = empty.set_up(token)
    assert (made.status_code, made.headers["location"]) == (303, "/")
    headers = {"Cookie": made.headers["set-cookie"].partition(";")[0]}
    assert empty.api.get("/api/v1/me", headers=headers).json()["role"] == "admin"
    for again in (token, spare):
        answer = empty.set_up(again, user="second")
        assert (answer.status_code, "set-cookie" in answer.headers) == (303, False)
    assert [user.name for user in empty.store.users()] == ["root"]
    assert empty.api.get(f"/setup?token={spare}").headers["location"] == "/login"


@pytest.mark.parametrize(
    "changed",
    [{"password": "short", "again": "short"}, {"again": "another text here"}, {"user": ""}, {"user": "a\u202eb"},
     {"user": "x" * 150}, {"password": "aaaaaaaaaaaaaaa", "again": "aaaaaaaaaaaaaaa"}],
)  # fmt: skip
def test_a_form_that_is_wrong_is_shown_again_and_uses_nothing_up(empty: SignInHouse, changed: dict[str, str]) -> None:
    token = empty.make_token()
    answer = empty.set_up(token, **changed)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert token in answer.text
    assert changed.get("password", PASSWORD) not in answer.text
    assert empty.set_up(token).headers["location"] == "/"


def test_a_token_that_is_over_or_guessed_makes_nobody_and_guessing_is_slowed(empty: SignInHouse) -> None:
    token = empty.make_token()
    empty.stage.clock.advance(SETUP_LIFE.total_seconds())
    assert empty.set_up(token).status_code == 403
    found = [empty.set_up(f"guess-{each}-of-a-token-that-is-long").status_code for each in range(MAX_WRONG_TOKENS)]
    assert found[-1] == 429
    assert not empty.store.users()


@pytest.mark.parametrize("bad", ['"><script>', "%22%3E%3Cscript%3E", "a b"])
def test_the_address_of_the_form_puts_nothing_into_the_page(empty: SignInHouse, bad: str) -> None:
    assert 'name="token" value=""' in empty.api.get(f"/setup?token={bad}").text


def test_signing_out_ends_the_session_in_every_process_and_a_copy_of_its_cookie_too(house: SignInHouse) -> None:
    mine, others = house.sign_in(), house.sign_in(token=TOKEN)
    assert house.other.get("/api/v1/me", headers=mine).json()["name"] == "ann"
    answer = house.api.post("/logout", headers=mine)
    assert answer.headers["location"] == "/login?out"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    for process in (house.api, house.other):
        assert process.get("/api/v1/me", headers=mine).status_code == 401
        assert process.get("/api/v1/me", headers=others).status_code == 200
    assert "You are signed out" in house.api.get("/login?out").text
    assert house.api.post("/logout", headers=others).status_code == 303
    assert house.other.get("/api/v1/me", headers=others).status_code == 401


def test_a_renewed_cookie_ends_with_its_session(house: SignInHouse) -> None:
    mine = house.sign_in()
    house.stage.clock.advance(2 * 86400)
    fresh = {"Cookie": house.api.get("/api/v1/me", headers=mine).headers["set-cookie"].partition(";")[0]}
    assert fresh != mine
    house.api.post("/logout", headers=fresh)
    for cookie in (mine, fresh):
        assert house.api.get("/api/v1/me", headers=cookie).status_code == 401


def test_signing_out_while_the_store_is_away_counts_here_at_once(house: SignInHouse) -> None:
    mine = house.sign_in()
    house.store.away = True
    answer = house.api.post("/logout", headers=mine)
    assert answer.status_code == 503
    assert house.api.get("/api/v1/me", headers=mine).status_code == 401


def test_another_site_cannot_sign_anybody_in_or_out(house: SignInHouse) -> None:
    mine = house.sign_in()
    for hostile in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}):
        assert house.api.post("/logout", headers={**mine, **hostile}).status_code == 403
        assert house.api.post("/login", data={"token": TOKEN}, headers=hostile).status_code == 403
        assert house.api.post("/setup", data={"token": "x"}, headers=hostile).status_code == 403
    assert house.api.get("/api/v1/me", headers=mine).status_code == 200


def test_a_session_is_never_one_that_the_browser_brought(house: SignInHouse) -> None:
    """Session fixation: signing in gives a cookie of its own, and a planted one is worth nothing."""
    planted = {"Cookie": "sightline_session=u.YW5u.9999999999.1.0000"}
    answer = house.api.post("/login", data={"user": "ann", "password": PASSWORD}, headers=planted)
    assert "0000" not in answer.headers["set-cookie"].partition(";")[0][-4:]
    assert house.api.get("/api/v1/me", headers=planted).status_code == 401


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
@pytest.mark.parametrize("path", ["/login", "/logout", "/setup"])
def test_the_forms_take_a_form_alone(house: SignInHouse, path: str, kind: str) -> None:
    body = b'{"user": "ann", "password": "four quite plain words"}'
    answer = house.api.post(path, content=body, headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "PATCH", "get", "PROPFIND"])
def test_no_other_method_opens_anything(house: SignInHouse, method: str) -> None:
    for path in ("/api/v1/cameras", "/metrics", "/api/v1/audit", "/api/v1/cameras/gate/picture"):
        answer = house.api.send(method, path)
        assert answer.status_code in (401, 405)
        assert "gate" not in answer.text


SPELLINGS = [
    "/api/v1/%63ameras", "/API/V1/cameras", "//api/v1/cameras", "/api/v1/cameras/", "/static/%2e%2e/api",
    "/healthz/../api/v1/cameras", "/login/../metrics", "/static/..%2f..%2fmetrics", "/healthz%2f..%2fmetrics",
    "/api/v1/cameras;x=/healthz", "/api/v1/%2563ameras", "/setup/../api/v1/audit", "/logout/%2e%2e/metrics",
]  # fmt: skip


@pytest.mark.parametrize("path", SPELLINGS)
def test_no_spelling_of_an_address_opens_anything(house: SignInHouse, path: str) -> None:
    answer = house.api.get(path)
    assert answer.status_code in (303, 401, 403, 404)
    assert not re.search("gate|depot", answer.text)


def test_wrong_passwords_are_written_down_once_an_hour_and_a_typed_password_never(house: SignInHouse) -> None:
    for name in ("ann", "ann", "ann", "a password in the wrong field"):
        house.api.post("/login", data={"user": name, "password": "wrong"})
    lines = house.audit.entries()
    assert [(line.by, line.action, line.client) for line in lines] == [
        ("", "refuse sign-in", "127.0.0.1"),
        ("ann", "refuse sign-in", "127.0.0.1"),
    ]


def test_wrong_passwords_from_one_network_slow_that_network_and_not_others(house: SignInHouse) -> None:
    callers = [Caller(house.api.app, peer=f"2001:db8::{each:x}") for each in range(1, MAX_WRONG_TOKENS + 2)]
    answers = [each.post("/login", data={"user": f"u{i}", "password": "wrong"}) for i, each in enumerate(callers)]
    assert [answer.status_code for answer in answers] == [303] * MAX_WRONG_TOKENS + [429]
    other = Caller(house.api.app, peer="2001:db8:0:1::1")
    assert other.post("/login", data={"user": "ann", "password": PASSWORD}).headers["location"] == "/"
