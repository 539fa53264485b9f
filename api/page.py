"""The live page and the form that takes the token. Static files of this package; nothing is loaded from elsewhere."""

from pathlib import Path
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from api import security
from api.backend import Ports
from api.problems import problem
from api.throttle import Throttle

_DASHBOARD = Path(__file__).parent / "dashboard"

router = APIRouter(include_in_schema=False)
static = StaticFiles(directory=_DASHBOARD)


@router.get("/")
def page(request: Request, backend: Ports, token: str | None = None) -> Response:
    """Return the page; a token in the address is exchanged for a cookie at once, so that it is not left there."""
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
    fields = parse_qs((await request.body()).decode(errors="replace"), max_num_fields=4)
    return _entered(request, backend, fields.get("token", [""])[0])


def _entered(request: Request, backend: Ports, given: str) -> Response:
    expected = _expected(request)
    if not expected:
        return RedirectResponse("/", 303)
    throttle: Throttle = request.app.state.throttle
    now = backend.clock.now()
    client = request.client.host if request.client is not None else ""
    wait_s = throttle.wait_s(client, now)
    if wait_s > 0:
        return problem(429, "too many wrong tokens; wait a minute", {"Retry-After": str(round(wait_s) + 1)})
    if not security.same_secret(given.strip(), expected):
        throttle.note(client, now)
        return RedirectResponse("/login?wrong", 303)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        security.COOKIE,
        security.session_cookie(expected, now),
        max_age=int(security.SESSION_LIFE.total_seconds()),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


def _expected(request: Request) -> str | None:
    access: security.Access = request.app.state.access
    return access.token
