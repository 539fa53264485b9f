"""The live page and the form that takes the token. Static files of this package; nothing is loaded from elsewhere."""

from pathlib import Path
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from api import security
from api.backend import Ports
from api.problems import problem
from api.throttle import Throttle

_DASHBOARD = Path(__file__).parent / "dashboard"

router = APIRouter(include_in_schema=False)
static = StaticFiles(directory=_DASHBOARD)


@router.get("/")
def page(request: Request, backend: Ports) -> Response:
    """Return the page; a token in the address is exchanged for a cookie at once, so that it is not left there."""
    token = token_of_query(request.scope["query_string"])
    if token is not None:
        return _entered(request, backend, token)
    return FileResponse(_DASHBOARD / "index.html")


@router.get("/login")
def form(request: Request) -> Response:
    """Return the form; without a token set there is nothing to ask for."""
    if not _expected(request):
        return RedirectResponse("/", 303)
    return FileResponse(_DASHBOARD / "login.html")


@router.post("/login")
async def login(request: Request, backend: Ports) -> Response:
    """Take the token of the form and give a cookie for it."""
    return _entered(request, backend, _field((await request.body()).decode(errors="replace")) or "")


def token_of_query(query: bytes) -> str | None:
    """Return the field `token` of a query, and of no other name; None where there is none."""
    return _field(query.decode("utf-8", "replace"))


def _field(text: str) -> str | None:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=16).get("token", [None])[0]
    except ValueError:  # more fields than any of our links and forms has
        return None


def ask_again(cookie: str = "") -> Response:
    """Return a page that opens `/` at once, with `cookie` set.

    A browser that follows a link of another site sends no strict cookie, nor where that is redirected. What a page of
    our own opens comes with it.
    """
    answer = HTMLResponse('<!doctype html><title>Sightline</title><meta http-equiv="refresh" content="0; url=/">')
    if cookie:
        answer.headers["Set-Cookie"] = cookie
    return answer


def cookie_header(value: str, *, secure: bool) -> str:
    """Return the Set-Cookie header for a session cookie."""
    life = f"Max-Age={int(security.SESSION_LIFE.total_seconds())}"
    return f"{security.COOKIE}={value}; HttpOnly; {life}; Path=/; SameSite=strict{'; Secure' if secure else ''}"


def _entered(request: Request, backend: Ports, given: str) -> Response:
    expected = _expected(request)
    if not expected:
        return RedirectResponse("/", 303)
    # A plus sign in an address means a blank, unless whoever made the bookmark knew that and wrote %2B.
    if any(security.same_secret(text, expected) for text in {given.strip(), given.strip().replace(" ", "+")}):
        cookie = security.session_cookie(expected, backend.clock.now())
        header = cookie_header(cookie, secure=request.scope["scheme"] == "https")
        if security.comes_by_link(request.headers.get("sec-fetch-site", "")):
            return ask_again(header)
        return RedirectResponse("/", 303, {"Set-Cookie": header})
    throttle: Throttle = request.app.state.throttle
    wait_s = throttle.note_wrong(request.client.host if request.client is not None else "")
    if wait_s > 0:
        return problem(429, "too many wrong tokens; wait a minute", {"Retry-After": str(round(wait_s) + 1)})
    return RedirectResponse("/login?wrong", 303)


def _expected(request: Request) -> str | None:
    access: security.Access = request.app.state.access
    return access.token
