import hashlib
import re
from pathlib import Path

import pytest

from api.routes.page import _PAGE_FOLDER
from api.security.client_limits import MAX_WRONG_TOKENS
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras

TOKEN = "kx@:#/ü hunter2 long"
OWN_FILES = sorted(path for path in _PAGE_FOLDER.rglob("*.*") if "vendor" not in path.parts)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def locked(stage: SampleCameras) -> Caller:
    return Caller(make_app(stage, token=TOKEN), base_url="http://cameras.example")


def test_the_page_is_served_with_all_it_names(api: Caller) -> None:
    page = api.get("/")
    assert page.status_code == 200
    named = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(named) >= 3
    for path in named:
        assert api.get(path).status_code == 200


def test_scripts_and_styles_come_under_types_that_a_strict_browser_takes(api: Caller) -> None:
    assert api.get("/static/app.js").headers["content-type"].startswith("text/javascript")
    assert api.get("/static/style.css").headers["content-type"].startswith("text/css")
    assert api.get("/static/icon.svg").headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize("path", OWN_FILES, ids=lambda path: path.name)
def test_nothing_is_loaded_from_elsewhere_and_no_text_becomes_markup(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//cdn|@import|innerHTML|insertAdjacentHTML|document\.write|eval\(", text)
    if path.suffix == ".html":
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", text)


def test_files_outside_the_page_are_not_served(api: Caller) -> None:
    assert api.get("/static/../app.py").status_code == 404
    assert api.get("/static/%2e%2e/app.py").status_code == 404


def test_a_token_in_the_address_is_exchanged_for_a_strict_cookie_at_once(locked: Caller) -> None:
    answer = locked.get("/", params={"token": TOKEN})
    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert TOKEN not in cookie
    value = cookie.split(";")[0]
    assert locked.get("/", headers={"Cookie": value}).status_code == 200


def test_the_cookie_is_for_https_only_where_the_page_came_by_https(stage: SampleCameras) -> None:
    secure = Caller(make_app(stage, token=TOKEN), base_url="https://cameras.example")
    assert "Secure" in secure.get("/", params={"token": TOKEN}).headers["set-cookie"]


def test_the_form_takes_the_token(locked: Caller) -> None:
    answer = locked.post("/login", data={"token": TOKEN})
    assert answer.headers["location"] == "/"
    assert "set-cookie" in answer.headers


def test_a_wrong_token_gets_the_form_again_and_no_cookie(locked: Caller) -> None:
    for answer in (
        locked.post("/login", data={"token": "wrong"}),
        locked.post("/login", content=b"\xff=&&", headers=FORM),
        locked.get("/", params={"token": "wrong"}),
    ):
        assert answer.headers["location"] == "/login?wrong"
        assert "set-cookie" not in answer.headers
    assert locked.get("/login").status_code == 200


def test_guessing_tokens_is_refused_and_the_right_one_is_taken_all_the_same(locked: Caller) -> None:
    for _ in range(MAX_WRONG_TOKENS):
        locked.post("/login", data={"token": "wrong"})
    refused = locked.post("/login", data={"token": "wrong"})
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    assert locked.post("/login", data={"token": TOKEN}).headers["location"] == "/"
    assert locked.get("/", params={"token": TOKEN}).headers["location"] == "/"


def test_a_form_with_too_many_fields_holds_no_token(locked: Caller) -> None:
    answer = locked.post("/login", content=b"&".join([b"token=x"] * 1000), headers=FORM)
    assert answer.headers["location"] == "/login?wrong"


@pytest.mark.parametrize("query", ["a+plus+and%2Fmore==", "a%2Bplus%2Band%2Fmore%3D%3D"])
def test_a_bookmark_with_a_plus_sign_opens_whoever_wrote_it(stage: SampleCameras, query: str) -> None:
    locked = Caller(make_app(stage, token="a+plus+and/more=="), base_url="http://cameras.example")
    assert locked.get(f"/?token={query}").headers["location"] == "/"
    assert locked.get(f"/?token={query}x").headers["location"] == "/login?wrong"


def test_without_a_token_there_is_no_form(api: Caller) -> None:
    assert api.get("/login").headers["location"] == "/"
    assert api.get("/?token=whatever").headers["location"] == "/"


@pytest.mark.parametrize("path", ["/cameras/gate", "/incidents", "/incidents/gate/blur/1", "/reports", "/cameras"])
def test_each_view_has_an_address_of_its_own(api: Caller, path: str) -> None:
    hints = r'<link rel="modulepreload"[^>]*>\s*'
    assert re.sub(hints, "", api.get(path).text) == re.sub(hints, "", api.get("/").text)


def test_a_deep_link_is_kept_through_the_login(locked: Caller) -> None:
    asked = locked.get("/cameras/gate?from=2026-11-01T00:00:00Z")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/login?next=%2Fcameras%2Fgate%3Ffrom%3D2026-11-01T00%3A00%3A00Z",
    )
    wrong = locked.post(asked.headers["location"], data={"token": "wrong"})
    assert wrong.headers["location"] == asked.headers["location"] + "&wrong"
    entered = locked.post(asked.headers["location"], data={"token": TOKEN})
    assert entered.headers["location"] == "/cameras/gate?from=2026-11-01T00:00:00Z"


