"""Signing in through a real issuer over HTTP: who is let in, and every answer that is not."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from joserfc.jwk import RSAKey

from api.security.accounts import Accounts, SignInPolicy
from api.security.group_rules import GroupRule
from domain.access import AccessScope, User, UserRole
from domain.cameras import Camera
from sightline.config.access_settings import OidcSettings
from sightline.config.sections import ApiSettings, find_api_conflicts
from sightline.services.oidc_sign_on import OidcSignOn
from tests.fakes.access import FakeAccessStore, FakeAuditStore
from tests.fakes.oidc_issuer import CLIENT, SECRET, Issuer, serve_issuer
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras

BASE = "http://cameras.example"
RULES = (
    GroupRule("guards", UserRole.OPERATOR, AccessScope(sites=frozenset({"depot"}))),
    GroupRule("staff", UserRole.VIEWER),
)


class SignOnHouse:
    """Sightline with an issuer beside it."""

    def __init__(self, issuer: Issuer, stage: SampleCameras) -> None:
        stage.healthy(Camera("gate", "rtsp://h/1", "depot"))
        stage.healthy(Camera("vault", "rtsp://h/2", "north"))
        self.issuer, self.stage, self.seconds = issuer, stage, [0.0]
        self.store, self.audit = FakeAccessStore(), FakeAuditStore()
        settings = OidcSettings(issuer=issuer.address, client_id=CLIENT, secret=SECRET)
        service = OidcSignOn(settings, f"{BASE}/login/sso/return", seconds=lambda: self.seconds[0])
        policy = SignInPolicy(rules=RULES, other_service=True)
        accounts = Accounts(self.store, policy=policy, now=stage.clock.now, max_age_s=0)
        self.api = Caller(make_app(stage, accounts=accounts, audit=self.audit, sign_on=service), base_url=BASE)

    def begin(self, query: str = "") -> tuple[str, dict[str, str]]:
        answer = self.api.get(f"/login/sso{query}")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"], {"Cookie": answer.headers["set-cookie"].partition(";")[0]}

    def come_back(self, address: str, cookie: dict[str, str], **headers: str) -> Any:
        parts = urlsplit(address)
        return self.api.get(f"{parts.path}?{parts.query}", headers={**cookie, **headers})

    def sign_in(self, query: str = "") -> Any:
        url, cookie = self.begin(query)
        return self.come_back(self.issuer.authorize(url), cookie)


def session(answer: Any) -> dict[str, str]:
    first = answer.headers.get_list("set-cookie")[0]
    assert first.startswith("sightline_session=o."), answer.text
    return {"Cookie": first.partition(";")[0]}


@pytest.fixture
def stage() -> SampleCameras:
    return SampleCameras()


@pytest.fixture
def house(stage: SampleCameras) -> Iterator[SignOnHouse]:
    with serve_issuer(Issuer(), lambda: stage.clock.now().timestamp()) as issuer:
        yield SignOnHouse(issuer, stage)


def test_somebody_whom_the_service_signs_in_gets_the_role_and_the_cameras_of_the_group(house: SignOnHouse) -> None:
    answer = house.sign_in("?next=/cameras/gate")
    assert 'content="0; url=/cameras/gate"' in answer.text
    cookies = answer.headers.get_list("set-cookie")
    assert all("HttpOnly" in each for each in cookies)
    assert "SameSite=strict" in cookies[0]
    headers = session(answer)
    me = house.api.get("/api/v1/me", headers=headers).json()
    expected = {"name": "ann", "role": "operator", "sites": ["depot"], "cameras": [], "via": "single sign-on"}
    assert me == {**expected, "signed_in": True}
    assert [each["name"] for each in house.api.get("/api/v1/cameras", headers=headers).json()["cameras"]] == ["gate"]
    line = house.audit.entries()[0]
    assert (line.by, line.action, line.via) == ("ann", "sign in", "single sign-on")


def test_the_request_holds_challenge_state_and_nonce_and_the_browser_no_secret_of_them(house: SignOnHouse) -> None:
    url, cookie = house.begin()
    house.issuer.authorize(url)
    asked = house.issuer.asked[-1]
    assert asked["redirect_uri"] == f"{BASE}/login/sso/return"
    assert asked["scope"].split()[0] == "openid"
    assert len(asked["code_challenge"]) == 43
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert asked["nonce"] not in cookie["Cookie"]
    again = house.begin()
    assert asked["state"] not in again[0]


WRONG: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "another client"},
    "two audiences and no party": {"aud": [CLIENT, "other"]},
    "another party": {"aud": [CLIENT, "other"], "azp": "other"},
    "no audience": {"aud": None},
    "over": {"exp": 1},
    "no end": {"exp": None},
    "of tomorrow": {"iat": 1 << 40},
    "not yet": {"nbf": 1 << 40},
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "no subject": {"sub": None},
    "no name": {"preferred_username": None},
    "a name that is none": {"preferred_username": ["ann"]},
    "a name that hides": {"preferred_username": "an\u202en"},
    "a name without end": {"preferred_username": "a" * 200},
    "no group with a rule": {"groups": ["visitors"]},
    "groups that are no list": {"groups": {"guards": True}},
    "another spelling of the group": {"groups": ["Guards", "guards "]},
}


@pytest.mark.parametrize("reason", WRONG)
def test_an_answer_that_is_wrong_in_one_claim_lets_nobody_in(house: SignOnHouse, reason: str) -> None:
    house.issuer.claims = WRONG[reason]
    answer = house.sign_in()
    assert answer.status_code == 403
    assert not any("sightline_session" in each for each in answer.headers.get_list("set-cookie"))
    assert 'role="alert"' in answer.text
    assert house.audit.entries()[0].action == "refuse sign-in"


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_a_signature_that_anybody_could_make_is_refused(house: SignOnHouse, alg: str) -> None:
    house.issuer.alg = alg
    assert house.sign_in().status_code == 403


def test_a_foreign_key_is_refused_and_a_new_key_of_the_service_is_taken(house: SignOnHouse) -> None:
    assert session(house.sign_in())
    house.issuer.key = RSAKey.generate_key(2048, {"kid": "two"}, auto_kid=False)
    assert house.sign_in().status_code == 403
    house.issuer.published = [house.issuer.key]
    house.seconds[0] += 61
    assert session(house.sign_in())


def test_the_browser_that_began_is_the_one_that_ends(house: SignOnHouse) -> None:
    url, cookie = house.begin()
    back = house.issuer.authorize(url)
    other_url, other = house.begin()
    for headers in ({}, other, {"Cookie": "sightline_sign_on=a.1.b.c"}, {"Cookie": cookie["Cookie"] + "x"}):
        assert house.come_back(back, headers).status_code == 400
    assert house.come_back(back.replace("state=", "state=x"), cookie).status_code == 400
    assert house.come_back(house.issuer.authorize(other_url).replace("code-2", "code-1"), other).status_code == 403
    house.stage.clock.advance(601)
    assert house.come_back(back, cookie).status_code == 400


def test_a_code_counts_once(house: SignOnHouse) -> None:
    url, cookie = house.begin()
    back = house.issuer.authorize(url)
    assert session(house.come_back(back, cookie))
    assert house.come_back(back, cookie).status_code == 403


def test_the_way_back_by_a_link_of_the_service_is_let_through(house: SignOnHouse) -> None:
    url, cookie = house.begin()
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert session(house.come_back(house.issuer.authorize(url), cookie, **followed))


def test_who_declines_gets_an_answer_that_says_so(house: SignOnHouse) -> None:
    url, cookie = house.begin()
    state = house.issuer.authorize(url).rpartition("state=")[2]
    answer = house.come_back(f"{BASE}/login/sso/return?error=access_denied&state={state}", cookie)
    assert (answer.status_code, "did not sign you in" in answer.text) == (403, True)


def test_a_session_ends_after_twelve_hours_by_signing_out_and_when_the_rules_change(house: SignOnHouse) -> None:
    headers = session(house.sign_in())
    house.stage.clock.advance(12 * 3600 - 1)
    assert house.api.get("/api/v1/me", headers=headers).status_code == 200
    house.stage.clock.advance(1)
    assert house.api.get("/api/v1/me", headers=headers).status_code == 401
    headers = session(house.sign_in())
    house.api.post("/logout", headers=headers)
    assert house.api.get("/api/v1/me", headers=headers).status_code == 401
    headers = session(house.sign_in())
    house.api.app.state.accounts.policy = SignInPolicy(rules=RULES[1:], other_service=True)
    assert house.api.get("/api/v1/me", headers=headers).status_code == 401


def test_nobody_takes_the_name_of_a_user_who_is_kept_here(house: SignOnHouse) -> None:
    house.store.add_user(User("ann", UserRole.ADMIN, "$argon2id$"), by="root", at=house.stage.clock.now())
    answer = house.sign_in()
    assert answer.status_code == 403
    assert "is kept here too" in answer.text


def test_a_service_that_is_away_is_one_sentence_and_the_form_stays(stage: SampleCameras) -> None:
    issuer = Issuer()
    with serve_issuer(issuer, lambda: stage.clock.now().timestamp()):
        house = SignOnHouse(issuer, stage)
        url, cookie = house.begin()
        back = house.issuer.authorize(url)
    answer = house.come_back(back, cookie)
    assert answer.status_code == 503
    fresh = SignOnHouse(issuer, SampleCameras()).api.get("/login/sso")
    assert fresh.status_code == 503
    for text in (answer.text, fresh.text):
        assert "the sign-in service at 127.0.0.1 does not answer; try again in a minute" in text
        assert 'name="password"' in text
        assert SECRET not in text
    with serve_issuer(issuer, lambda: stage.clock.now().timestamp(), int(issuer.address.rpartition(":")[2])):
        assert session(house.sign_in())


@pytest.mark.parametrize("what", ["name", "endpoint", "garbage"])
def test_what_the_service_says_of_itself_must_be_right(house: SignOnHouse, what: str) -> None:
    if what == "name":
        house.issuer.named_issuer = "https://evil.example"
    else:
        wrong = {"token_endpoint": "http://evil.example/token"} if what == "endpoint" else {"jwks_uri": 7}
        good = house.issuer.discovery()
        house.issuer.discovery = lambda: {**good, **wrong}  # type: ignore[method-assign]
    answer = house.api.get("/login/sso")
    assert answer.status_code == 503
    assert "administrator" in answer.text or "makers" in answer.text


def test_without_the_service_there_is_no_way_to_it(stage: SampleCameras) -> None:
    api = Caller(make_app(stage, token="a long token for these tests"))
    assert api.get("/login/sso").status_code == 404
    assert api.get("/login/sso/return?code=1&state=2").status_code == 404
    assert "Sign in with" not in api.get("/login").text


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"public_url": ""}, "api.public_url"),
        ({"issuer": "http://login.example"}, "api.sign_in.oidc.issuer"),
        ({"scopes": ["profile"]}, "api.sign_in.oidc.scopes"),
        ({"groups": []}, "api.sign_in.groups"),
    ],
)
def test_settings_that_would_let_strangers_in_are_refused(changed: dict[str, Any], path: str) -> None:
    values: dict[str, Any] = {
        "public_url": BASE, "issuer": "https://login.example", "scopes": ["openid"],
        "groups": [{"group": "*", "role": "viewer"}], **changed,
    }  # fmt: skip
    oidc = {"issuer": values["issuer"], "client_id": CLIENT, "scopes": values["scopes"]}
    settings = ApiSettings.model_validate_json(
        json.dumps({"public_url": values["public_url"], "sign_in": {"oidc": oidc, "groups": values["groups"]}})
    )
    found = list(find_api_conflicts(settings))
    assert [line.partition(":")[0] for line in found] == [path]
