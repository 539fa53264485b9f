"""The live page and the form that takes the token. Static files of this package; nothing is loaded from elsewhere."""

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from api.backend import BackendDependency
from api.error_responses import error_response
from api.security import access_rules
from api.security.client_limits import TokenThrottle
from api.security.login import cookie_header, same_site_redirect, token_field, token_of_query

_PAGE_FOLDER = Path(__file__).parents[1] / "page"

router = APIRouter(include_in_schema=False)
static = StaticFiles(directory=_PAGE_FOLDER)


@router.get("/")
def page(request: Request, backend: BackendDependency) -> Response:
    """Return the page; a token in the address is exchanged for a cookie at once, so that it is not left there."""
    token = token_of_query(request.scope["query_string"])
    if token is not None:
        return _exchange_token(request, backend, token)
    return FileResponse(_PAGE_FOLDER / "index.html")


@router.get("/login")
def form(request: Request) -> Response:
    """Return the form; without a token set there is nothing to ask for."""
    if not _expected_token(request):
        return RedirectResponse("/", 303)
    return FileResponse(_PAGE_FOLDER / "login.html")


@router.post("/login")
async def login(request: Request, backend: BackendDependency) -> Response:
    """Take the token of the form and give a cookie for it."""
    return _exchange_token(request, backend, token_field((await request.body()).decode(errors="replace")) or "")


def _exchange_token(request: Request, backend: BackendDependency, given: str) -> Response:
    expected = _expected_token(request)
    if not expected:
        return RedirectResponse("/", 303)
    # A plus sign in an address means a blank, unless whoever made the bookmark knew that and wrote %2B.
    if any(access_rules.same_secret(text, expected) for text in {given.strip(), given.strip().replace(" ", "+")}):
        cookie = access_rules.make_session_cookie(expected, backend.clock.now())
        header = cookie_header(cookie, secure=request.scope["scheme"] == "https")
        if access_rules.is_cross_site(request.headers.get("sec-fetch-site", "")):
            return same_site_redirect(header)
        return RedirectResponse("/", 303, {"Set-Cookie": header})
    throttle: TokenThrottle = request.app.state.throttle
    wait_s = throttle.record_wrong_token(request.client.host if request.client is not None else "")
    if wait_s > 0:
        return error_response(429, "too many wrong tokens; wait a minute", {"Retry-After": str(round(wait_s) + 1)})
    return RedirectResponse("/login?wrong", 303)


def _expected_token(request: Request) -> str | None:
    access: access_rules.AccessPolicy = request.app.state.access
    return access.token