def test_a_deep_link_with_a_token_leads_to_the_same_view_without_it(locked: Caller) -> None:
    answer = locked.get("/cameras/gate", params={"token": TOKEN, "span": "86400"})
    assert answer.headers["location"] == "/cameras/gate?span=86400"


def test_a_deep_link_from_another_site_opens_the_same_view(locked: Caller) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    answer = locked.get('/cameras/a"b?from=1&to=2', headers=followed)
    assert 'content="0; url=/cameras/a%22b?from=1&amp;to=2"' in answer.text


def test_every_text_that_the_page_names_is_in_the_catalogue() -> None:
    catalogue = "".join(path.read_text(encoding="utf-8") for path in _PAGE_FOLDER.glob("texts*.js"))
    known = set(re.findall(r'^  "([\w.-]+)":', catalogue, re.MULTILINE))
    used: dict[str, str] = {}
    for path in OWN_FILES:
        if path.suffix == ".js":
            used |= {key: path.name for key in re.findall(r'\bt\("([\w.]+)"', path.read_text(encoding="utf-8"))}
    assert len(known) > 20
    assert {key: name for key, name in used.items() if key not in known} == {}


def test_the_chart_library_is_the_published_one_with_its_licence() -> None:
    folder = _PAGE_FOLDER / "vendor" / "uplot"
    digest = hashlib.sha256((folder / "uplot.js").read_bytes()).hexdigest()
    assert digest == "5dd9b3281aa64b461b42d9945f6adb2649d346502b12281a9ae0d46599a80eba"
    assert (folder / "LICENSE.md").read_text(encoding="utf-8").startswith("The MIT License (MIT)")
    assert not re.search(
        r"innerHTML|document\.write|\beval\(|new Function|fetch\(|XMLHttpRequest", (folder / "uplot.js").read_text()
    )


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/cameras/%00", 400),
        ("/cameras/%0a", 400),
        ("/cameras/%ff", 400),
        ("/cameras%00", 400),
        ("/incidents/%C0%AF", 400),
        ("/reports/%1b[2J", 400),
        ("/?find=%00", 400),
        ("/cameras//a", 404),
        ("/cameras/a%5Cb", 404),
        ("/cameras/" + "x" * 3000, 414),
    ],
)
def test_an_address_of_the_page_that_cannot_be_is_answered_by_a_page(
    api: Caller, locked: Caller, path: str, status: int
) -> None:
    for caller in (api, locked) if status != 404 else (api,):
        answer = caller.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert "There is no such page" in answer.text
        assert '<a href="/">' in answer.text
        assert "content-security-policy" in answer.headers


def test_a_page_that_cannot_be_shows_nothing_of_its_address(api: Caller) -> None:
    answer = api.get("/cameras/%3Cscript%3Ealert%3C%2Fscript%3E%00")
    assert answer.status_code == 400
    assert "script" not in answer.text


@pytest.mark.parametrize("path", ["/api/v1/cameras/%00", "/metrics%00", "/static/%00", "/healthz/%00"])
def test_what_is_no_address_of_the_page_stays_json(api: Caller, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()) == (400, {"error": "the path holds a control character"})
