"""A kiosk link reads the wall until it expires, and nothing else."""

from datetime import timedelta

import pytest

from api.camera_status import CameraState
from api.routes.live_events import only_site, read_page_state
from api.security.accounts import Accounts
from api.security.kiosk import KioskLink, make_kiosk_key, parse_kiosk_key
from api.security.passwords import key_digest
from domain.access import AccessScope, ApiKey, User, UserRole
from domain.cameras import Camera
from tests.fakes.access import FakeAccessStore
from tests.fakes.ports import START
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict

TOKEN = "a hunter2 token, long"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def locked(stage: SampleCameras) -> Caller:
    stage.healthy(Camera("gate", "rtsp://h/1", site="North"))
    stage.failing(Camera("yard", "rtsp://h/1", site="South"), blur_verdict())
    return Caller(make_app(stage, token=TOKEN), base_url="http://cameras.example")


def cookie_of(locked: Caller, **wish: object) -> dict[str, str]:
    made = locked.post("/api/v1/kiosk-links", json=wish, headers=BEARER)
    assert made.status_code == 200
    path = made.json()["path"]
    assert TOKEN not in path
    answer = locked.get(path)
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert "key=" not in answer.text
    return {"Cookie": cookie.split(";")[0]}


def test_a_link_opens_the_wall(locked: Caller) -> None:
    cookie = cookie_of(locked)
    assert locked.get("/kiosk", headers=cookie).status_code == 200
    assert locked.get("/static/views/kiosk.js", headers=cookie).status_code == 200
    assert locked.get("/api/v1/metrics", headers=cookie).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/cameras"),
        ("GET", "/api/v1/cameras/gate"),
        ("GET", "/api/v1/cameras/gate/picture"),
        ("GET", "/api/v1/cameras/gate/scores"),
        ("GET", "/api/v1/incidents"),
        ("GET", "/api/v1/reports"),
        ("GET", "/api/v1/openapi.json"),
        ("GET", "/metrics"),
        ("GET", "/readyz"),
        ("POST", "/api/v1/kiosk-links"),
        ("POST", "/api/v1/incidents/yard/blur/1/acknowledge"),
        ("POST", "/api/v1/live"),
        ("DELETE", "/api/v1/cameras/gate"),
        ("GET", "/static/../api/v1/cameras"),
    ],
)
def test_and_nothing_but_the_wall(locked: Caller, method: str, path: str) -> None:
    answer = locked.send(method, path, headers=cookie_of(locked))
    assert answer.status_code in (401, 404), answer.text
    assert "gate" not in answer.text


@pytest.mark.parametrize("path", ["/", "/cameras/gate", "/incidents", "/reports"])
def test_the_other_views_ask_for_the_token(locked: Caller, path: str) -> None:
    answer = locked.get(path, headers=cookie_of(locked))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")


def test_a_link_expires(locked: Caller, stage: SampleCameras) -> None:
    made = locked.post("/api/v1/kiosk-links", json={"hours": 2}, headers=BEARER).json()["path"]
    cookie = cookie_of(locked, hours=2)
    stage.clock.advance(2 * 3600 - 1)
    assert locked.get("/kiosk", headers=cookie).status_code == 200
    stage.clock.advance(1)
    assert locked.get("/kiosk", headers=cookie).headers["location"].startswith("/login")
    assert locked.get("/api/v1/metrics", headers=cookie).status_code == 401
    over = locked.get(made)
    assert (over.status_code, over.json()["error"]) == (401, "this link is over or damaged; ask for a new one")
    assert "set-cookie" not in over.headers


def test_a_new_token_ends_every_link(locked: Caller, stage: SampleCameras) -> None:
    cookie = cookie_of(locked)
    renewed = Caller(make_app(stage, token="another hunter2 token"), base_url="http://cameras.example")
    assert renewed.get("/api/v1/metrics", headers=cookie).status_code == 401


def test_a_forged_or_damaged_key_opens_nothing() -> None:
    good = make_kiosk_key(TOKEN, KioskLink(START + timedelta(hours=1), "North"))
    assert parse_kiosk_key(good, TOKEN, START) == KioskLink(START + timedelta(hours=1), "North")
    until, site, signature = good.split(".")
    later = str(int(until) + 9999)
    other = make_kiosk_key("x" * 20, KioskLink(START + timedelta(hours=1), "North"))
    bad = [
        f"{later}.{site}.{signature}",
        f"{until}..{signature}",
        f"{until}.{site}.",
        f"{until}.{site}",
        other,
        "",
        "..",
    ]
    bad += [f"{good}x", "9" * 2000, f"-1.{site}.{signature}", f"\u0663{good}"]
    assert [key for key in bad if parse_kiosk_key(key, TOKEN, START) is not None] == []


