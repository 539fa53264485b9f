"""People whom a reverse proxy signed in: believed from listed addresses alone, refused from anywhere else."""

import pytest

from api.security.accounts import Accounts, SignInPolicy
from api.security.client_address import parse_networks
from api.security.group_rules import GroupRule
from api.security.proxy_sign_in import ProxySignIn, ProxyUser, proxy_user
from domain.access import AccessScope, User, UserRole
from domain.cameras import Camera
from tests.fakes.access import FakeAccessStore, FakeAuditStore
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras

PROXY, STRANGER = "10.0.0.5", "198.51.100.7"
POLICY = ProxySignIn(parse_networks([PROXY, "fd00::/64"]), "x-remote-user", "x-remote-groups")
RULES = (
    GroupRule("guards", UserRole.OPERATOR, AccessScope(sites=frozenset({"depot"}))),
    GroupRule("boss", UserRole.ADMIN),
)
ANN = {"X-Remote-User": "ann", "X-Remote-Groups": "x, guards"}


@pytest.fixture
def store() -> FakeAccessStore:
    return FakeAccessStore()


@pytest.fixture
def house(stage: SampleCameras, store: FakeAccessStore) -> Caller:
    stage.healthy(Camera("gate", "rtsp://h/1", "depot"))
    stage.healthy(Camera("vault", "rtsp://h/2", "north"))
    accounts = Accounts(store, policy=SignInPolicy(rules=RULES, proxy=POLICY), now=stage.clock.now, max_age_s=0)
    app = make_app(stage, accounts=accounts, audit=FakeAuditStore(), trusted_proxies=[PROXY])
    return Caller(app, base_url="http://cameras.example", peer=PROXY)


def test_a_listed_proxy_names_who_asks_and_the_group_decides(house: Caller) -> None:
    assert house.get("/api/v1/me", headers=ANN).json() == {
        "name": "ann", "role": "operator", "sites": ["depot"], "cameras": [], "via": "proxy", "signed_in": False,
    }  # fmt: skip
    assert [each["name"] for each in house.get("/api/v1/cameras", headers=ANN).json()["cameras"]] == ["gate"]
    boss = {"X-Remote-User": "bob", "X-Remote-Groups": "boss"}
    assert len(house.get("/api/v1/cameras", headers=boss).json()["cameras"]) == 2


FORGED = [
    ANN,
    {"X-Remote-User": "ann"},
    {"X-Remote-Groups": "boss"},
    {"x_remote_user": "ann"},
    {**ANN, "X-Forwarded-For": PROXY},
    {**ANN, "X-Forwarded-For": f"{PROXY}, {PROXY}", "Forwarded": f"for={PROXY}"},
    {**ANN, "X-Real-IP": PROXY},
]


@pytest.mark.parametrize("headers", FORGED)
@pytest.mark.parametrize("path", ["/api/v1/cameras", "/metrics", "/", "/api/v1/live", "/login", "/static/app.js"])
def test_a_forged_header_from_an_address_that_is_not_listed_is_refused(
    house: Caller, headers: dict[str, str], path: str
) -> None:
    stranger = Caller(house.app, base_url="http://cameras.example", peer=STRANGER)
    answer = stranger.get(path, headers=headers)
    assert answer.status_code == 403
    assert "listed proxies alone" in answer.json()["error"]


def test_a_client_behind_the_proxy_cannot_bring_a_header_of_its_own(house: Caller) -> None:
    headers = [("X-Remote-User", "ann"), ("X-Remote-Groups", "guards"), ("X_Remote_Groups", "boss")]
    assert house.get("/api/v1/cameras", headers=headers).status_code == 403
    twice = [("X-Remote-User", "ann"), ("X-Remote-User", "bob"), ("X-Remote-Groups", "boss")]
    assert house.get("/api/v1/cameras", headers=twice).status_code == 403


@pytest.mark.parametrize("groups", ["", "Guards", "guardsx", "*", "x" * 9000, ",,,", "guards;boss"])
def test_who_is_in_no_group_of_the_settings_is_refused(house: Caller, groups: str) -> None:
    answer = house.get("/api/v1/cameras", headers={"X-Remote-User": "ann", "X-Remote-Groups": groups})
    assert answer.status_code == 403
    assert "administrator" in answer.json()["error"]


def test_without_the_header_everybody_must_sign_in(house: Caller) -> None:
    assert house.get("/api/v1/cameras").status_code == 401
    assert house.get("/api/v1/cameras", headers={"X-Remote-User": "", "X-Remote-Groups": "boss"}).status_code == 401


def test_nobody_takes_the_name_of_a_user_who_is_kept_here(
    house: Caller, store: FakeAccessStore, stage: SampleCameras
) -> None:
    store.add_user(User("ann", UserRole.ADMIN, "$argon2id$"), by="root", at=stage.clock.now())
    assert house.get("/api/v1/cameras", headers=ANN).status_code == 403


def test_another_site_cannot_act_through_the_proxy(house: Caller) -> None:
    hostile = {**ANN, "Origin": "http://evil.example"}
    assert house.post("/api/v1/cameras/gate/accept", json={}, headers=hostile).status_code == 403


@pytest.mark.parametrize("name", ["a\u202eb", "a\u200bb", "x" * 101])
def test_a_name_that_could_deceive_is_refused(name: str) -> None:
    assert isinstance(proxy_user(PROXY, [(b"x-remote-user", name.encode())], POLICY), str)


@pytest.mark.parametrize(("peer", "known"), [(PROXY, True), ("::ffff:10.0.0.5", True), ("fd00::9", True), ("", False)])
def test_the_other_end_of_the_connection_decides(peer: str, known: bool) -> None:
    found = proxy_user(peer, [(b"x-remote-user", "Zoë".encode())], POLICY)
    assert found == ProxyUser("Zoë") if known else isinstance(found, str)
