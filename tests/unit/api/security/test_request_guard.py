from collections.abc import AsyncIterator

import pytest

from api.security.access_rules import SECURITY_HEADERS, make_session_cookie
from api.security.client_limits import MAX_WRONG_TOKENS
from api.security.request_limits import MAX_BODY_BYTES
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras

TOKEN = "correct hunter2 battery"
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
def locked(stage: SampleCameras) -> Caller:
    return Caller(make_app(stage, token=TOKEN), base_url="http://cameras.example")


@pytest.mark.parametrize("path", PATHS)
def test_nothing_but_liveness_is_answered_without_the_token(locked: Caller, path: str) -> None:
    refused = locked.get(path)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert refused.json() == {"error": "a token is needed: Authorization: Bearer ..."}
    wrong = locked.get(path, headers={"Authorization": "Bearer wrong"})
    assert (wrong.status_code, wrong.json()) == (401, {"error": "this token is wrong"})
    assert locked.get("/healthz").json() == {"status": "ok"}


def test_the_token_opens_the_api(locked: Caller) -> None:
    assert locked.get("/api/v1/cameras", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_session_cookie_opens_the_api(locked: Caller, stage: SampleCameras) -> None:
    cookie = f"other=1; sightline_session={make_session_cookie(TOKEN, stage.clock.now())}"
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
    assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "unsafe" not in headers["content-security-policy"]
    own_source = path.startswith("/static/")  # the product's own text, which holds nothing of a site
    assert headers["cache-control"] == ("no-cache" if own_source else "no-store")


def test_a_long_body_is_refused_whether_it_says_its_length_or_not(api: Caller) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * (MAX_BODY_BYTES // 4)

    path = "/api/v1/incidents/x/acknowledge"
    json_type = {"Content-Type": "application/json"}
    assert api.post(path, content=b" " * (MAX_BODY_BYTES + 1), headers=json_type).status_code == 413
    assert api.post(path, content=chunks(), headers=json_type).status_code == 413


def test_a_long_query_is_refused(api: Caller) -> None:
    assert api.get("/api/v1/cameras?site=" + "x" * 5000).status_code == 413


def test_wrong_tokens_in_headers_are_limited_and_the_right_one_never_is(locked: Caller) -> None:
    wrong = {"Authorization": "Bearer wrong"}
    for _ in range(MAX_WRONG_TOKENS):
        assert locked.get("/api/v1/cameras", headers=wrong).status_code == 401
    refused = locked.get("/api/v1/cameras", headers=wrong)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert refused.headers["connection"] == "close"
    assert locked.get("/api/v1/cameras", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize(("proxies", "limited"), [((), True), (("127.0.0.1",), False)])
def test_what_a_client_says_of_its_address_counts_from_listed_proxies_alone(
    stage: SampleCameras, proxies: tuple[str, ...], limited: bool
) -> None:
    locked = Caller(make_app(stage, token=TOKEN, trusted_proxies=proxies))
    seen = {
        locked.get(
            "/metrics", headers={"Authorization": "Bearer wrong", "X-Forwarded-For": f"198.51.100.{i}"}
        ).status_code
        for i in range(MAX_WRONG_TOKENS + 1)
    }
    assert (429 in seen) is limited
    form = {"X-Forwarded-For": "198.51.100.200"}
    refused = locked.post("/login", data={"token": "wrong"}, headers=form).status_code == 429
    assert refused is limited


def test_a_cookie_a_day_old_is_replaced_by_any_answer(locked: Caller, stage: SampleCameras) -> None:
    cookie = {"Cookie": f"sightline_session={make_session_cookie(TOKEN, stage.clock.now())}"}
    assert "set-cookie" not in locked.get("/api/v1/cameras", headers=cookie).headers
    stage.clock.advance(26 * 3600)
    answer = locked.get("/api/v1/cameras", headers=cookie)
    fresh = answer.headers["set-cookie"]
    assert "HttpOnly" in fresh
    assert "SameSite=strict" in fresh
    assert locked.get("/api/v1/cameras", headers={"Cookie": fresh.split(";")[0]}).status_code == 200


@pytest.mark.parametrize("query", ["xtoken=SECRET", "tokens=SECRET", "a=1&TOKEN=SECRET", "%74oke=SECRET", "SECRET"])
def test_an_unknown_query_opens_nothing_and_is_repeated_nowhere(
    locked: Caller, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    caplog.set_level("DEBUG")
    for path in ("/", "/login", "/login/", "/api/v1/cameras", "/api/v1/cameras/", "/static", "/nothing"):
        answer = locked.get(f"{path}?{query}")
        assert answer.status_code in (303, 401) or path == "/login"
        told = f"{answer.text} {answer.headers}"
        assert "SECRET" not in told, told
    assert "SECRET" not in caplog.text.replace(f"?{query}", "")  # httpx logs what it asks for


def test_a_hostile_page_makes_the_browser_do_nothing_here(api: Caller) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    for path in ("/api/v1/cameras", "/api/v1/live", "/metrics", "/api/v1/cameras/gate/picture", "/nothing"):
        assert api.get(path, headers=foreign).status_code == 403
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert api.get("/", headers=link).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_that_a_form_of_another_site_could_send_is_refused(api: Caller, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = api.post("/api/v1/incidents/x/acknowledge", content=b'{"by": "a"}', headers=headers)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]


def test_a_part_of_a_file_is_answered_with_the_whole(api: Caller) -> None:
    answer = api.get("/static/app.js", headers={"Range": "bytes=0-0,1-1,5-4", "If-Range": "x"})
    assert answer.status_code == 200
    assert len(answer.content) > 1000