def test_a_session_key_is_no_kiosk_key_and_the_reverse(locked: Caller) -> None:
    key = cookie_of(locked)["Cookie"].partition("=")[2]
    assert locked.get("/api/v1/cameras", headers={"Cookie": f"sightline_session={key}"}).status_code == 401


def test_a_link_of_one_site_shows_no_other(locked: Caller, stage: SampleCameras) -> None:
    everything = read_page_state(locked.app.state.backend)
    north = only_site(everything, "North")
    assert [camera.name for camera in north.cameras] == ["gate"]
    assert (north.counts[CameraState.OK], north.counts[CameraState.FAULT]) == (1, 0)
    assert north.incidents == []
    assert set(north.hashes) == {"gate"}
    assert len(everything.incidents or ()) == 1
    assert only_site(everything, None) is everything


def test_a_link_of_an_unknown_site_or_without_a_token_is_refused(locked: Caller, api: Caller) -> None:
    unknown = locked.post("/api/v1/kiosk-links", json={"site": "West"}, headers=BEARER)
    assert unknown.status_code == 404
    assert api.post("/api/v1/kiosk-links", json={}).status_code == 409
    assert locked.post("/api/v1/kiosk-links", json={"hours": 0}, headers=BEARER).status_code == 422
    assert locked.post("/api/v1/kiosk-links", json={}).status_code == 401


@pytest.fixture
def listed(stage: SampleCameras) -> Caller:
    """Two sites, users, no token."""
    for name, site in (("gate", "North"), ("yard", "South")):
        stage.healthy(Camera(name, "rtsp://h/1", site=site))
    store, now = FakeAccessStore(User("root", UserRole.ADMIN, "$argon2id$")), stage.clock.now()
    for name, scope in (("all", AccessScope()), ("north", AccessScope(sites=frozenset({"North"})))):
        key = ApiKey(name, name, UserRole.OPERATOR, key_digest("secret"), now + timedelta(days=400), scope)
        store.add_key(key, by="root", at=now)
    accounts = Accounts(store, now=stage.clock.now, max_age_s=0)
    return Caller(make_app(stage, accounts=accounts), base_url="http://cameras.example")


def as_key(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer sl_{name}_secret"}


def test_a_link_is_listed_without_its_key_and_ends_at_once(listed: Caller, stage: SampleCameras) -> None:
    made = listed.post("/api/v1/kiosk-links", json={"site": "North"}, headers=as_key("all")).json()
    cookie = {"Cookie": listed.get(made["path"]).headers["set-cookie"].partition(";")[0]}
    assert listed.get("/api/v1/metrics", headers=cookie).status_code == 200
    answer = listed.get("/api/v1/kiosk-links", headers=as_key("all"))
    assert [(each["id"], each["by"], each["site"]) for each in answer.json()] == [(made["id"], "all", "North")]
    assert made["path"].partition("key=")[2] not in answer.text
    ended = listed.post(f"/api/v1/kiosk-links/{made['id']}/end", headers=as_key("north"))
    assert ended.status_code == 200
    assert listed.get("/api/v1/metrics", headers=cookie).status_code == 401
    assert listed.get(made["path"]).status_code == 401
    assert listed.get("/api/v1/kiosk-links", headers=as_key("all")).json() == []
    assert listed.post(f"/api/v1/kiosk-links/{made['id']}/end", headers=as_key("all")).status_code == 404


def test_links_of_other_sites_are_not_there_for_whoever_may_not_see_these(listed: Caller, stage: SampleCameras) -> None:
    ids = [
        listed.post("/api/v1/kiosk-links", json={"site": site}, headers=as_key("all")).json()["id"]
        for site in ("South", None)
    ]
    assert listed.get("/api/v1/kiosk-links", headers=as_key("north")).json() == []
    for link_id in (*ids, "no-such-link"):
        answer = listed.post(f"/api/v1/kiosk-links/{link_id}/end", headers=as_key("north"))
        assert (answer.status_code, answer.json()["error"]) == (404, "there is no such link, or it is over")
    stage.clock.advance(7 * 86400 + 1)
    assert listed.get("/api/v1/kiosk-links", headers=as_key("all")).json() == []
