"""What people see of what they may do, and how they leave."""

import pytest

from api.security.accounts import Accounts
from api.security.passwords import hash_password
from domain.access import AccessScope, User, UserRole
from domain.cameras import Camera
from lab.bench.page.browser import Browser
from tests.fakes.access import FakeAccessStore
from tests.unit.api.page.conftest import Open
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PASSWORD = "seven plain words hunter2"
SHOWN = """
    const controls = [...document.querySelectorAll('[data-needs]')].filter(each => each.checkVisibility());
    return controls.map(each => each.id || each.innerText);
"""


def signed_in(role: UserRole, scope: AccessScope) -> Accounts:
    """Return the accounts of one user."""
    return Accounts(FakeAccessStore(User("ada", role, hash_password(PASSWORD), scope)))


def sign_in(window: Browser) -> None:
    window.wait(lambda: window.texts("input[name=user]"), what="the form", timeout_s=60)
    window.type("input[name=user]", "ada")
    window.type("input[name=password]", PASSWORD)
    window.click("button")
    window.wait(lambda: window.texts("#sign-out"), what="who is signed in", timeout_s=60)


def controls(window: Browser, address: str, path: str, view: str) -> set[str]:
    """Return the controls with a condition that are seen on a page, once `view` is there."""
    window.open(address + path)
    ready = "return !!document.body.dataset.role && !!document.querySelector(arguments[0])"
    window.wait(lambda: window.run(ready, view), what=f"{path} and the role", timeout_s=60)
    return set(window.run(SHOWN))


ACTS_ON_INCIDENT = {
    "act-acknowledge", "act-assign", "act-comment", "answer-right", "answer-wrong", "answer-new-normal",
}  # fmt: skip


@pytest.mark.parametrize(
    ("rights", "seen"),
    [
        ((UserRole.VIEWER, frozenset()), (set(), set(), set())),
        ((UserRole.OPERATOR, frozenset()), ({"Acknowledge", "kiosk-link"}, {"camera-accept"}, ACTS_ON_INCIDENT)),
        (
            (UserRole.ADMIN, frozenset({"North"})),
            (
                {"Acknowledge", "kiosk-link", "Audit", "API"},
                {"camera-accept", "edit-camera", "camera-try", "camera-off", "camera-remove", "Audit", "API"},
                ACTS_ON_INCIDENT | {"Audit", "API"},
            ),
        ),
    ],
    ids=["viewer", "operator", "administrator of a site"],
)
def test_nobody_is_shown_what_they_may_not_do_and_everybody_can_leave(
    rights: tuple[UserRole, frozenset[str]],
    seen: tuple[set[str], set[str], set[str]],
    window: Browser,
    opened: Open,
    stage: SampleCameras,
) -> None:
    role, sites = rights
    stage.failing(Camera("gate", "rtsp://h/1", site="North"), blur_verdict())
    address = opened(accounts=signed_in(role, AccessScope(sites=sites)))
    sign_in(window)
    assert window.texts("#account span")[0].startswith("ada, ")
    assert controls(window, address, "/", ".incident") == seen[0]
    assert controls(window, address, "/cameras/gate", "#camera-accept") == seen[1]
    assert controls(window, address, "/incidents/gate/blur/1", "#act-comment") == seen[2]
    window.click("#sign-out")
    window.wait(lambda: window.texts("input[name=user]"), what="the form again", timeout_s=60)
    window.open(address)
    window.wait(lambda: window.texts("input[name=user]"), what="the form for whoever comes next", timeout_s=60)
    window.errors()  # the picture of now, which nobody staged
    window.forget_cookies()


def test_where_nobody_signs_in_everything_is_offered_but_leaving(
    window: Browser, stage: SampleCameras, opened: Open
) -> None:
    stage.failing(Camera("gate", "rtsp://h/1"), blur_verdict())
    address = opened()
    assert controls(window, address, "/", ".incident") >= {"Acknowledge", "Add a camera"}
    assert window.run("return document.querySelector('#account').hidden") is True
