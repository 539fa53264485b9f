"""The live page, and the form that takes a token or a password.

Static files of this package; nothing is loaded from elsewhere.
"""

from pathlib import Path

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import APIRouter, Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from api.error_responses import error_response
from api.page_errors import refusal_response
from api.request_context import BackendDependency
from api.security import access_rules, kiosk
from api.security.accounts import Accounts, make_user_cookie
from api.security.client_limits import PasswordThrottle, TokenThrottle
from api.security.login import cookie_header, end_of_cookie, form_field, same_site_redirect, token_field, token_of_query
from api.security.page_paths import PAGE_ROOTS, address_after_login, is_page_path, login_address, page_address
from api.security.passwords import is_password

_PAGE_FOLDER = Path(__file__).parents[1] / "page"

_PASSWORD_CHECKS = CapacityLimiter(2)
"""Each takes 64 MiB and a core for a moment."""

router = APIRouter(include_in_schema=False)
static = StaticFiles(directory=_PAGE_FOLDER)


def page(request: Request, backend: BackendDependency) -> Response:
    """Return the page, which shows the view of its address.

    A token in the address is exchanged for a cookie at once, so that it is not left there.
    """
    token = token_of_query(request.scope["query_string"])
    if token is not None:
        address = page_address(request.scope["path"], _query(request))
        return _exchange_token(request, backend, token, address)
    if request.scope["path"] == kiosk.KIOSK_PATH and "key" in request.query_params:
        return _exchange_kiosk_key(request, backend)
    if not is_page_path(request.scope["path"]):
        raw_path = request.scope.get("raw_path") or request.scope["path"].encode("utf-8", "surrogatepass")
        return refusal_response(request.method, raw_path, 404, "there is nothing here")
    return FileResponse(_PAGE_FOLDER / "index.html")


router.add_api_route("/", page)
for _root in PAGE_ROOTS:
    router.add_api_route(_root, page)
    router.add_api_route(f"{_root}/{{rest:path}}", page)


@router.post("/logout")
def logout() -> Response:
    """End the session in this browser, and lead to the form."""
    return RedirectResponse("/login", 303, {"Set-Cookie": end_of_cookie()})


@router.get("/login")
def form(request: Request) -> Response:
    """Return the form; without a token set and without users there is nothing to ask for."""
    if not _expected_token(request) and not _accounts(request).locked:
        return RedirectResponse(address_after_login(_query(request)), 303)
    # Where there are no users, a name and a password would open nothing.
    return FileResponse(_PAGE_FOLDER / ("sign-in.html" if _accounts(request).locked else "login.html"))


@router.post("/login")
async def login(request: Request, backend: BackendDependency) -> Response:
    """Take the token or the name and password, give a cookie, and lead to the address that was asked for."""
    text = (await request.body()).decode(errors="replace")
    address = address_after_login(_query(request))
    name, password = (form_field(text, field) or "" for field in ("user", "password"))
    if name or password:
        return await _exchange_password(request, backend, name.strip(), password, address)
    return _exchange_token(request, backend, token_field(text) or "", address)


async def _exchange_password(
    request: Request, backend: BackendDependency, name: str, password: str, address: str
) -> Response:
    accounts, throttle = _accounts(request), request.app.state.passwords
    assert isinstance(throttle, PasswordThrottle)
    client = request.client.host if request.client is not None else ""
    wait_s = throttle.begin(name, client)
    if wait_s > 0:
        return error_response(429, "too many wrong passwords; wait a minute", {"Retry-After": str(round(wait_s) + 1)})
    await anyio.to_thread.run_sync(accounts.refresh, limiter=_PASSWORD_CHECKS)
    user = accounts.user(name)
    password_hash = user.password_hash if user is not None else None
    right = await anyio.to_thread.run_sync(is_password, password, password_hash, limiter=_PASSWORD_CHECKS)
    if user is None or not right:
        return RedirectResponse(_address_again(address), 303)
    throttle.forgive(name, client)
    cookie = make_user_cookie(user, request.app.state.access, backend.clock.now())
    header = cookie_header(cookie, secure=request.scope["scheme"] == "https")
    return RedirectResponse(address, 303, {"Set-Cookie": header})


def _address_again(address: str) -> str:
    again = login_address(address)
    return f"{again}{'&' if '?' in again else '?'}wrong"


def _accounts(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts


def _exchange_kiosk_key(request: Request, backend: BackendDependency) -> Response:
    """Give a cookie for the key of a kiosk link, so that the key does not stay in the address."""
    token = _expected_token(request)
    if not token:
        return RedirectResponse(kiosk.KIOSK_PATH, 303)
    now = backend.clock.now()
    key = request.query_params["key"]
    link = kiosk.parse_kiosk_key(key, token, now)
    if link is None:
        return error_response(401, "this link is over or damaged; ask for a new one")
    header = kiosk.kiosk_cookie_header(key, link, now, secure=request.scope["scheme"] == "https")
    return same_site_redirect(header, kiosk.KIOSK_PATH)


def _query(request: Request) -> str:
    return str(request.scope["query_string"].decode("utf-8", "replace"))


def _exchange_token(request: Request, backend: BackendDependency, given: str, address: str) -> Response:
    expected = _expected_token(request)
    if not expected:
        return RedirectResponse(address, 303)
    # A plus sign in an address means a blank, unless whoever made the bookmark knew that and wrote %2B.
    if any(access_rules.same_secret(text, expected) for text in {given.strip(), given.strip().replace(" ", "+")}):
        cookie = access_rules.make_session_cookie(expected, backend.clock.now())
        header = cookie_header(cookie, secure=request.scope["scheme"] == "https")
        if access_rules.is_cross_site(request.headers.get("sec-fetch-site", "")):
            return same_site_redirect(header, address)
        return RedirectResponse(address, 303, {"Set-Cookie": header})
    throttle: TokenThrottle = request.app.state.throttle
    wait_s = throttle.record_wrong_token(request.client.host if request.client is not None else "")
    if wait_s > 0:
        return error_response(429, "too many wrong tokens; wait a minute", {"Retry-After": str(round(wait_s) + 1)})
    return RedirectResponse(_address_again(address), 303)


def _expected_token(request: Request) -> str | None:
    access: access_rules.AccessPolicy = request.app.state.access
    return access.token
