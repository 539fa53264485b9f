"""Every endpoint, every role, every scope: what each may do, generated from the routes themselves."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import Any

import httpx
import pytest

from api.backend import Shadow
from api.routes.live_events import only_visible, read_page_state
from api.scoped_backend import scope_backend
from api.security.accounts import Accounts
from api.security.passwords import make_key_text
from api.security.permissions import ENDPOINT_RULES, EndpointRule
from domain.access import EVERY_CAMERA, AccessScope, ApiKey, User, UserRole
from domain.alerts import NotificationKind
from domain.cameras import Camera
from domain.messages import BatchResult
from domain.report_files import ReportFile, ReportFormat, ReportRequest
from domain.shadow import ShadowMessage, ShadowScope
from domain.verdict_time import MaintenanceWindow
from sightline.services.maintenance_planner import StoredMaintenancePlanner
from tests.fakes.access import FakeAccessStore, FakeAuditStore
from tests.fakes.quiet_times import FakeQuietTimeStore
from tests.unit.api.conftest import Caller, make_app, serve_app
from tests.unit.api.routes.test_quiet_times import WindowTable
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict

TOKEN = "a long token for these tests"
MINE, FOREIGN, GONE = "gate", "vault-cam", "no-such-cam"
SCOPES = {
    "all": AccessScope(),
    "site": AccessScope(sites=frozenset({"depot"})),
    "camera": AccessScope(cameras=frozenset({MINE})),
}
NAMES = (FOREIGN, "vault-site")


@dataclass
class House:
    """Two sites behind users' keys: what belongs to 'depot' may be seen, what belongs to 'vault-site' may not."""

    api: Caller
    keys: dict[tuple[UserRole, str], str]
    incidents: dict[str, str]

    def send(self, key: str, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"}
        return self.api.send(method, path, headers=headers, **options)


class SiteReports:
    """Makes a report that names what was asked for."""

    def make(self, request: ReportRequest, form: ReportFormat) -> ReportFile:
        return ReportFile("report.json", form, b'{"asked": true}')


class Log:
    """A shadow log that is only read."""

    def __init__(self, *messages: ShadowMessage) -> None:
        self._messages = messages

    def record(self, message: ShadowMessage) -> None:
        raise NotImplementedError

    def holds(self, incident_id: str, receiver: str) -> bool:
        raise NotImplementedError

    def was_notified(self, incident_id: str, receiver: str) -> bool:
        raise NotImplementedError

    def messages(
        self, since: object, until: object, *, limit: int = 10, scope: AccessScope = EVERY_CAMERA
    ) -> tuple[ShadowMessage, ...]:
        return self._messages[:limit]


class Receivers:
    def names(self) -> list[str]:
        return ["mail"]

    def send_test(self, name: str) -> str:
        return "250 ok"


def make_house() -> House:
    stage = SampleCameras()
    found = {
        name: stage.failing(Camera(name, f"rtsp://10.0.0.1/{name}", site), blur_verdict())
        for name, site in ((MINE, "depot"), (FOREIGN, "vault-site"))
    }
    for name in found:
        stage.streams.edit_camera(name, lambda camera: camera, by="test", at=stage.clock.now())
    now = stage.clock.now()
    store, keys = FakeAccessStore(), {}
    for role in UserRole:
        for scope, chosen in SCOPES.items():
            key_id, text, digest = make_key_text()
            key = ApiKey(key_id, f"{role}-{scope}", role, digest, now + timedelta(days=1), chosen)
            store.add_key(key, by="test", at=now)
            keys[role, scope] = text
    store.add_user(User("root", UserRole.ADMIN, "$argon2id$"), by="test", at=now)
    quiet = FakeQuietTimeStore()
    for name, site in ((MINE, "depot"), (FOREIGN, "vault-site")):
        at = now + timedelta(hours=1)
        window = MaintenanceWindow(f"w-{name}", now, at, camera=name, reason=f"at {site}", by="ann")
        quiet.by_id[window.window_id] = window
    desk = StoredMaintenancePlanner(WindowTable(quiet), quiet, stage.clock, lambda _: UTC)  # type: ignore[arg-type]
    log = Log(*(ShadowMessage(n, "mail", NotificationKind.FIRING, each, now) for n, each in found.items()))
    app = make_app(
        stage,
        token=TOKEN,
        accounts=Accounts(store),
        reports=SiteReports(),
        quiet_times=desk,
        receivers=Receivers(),
        shadow=Shadow(ShadowScope(sites=frozenset({"depot", "vault-site"})), log),
        metrics=lambda: {"frames_scored_total": 2.0},
        audit=FakeAuditStore(stage.streams),
    )
    return House(Caller(app), keys, {name: each.incident_id for name, each in found.items()})


@pytest.fixture(scope="module")
def house() -> House:
    return make_house()


def endpoints() -> list[str]:
    return list(make_house().api.app.state.endpoints.keys)


def rule(endpoint: str) -> EndpointRule:
    return ENDPOINT_RULES[endpoint]


def path_of(template: str, camera: str, incident: str) -> str:
    filled = template.replace("{name}", "mail" if "receivers" in template else camera)
    filled = filled.replace("{incident_id:path}", incident).replace("{rest:path}", "x")
    filled = filled.replace("{window_id}", f"w-{camera}").replace("{snooze_id}", f"s-{camera}")
    return re.sub(r"\{[^}]*\}", "999999", filled) + ("/app.js" if template == "/static" else "")


def send_to(house: House, key: str, endpoint: str, camera: str) -> httpx.Response:
    """Call an endpoint with the least that it takes; a body that changes nothing where it may be refused later."""
    method, _, template = endpoint.partition(" ")
    path = path_of(template, camera, house.incidents.get(camera, f"{camera}/blur/1"))
    query = {"metric": "luma_mean"} if template.endswith("/scores") else None
    query = {"camera": camera} if template == "/api/v1/reports" else query
    query = {"format": "json"} if template == "/api/v1/audit/export" else query
    body = {"json": {"by": "x", "nonsense": 1}} if method in ("POST", "PATCH") else {}
    return house.send(key, method, path, params=query, **body)


STREAM = "GET /api/v1/live"
CHECKED = [each for each in ENDPOINT_RULES if each != STREAM]
CELLS = [(endpoint, role, scope) for endpoint in CHECKED for role in UserRole for scope in SCOPES]


def test_every_endpoint_has_a_rule_and_every_rule_an_endpoint() -> None:
    assert sorted(endpoints()) == sorted(ENDPOINT_RULES)


def test_the_published_schema_has_no_endpoint_without_a_rule(house: House) -> None:
    published = house.api.app.openapi()["paths"]
    named = {f"{method.upper()} {path}" for path, methods in published.items() for method in methods}
    assert named <= {re.sub(r":path\}", "}", each) for each in ENDPOINT_RULES}


@pytest.mark.parametrize(("endpoint", "role", "scope"), CELLS)
def test_each_role_may_do_what_the_table_says(house: House, endpoint: str, role: UserRole, scope: str) -> None:
    wanted = rule(endpoint)
    allowed = role.covers(wanted.role) and (scope == "all" or not wanted.whole)
    answer = send_to(house, house.keys[role, scope], endpoint, MINE)
    assert (answer.status_code != 403) == allowed, answer.text
    assert answer.status_code < 500 or endpoint == "GET /readyz"


@pytest.mark.parametrize(("endpoint", "role", "scope"), [cell for cell in CELLS if cell[2] != "all"])
def test_a_foreign_camera_answers_as_a_missing_one(house: House, endpoint: str, role: UserRole, scope: str) -> None:
    if "{" not in endpoint and endpoint != "GET /api/v1/reports":
        answer = send_to(house, house.keys[role, scope], endpoint, MINE)
        assert not any(name in answer.text for name in NAMES)
        return
    foreign, missing = (send_to(house, house.keys[role, scope], endpoint, each) for each in (FOREIGN, GONE))
    assert foreign.status_code == missing.status_code
    assert foreign.text.replace(FOREIGN, GONE) == missing.text


@pytest.mark.parametrize("endpoint", CHECKED)
def test_nobody_is_let_in_without_a_sign(house: House, endpoint: str) -> None:
    method, _, template = endpoint.partition(" ")
    answer = house.api.send(method, path_of(template, MINE, house.incidents[MINE]))
    open_to_all = template in ("/healthz", "/login", "/login/sso", "/login/sso/return", "/logout", "/setup")
    led_to_login = answer.status_code == 303 and answer.headers["location"].startswith("/login")
    assert open_to_all or led_to_login or answer.status_code == 401


def test_the_token_may_do_everything(house: House) -> None:
    for endpoint in ENDPOINT_RULES:
        if endpoint != STREAM:
            assert send_to(house, TOKEN, endpoint, GONE).status_code not in (401, 403)


WRITES = [
    ("POST", "/api/v1/incidents/{incident}/acknowledge", {}),
    ("POST", "/api/v1/incidents/{incident}/assign", {"to": "bob"}),
    ("POST", "/api/v1/incidents/{incident}/comment", {"note": "seen"}),
    ("POST", "/api/v1/incidents/{incident}/answer", {"answer": "new-normal"}),
    ("POST", "/api/v1/incidents/{incident}/snooze", {"hours": 1}),
    ("POST", "/api/v1/cameras/{camera}/accept", {}),
    ("POST", "/api/v1/cameras/{camera}/maintenance", {"hours": 1}),
    ("POST", "/api/v1/maintenance/w-{camera}/end", {}),
    ("PATCH", "/api/v1/cameras/{camera}", {"group": "lobby"}),
    ("POST", "/api/v1/cameras/{camera}/remove", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
@pytest.mark.parametrize("scope", ["site", "camera"])
def test_a_complete_request_changes_ones_own_and_never_a_foreign_one(
    method: str, path: str, body: dict[str, Any], scope: str
) -> None:
    house = make_house()
    key = house.keys[UserRole.ADMIN, scope]
    before = house.send(TOKEN, "GET", f"/api/v1/cameras/{FOREIGN}/settings").json()
    answers = {}
    for camera in (FOREIGN, GONE, MINE):
        incident = house.incidents.get(camera, f"{camera}/blur/1")
        answers[camera] = house.send(key, method, path.format(camera=camera, incident=incident), json=body)
    assert answers[FOREIGN].status_code == answers[GONE].status_code == 404
    assert answers[FOREIGN].text.replace(FOREIGN, GONE) == answers[GONE].text
    assert answers[MINE].status_code < 300, answers[MINE].text
    assert house.send(TOKEN, "GET", f"/api/v1/cameras/{FOREIGN}/settings").json() == before
    assert house.send(TOKEN, "GET", f"/api/v1/incidents/{house.incidents[FOREIGN]}/log").json() == []


@pytest.mark.parametrize("scope", ["site", "camera"])
def test_counts_never_include_a_foreign_camera(house: House, scope: str) -> None:
    key = house.keys[UserRole.VIEWER, scope]
    cameras = house.send(key, "GET", "/api/v1/cameras").json()
    assert sum(cameras["counts"].values()) == len(cameras["cameras"]) == 1
    metrics = house.send(key, "GET", "/metrics").text
    assert "sightline_cameras 1.0" in metrics
    assert 'sightline_incidents_open{acknowledged="no",severity="warning"} 1.0' in metrics
    assert "frames_scored" not in metrics
    assert len(house.send(key, "GET", "/api/v1/incidents").json()["incidents"]) == 1
    precision = house.send(key, "GET", "/api/v1/alarm-precision").json()
    assert (precision["answered"], precision["unanswered"]) == (0, 1)
    assert sum(each["messages"] for each in house.send(key, "GET", "/api/v1/shadow").json()["faults"]) == 1


def test_a_camera_cannot_be_moved_out_of_ones_own_site(house: House) -> None:
    path = f"/api/v1/cameras/{MINE}"
    moved = house.send(house.keys[UserRole.ADMIN, "site"], "PATCH", path, json={"site": "vault-site"})
    assert moved.status_code == 422
    assert "your account" in moved.json()["error"]


def test_a_kiosk_link_shows_no_more_than_its_maker_sees(house: House) -> None:
    key = house.keys[UserRole.OPERATOR, "site"]
    asked = {each: house.send(key, "POST", "/api/v1/kiosk-links", json={"site": each}).status_code for each in NAMES}
    assert set(asked.values()) == {404}
    assert house.send(key, "POST", "/api/v1/kiosk-links", json={}).status_code == 403
    assert house.send(key, "POST", "/api/v1/kiosk-links", json={"site": "depot"}).status_code == 200
    of_camera = house.keys[UserRole.OPERATOR, "camera"]
    assert house.send(of_camera, "POST", "/api/v1/kiosk-links", json={"site": "depot"}).status_code == 404


def test_the_name_of_the_key_stands_in_the_log_whatever_the_body_says() -> None:
    house = make_house()
    incident = house.incidents[MINE]
    body = {"by": "somebody else", "note": "seen"}
    house.send(house.keys[UserRole.OPERATOR, "site"], "POST", f"/api/v1/incidents/{incident}/comment", json=body)
    house.send(TOKEN, "POST", f"/api/v1/incidents/{incident}/comment", json=body)
    log = house.send(TOKEN, "GET", f"/api/v1/incidents/{incident}/log").json()
    assert [entry["by"] for entry in log] == ["operator-site", "somebody else"]


@pytest.mark.parametrize("scope", ["site", "camera"])
def test_a_foreign_change_is_not_there_to_undo(scope: str) -> None:
    house = make_house()
    for camera in (MINE, FOREIGN):
        house.send(TOKEN, "PATCH", f"/api/v1/cameras/{camera}", json={"by": "ann", "group": "lobby"})
    key = house.keys[UserRole.ADMIN, scope]
    everyones = {each["camera"]: each["id"] for each in house.send(TOKEN, "GET", "/api/v1/camera-changes").json()[::-1]}
    assert {each["camera"] for each in house.send(key, "GET", "/api/v1/camera-changes").json()} == {MINE}
    codes = {
        camera: house.send(key, "POST", f"/api/v1/camera-changes/{everyones[camera]}/undo", json={}).status_code
        for camera in (MINE, FOREIGN)
    }
    assert codes == {MINE: 200, FOREIGN: 404}


@pytest.mark.parametrize("scope", ["site", "camera"])
def test_the_live_stream_shows_what_may_be_seen(house: House, scope: str) -> None:
    backend = house.api.app.state.backend
    seen = only_visible(read_page_state(backend), scope_backend(backend, SCOPES[scope]), SCOPES[scope])
    assert [camera.name for camera in seen.cameras] == [MINE]
    assert sum(seen.counts.values()) == 1
    assert [incident.camera for incident in seen.incidents or ()] == [MINE]
    assert not any(name in seen.shadow for name in NAMES)


def test_the_stream_over_the_wire_is_that_of_the_key(house: House) -> None:
    with serve_app(house.api.app) as address:
        key = {"Authorization": f"Bearer {house.keys[UserRole.VIEWER, 'site']}"}
        with httpx.stream("GET", f"{address}/api/v1/live", headers=key, timeout=30) as stream:
            line = next(line for line in stream.iter_lines() if line.startswith("data:"))
    assert MINE in line
    assert not any(name in line for name in NAMES)


def test_an_incident_of_many_cameras_is_seen_by_whoever_sees_them_all() -> None:
    house = make_house()
    backend = house.api.app.state.backend
    found = backend.alert_store.incident(house.incidents[MINE])
    for members, visible in (((MINE, FOREIGN), False), ((MINE,), True)):
        group = replace(found, incident_id=f"group-{len(members)}", stream_id="", members=members)
        backend.score_store.add(BatchResult(incidents=(group,)))
        answer = house.send(house.keys[UserRole.VIEWER, "site"], "GET", f"/api/v1/incidents/{group.incident_id}")
        assert (answer.status_code == 200) == visible


NIGHTS = {"first": "2026-03-23T22:00", "minutes": 60, "rule": "FREQ=DAILY"}


@pytest.mark.parametrize(
    ("scope", "place", "status"),
    [
        ("site", {"site": "depot"}, 200),
        ("site", {"camera": MINE}, 200),
        ("camera", {"camera": MINE}, 200),
        ("camera", {"site": "depot"}, 404),
        ("site", {}, 404),
        ("site", {"site": "vault-site"}, 404),
        ("site", {"site": "no-such-site"}, 404),
        ("camera", {"camera": FOREIGN}, 404),
        ("camera", {"camera": GONE}, 404),
    ],
)
def test_recurring_maintenance_is_announced_for_ones_own_alone(scope: str, place: dict[str, str], status: int) -> None:
    house = make_house()
    key, path = house.keys[UserRole.OPERATOR, scope], "/api/v1/maintenance/schedules"
    answer = house.send(key, "POST", path, json={**NIGHTS, **place})
    assert answer.status_code == status, answer.text
    if status == 404:
        assert answer.json() == house.send(key, "POST", path, json={**NIGHTS, "camera": GONE}).json()
    assert len(house.send(TOKEN, "GET", path).json()) == (status == 200)


def test_foreign_recurring_maintenance_is_neither_seen_nor_ended() -> None:
    house, path = make_house(), "/api/v1/maintenance/schedules"
    for place in ({"site": "vault-site"}, {"camera": FOREIGN}, {}):
        assert house.send(TOKEN, "POST", path, json={"by": "ann", **NIGHTS, **place}).status_code == 200
    for scope in ("site", "camera"):
        key = house.keys[UserRole.ADMIN, scope]
        assert house.send(key, "GET", path).json() == []
        for made in house.send(TOKEN, "GET", path).json():
            foreign = house.send(key, "POST", f"{path}/{made['id']}/end", json={})
            missing = house.send(key, "POST", f"{path}/00000000/end", json={})
            assert foreign.status_code == missing.status_code == 404
            assert foreign.text.replace(made["id"], "00000000") == missing.text
    assert len(house.send(TOKEN, "GET", path).json()) == 3
