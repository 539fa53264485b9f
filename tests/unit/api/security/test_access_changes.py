"""What is changed of a user or a key counts for what is open already: sessions, live streams and kiosk links."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from api.security.accounts import Accounts
from api.security.passwords import hash_password, key_digest
from domain.access import EVERY_CAMERA, AccessScope, ApiKey, User, UserRole
from domain.cameras import Camera
from tests.fakes.access import FakeAccessStore
from tests.unit.api.conftest import make_app, serve_app, wait_for
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict

PASSWORD = "four quite plain words"
PASSWORD_HASH = hash_password(PASSWORD)
KEY = {"Authorization": "Bearer sl_wall_secret"}
DEPOT = AccessScope(sites=frozenset({"depot"}))
NORTH = AccessScope(sites=frozenset({"north"}))


@dataclass
class AccessHouse:
    """A served page with an operator of everything, signed in, and a key that may do the same."""

    store: FakeAccessStore
    address: str
    stage: SampleCameras
    incident: str
    session: dict[str, str]

    def change(self, role: UserRole = UserRole.OPERATOR, scope: AccessScope = EVERY_CAMERA) -> None:
        assert self.store.change_user("ann", role, scope, by="root", at=self.stage.clock.now())

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return httpx.get(f"{self.address}{path}", headers=headers or self.session, timeout=60)

    def post(self, path: str, headers: dict[str, str] | None = None, **body: object) -> httpx.Response:
        return httpx.post(f"{self.address}{path}", headers=headers or self.session, json=body, timeout=60)

    def make_link(self, headers: dict[str, str] | None = None, **wish: object) -> dict[str, str]:
        made = self.post("/api/v1/kiosk-links", headers, **wish)
        assert made.status_code == 200, made.text
        opened = httpx.get(f"{self.address}{made.json()['path']}", timeout=60)
        return {"Cookie": opened.headers["set-cookie"].partition(";")[0]}

    def cameras(self) -> list[str]:
        return [each["name"] for each in self.get("/api/v1/cameras").json()["cameras"]]


@pytest.fixture
def house(stage: SampleCameras) -> Iterator[AccessHouse]:
    found = stage.failing(Camera("gate", "rtsp://h/1", "depot"), blur_verdict())
    stage.healthy(Camera("yard", "rtsp://h/2", "north"))
    now = stage.clock.now()
    store = FakeAccessStore(User("ann", UserRole.OPERATOR, PASSWORD_HASH), User("root", UserRole.ADMIN, "$argon2id$"))
    store.add_key(
        ApiKey("wall", "wall", UserRole.OPERATOR, key_digest("secret"), now + timedelta(days=90)), by="root", at=now
    )
    with serve_app(make_app(stage, accounts=Accounts(store, now=stage.clock.now, max_age_s=0.2))) as address:
        signed_in = httpx.post(f"{address}/login", data={"user": "ann", "password": PASSWORD}, timeout=60)
        session = {"Cookie": signed_in.headers["set-cookie"].partition(";")[0]}
        yield AccessHouse(store, address, stage, found.incident_id, session)


def disable(house: AccessHouse) -> None:
    house.store.enable_user("ann", False, by="root", at=house.stage.clock.now())


def remove(house: AccessHouse) -> None:
    house.store.remove_user("ann", by="root", at=house.stage.clock.now())


def set_password(house: AccessHouse) -> None:
    house.store.set_password("ann", hash_password("four other plain words"), by="root", at=house.stage.clock.now())


def revoke(house: AccessHouse) -> None:
    house.store.revoke_key("wall", by="root", at=house.stage.clock.now())


@pytest.mark.parametrize("change", [disable, remove, set_password])
def test_a_session_ends(house: AccessHouse, change: Callable[[AccessHouse], None]) -> None:
    assert house.get("/api/v1/cameras").status_code == 200
    change(house)
    wait_for(lambda: house.get("/api/v1/cameras").status_code == 401, what="the end of the session")
    assert house.post(f"/api/v1/incidents/{house.incident}/comment", note="seen").status_code == 401


def test_a_new_user_of_the_same_name_does_not_get_the_old_ones_session(house: AccessHouse) -> None:
    remove(house)
    wait_for(lambda: house.get("/api/v1/cameras").status_code == 401, what="the end of the session")
    again = User("ann", UserRole.ADMIN, hash_password(PASSWORD))
    assert house.store.add_user(again, by="root", at=house.stage.clock.now())
    fresh = {"user": "ann", "password": PASSWORD}
    wait_for(
        lambda: httpx.post(f"{house.address}/login", data=fresh, timeout=60).status_code == 303, what="the new user"
    )
    assert house.get("/api/v1/cameras").status_code == 401


def test_a_session_goes_on_with_the_new_role(house: AccessHouse) -> None:
    path = f"/api/v1/incidents/{house.incident}/comment"
    assert house.post(path, note="seen").status_code == 200
    house.change(UserRole.VIEWER)
    wait_for(lambda: house.post(path, note="seen").status_code == 403, what="the new role")
    assert house.cameras() == ["gate", "yard"]
    house.change(UserRole.ADMIN)
    wait_for(lambda: house.get("/api/v1/audit").status_code == 200, what="the new role")


def test_a_session_goes_on_with_the_new_scope(house: AccessHouse) -> None:
    assert house.cameras() == ["gate", "yard"]
    house.change(scope=NORTH)
    wait_for(lambda: house.cameras() == ["yard"], what="the new scope")
    assert house.get(f"/api/v1/incidents/{house.incident}").status_code == 404
    assert house.get("/api/v1/cameras/gate/picture").status_code == 404
    assert "gate" not in house.get("/metrics").text


STREAM_ENDS: list[Callable[[AccessHouse], None]] = [
    disable,
    remove,
    set_password,
    lambda house: house.change(UserRole.VIEWER),
    lambda house: house.change(scope=NORTH),
]


@pytest.mark.parametrize("change", STREAM_ENDS, ids=["disabled", "removed", "password", "role", "scope"])
def test_an_open_stream_ends_and_shows_no_foreign_camera_again(
    house: AccessHouse, change: Callable[[AccessHouse], None]
) -> None:
    with httpx.stream("GET", f"{house.address}/api/v1/live", headers=house.session, timeout=60) as stream:
        lines = stream.iter_lines()
        assert "gate" in next(line for line in lines if line.startswith("data:"))
        change(house)
        assert len([line for line in lines if line.startswith("data:")]) < 60


def test_the_stream_of_a_revoked_key_ends(house: AccessHouse) -> None:
    with httpx.stream("GET", f"{house.address}/api/v1/live", headers=KEY, timeout=60) as stream:
        lines = stream.iter_lines()
        next(line for line in lines if line.startswith("data:"))
        revoke(house)
        assert len([line for line in lines if line.startswith("data:")]) < 60
    assert house.get("/api/v1/cameras", KEY).status_code == 401


LINK_ENDS: list[Callable[[AccessHouse], None]] = [
    disable,
    remove,
    lambda house: house.change(UserRole.VIEWER),
    lambda house: house.change(scope=NORTH),
]


@pytest.mark.parametrize("change", LINK_ENDS, ids=["disabled", "removed", "role", "scope"])
def test_kiosk_links_end_with_what_their_maker_may_do(
    house: AccessHouse, change: Callable[[AccessHouse], None]
) -> None:
    mine, others = house.make_link(site="depot"), house.make_link(KEY)
    assert house.get("/api/v1/faults", mine).status_code == 200
    with httpx.stream("GET", f"{house.address}/api/v1/live", headers=mine, timeout=60) as stream:
        lines = stream.iter_lines()
        next(line for line in lines if line.startswith("data:"))
        change(house)
        assert len([line for line in lines if line.startswith("data:")]) < 60
    assert house.get("/api/v1/faults", mine).status_code == 401
    assert house.get("/api/v1/faults", others).status_code == 200


def test_a_link_of_a_site_that_is_still_ones_own_and_a_new_password_leave_it(house: AccessHouse) -> None:
    depot, everything = house.make_link(site="depot"), house.make_link()
    house.change(scope=DEPOT)
    wait_for(lambda: house.get("/api/v1/faults", everything).status_code == 401, what="the end of the link")
    set_password(house)
    wait_for(lambda: house.get("/api/v1/cameras").status_code == 401, what="the end of the session")
    assert house.get("/api/v1/faults", depot).status_code == 200


def test_kiosk_links_end_with_the_key_that_made_them(house: AccessHouse) -> None:
    link = house.make_link(KEY)
    revoke(house)
    wait_for(lambda: house.get("/api/v1/faults", link).status_code == 401, what="the end of the link")
