from collections.abc import AsyncIterator

import pytest

from api.security import HEADERS, LONGEST_BODY, session_cookie
from tests.unit.api.conftest import Caller, staged_app
from tests.unit.api.stage import Stage

TOKEN = "correct horse"
PATHS = (
    "/api/v1/cameras",
    "/api/v1/cameras/gate/picture",
    "/api/v1/live",
    "/api/v1/metrics",
    "/api/v1/openapi.json",
    "/metrics",
    "/readyz",
    "/static/app.js",
    "/nothing/here",
)


@pytest.fixture
def locked(stage: Stage) -> Caller:
    return Caller(staged_app(stage, token=TOKEN), base_url="http://cameras.example")


@pytest.mark.parametrize("path", PATHS)
def test_nothing_but_liveness_is_answered_without_the_token(locked: Caller, path: str) -> None:
    refused = locked.get(path)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert refused.json() == {"error": "a token is needed: Authorization: Bearer ..."}
    assert locked.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert locked.get("/healthz").json() == {"status": "ok"}


def test_the_token_opens_the_api(locked: Caller) -> None:
    assert locked.get("/api/v1/cameras", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_session_cookie_opens_the_api(locked: Caller, stage: Stage) -> None:
    cookie = f"other=1; sightline_session={session_cookie(TOKEN, stage.clock.now())}"
    assert locked.get("/api/v1/cameras", headers={"Cookie": cookie}).status_code == 200
    assert locked.get("/api/v1/cameras", headers={"Cookie": cookie + "0"}).status_code == 401


def test_the_page_leads_to_the_form_when_the_token_is_not_known(locked: Caller) -> None:
    answer = locked.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_a_foreign_host_name_cannot_read_this_machine(api: Caller) -> None:
    refused = api.get("/api/v1/cameras", headers={"Host": "rebound.example"})
    assert refused.status_code == 421
    assert "127.0.0.1" in refused.json()["error"]


def test_another_site_cannot_acknowledge_through_the_browser(api: Caller) -> None:
    answer = api.post("/api/v1/incidents/x/acknowledge", json={"by": "a"}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/", "/api/v1/cameras", "/nothing", "/static/app.js", "/healthz"])
def test_every_answer_carries_the_security_headers(api: Caller, path: str) -> None:
    headers = api.get(path).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_a_long_body_is_refused_whether_it_says_its_length_or_not(api: Caller) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * (LONGEST_BODY // 4)

    path = "/api/v1/incidents/x/acknowledge"
    assert api.post(path, content=b" " * (LONGEST_BODY + 1)).status_code == 413
    assert api.post(path, content=chunks(), headers={"Content-Type": "application/json"}).status_code == 413


def test_a_long_query_is_refused(api: Caller) -> None:
    assert api.get("/api/v1/cameras?site=" + "x" * 5000).status_code == 413
