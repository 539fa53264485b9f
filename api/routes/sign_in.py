"""Signing in and out: with the token, a name and a password, another service, and as the first administrator."""

import re
from dataclasses import replace
from datetime import datetime
from html import escape
from pathlib import Path

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.error_responses import error_response
from api.request_context import BackendDependency
from api.security import access_rules, sign_on
from api.security.accounts import IDENTITY, Accounts, Identity, make_user_cookie
from api.security.client_limits import PasswordThrottle, TokenThrottle
from api.security.group_rules import known_groups
from api.security.login import cookie_header, end_of_cookie, form_field, same_site_redirect, token_field
from api.security.page_paths import address_after_login, login_address
from api.security.passwords import check_new_password, hash_password, is_password
from api.security.proxy_sign_in import MAX_PERSON_NAME
from api.security.session_cookies import SIGN_ON_LIFE, make_sign_on_cookie, session_digest, session_start
from api.security.setup_token import setup_digest
from domain.access import AccessScope, User, UserRole
from domain.errors import ConfigError, SignOnRefused, SignOnUnavailable, StoreUnavailable
from domain.ports import SignOnService
from domain.records import AuditEntry
from domain.text.names import clean_name

_PAGE_FOLDER = Path(__file__).parents[1] / "page"
_PASSWORD_CHECKS = CapacityLimiter(2)
"""Each takes 64 MiB and a core for a moment."""
_SERVICE_CALLS = CapacityLimiter(4)
_MESSAGES = {
    "wrong": "This is not right. Check the name and the password, or the token, and try again.",
    "out": "You are signed out.",
}
_SETUP_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,100}")

router = APIRouter(include_in_schema=False)


@router.get("/login")
def form(request: Request) -> Response:
    """Return the form; without a token set and without users there is nothing to ask for."""
    if not expected_token(request) and not _accounts(request).requires_sign_in:
        return RedirectResponse(address_after_login(_query(request)), 303)
    keys = form_keys(_query(request))
    return _login_page(request, next((text for key, text in _MESSAGES.items() if key in keys), ""))


@router.post("/login")
async def login(request: Request, backend: BackendDependency) -> Response:
    """Take the token or the name and password, give a cookie, and lead to the address that was asked for."""
    text = (await request.body()).decode(errors="replace")
    address = address_after_login(_query(request))
    name, password = (form_field(text, field) or "" for field in ("user", "password"))
    if name or password:
        return await _exchange_password(request, backend, name.strip(), password, address)
    return await anyio.to_thread.run_sync(exchange_token, request, backend, token_field(text) or "", address)


@router.post("/logout")
def logout(request: Request, backend: BackendDependency) -> Response:
    """End the session in every process, and take its cookie back."""
    accounts, now = _accounts(request), backend.clock.now()
    identity: Identity | None = request.scope.get(IDENTITY)
    if identity is not None and identity.session:
        began = _session_start(request, identity.session) or now
        accounts.end_here(identity.session)
        if accounts.store is not None:
            try:
                until = began + access_rules.MAX_SESSION_LIFE
                accounts.store.end_session(identity.session, until=until, by=identity.label, at=now)
            except StoreUnavailable:
                return error_response(
                    503, "signed out here; the database is unavailable, so sign out again later to end it everywhere"
                )
    return RedirectResponse("/login?out", 303, {"Set-Cookie": end_of_cookie(secure=_secure(request))})


@router.get("/login/sso")
async def begin_sign_on(request: Request, backend: BackendDependency) -> Response:
    """Lead to the service that signs people in."""
    service, secret = _service(request), _accounts(request).secret
    if service is None or not secret:
        return error_response(404, "no other service signs people in here")
    began = sign_on.begin(secret, backend.clock.now(), address_after_login(_query(request)))
    try:
        address = await anyio.to_thread.run_sync(service.address, began.step, limiter=_SERVICE_CALLS)
    except SignOnUnavailable as error:
        return _login_page(request, str(error), status=503)
    cookie = sign_on.cookie_header(began.cookie, secure=_secure(request))
    return RedirectResponse(address, 303, {"Set-Cookie": cookie})


@router.get("/login/sso/return")
async def end_sign_on(request: Request, backend: BackendDependency) -> Response:
    """Take what the service sends back, and give a session of whom it signed in."""
    service, accounts = _service(request), _accounts(request)
    if service is None or not accounts.secret:
        return error_response(404, "no other service signs people in here")
    now, query = backend.clock.now(), request.query_params
    waiting = sign_on.find_step(request.headers.get("cookie", ""), query.get("state", ""), accounts.secret, now)
    if waiting is None:
        return _login_page(request, "This sign-in was not begun in this browser, or took too long; try again.", 400)
    if "code" not in query:
        return _login_page(request, "The service did not sign you in; try again, or ask an administrator.", 403)
    try:
        await anyio.to_thread.run_sync(accounts.refresh, limiter=_PASSWORD_CHECKS)
        signed_on = await anyio.to_thread.run_sync(
            service.identify, waiting.step, query["code"], now, limiter=_SERVICE_CALLS
        )
        who = accounts.of_groups(signed_on.name, signed_on.groups, "single sign-on")
        if isinstance(who, str):
            raise SignOnRefused(who)
    except (SignOnRefused, SignOnUnavailable) as error:
        unavailable = isinstance(error, SignOnUnavailable)
        if not unavailable:
            await _note(request, backend, "", "refuse sign-in", "single sign-on")
        return _login_page(request, str(error), 503 if unavailable else 403)
    await _note(request, backend, who.name, "sign in", "single sign-on")
    user = replace(signed_on, groups=known_groups(signed_on.groups, accounts.policy.rules))
    cookie = make_sign_on_cookie(user, accounts.secret, now)
    header = cookie_header(cookie, secure=_secure(request), life=SIGN_ON_LIFE)
    answer = same_site_redirect(header, waiting.address)
    answer.headers.append("Set-Cookie", sign_on.cookie_header("", secure=_secure(request)))
    return answer


@router.get("/setup")
def setup_form(request: Request) -> Response:
    """Return the form for the first administrator; looking at it uses nothing up."""
    if _accounts(request).has_users or _accounts(request).store is None:
        return RedirectResponse("/login", 303)
    token = form_field(_query(request), "token") or ""
    return _setup_page(token if _SETUP_TOKEN.fullmatch(token) else "", "")


@router.post("/setup")
async def setup(request: Request, backend: BackendDependency) -> Response:
    """Make the first administrator with the token that was printed at the start, which is then used up."""
    accounts, text = _accounts(request), (await request.body()).decode(errors="replace")
    token, name, first, second = (form_field(text, each) or "" for each in ("token", "user", "password", "again"))
    token = token.strip()
    store, shown = accounts.store, token if _SETUP_TOKEN.fullmatch(token) else ""
    if store is None or accounts.has_users:
        return RedirectResponse("/login", 303)
    try:
        name = clean_name(name.strip(), where="Name")
        if len(name) > MAX_PERSON_NAME:
            raise ConfigError(f"Name: at most {MAX_PERSON_NAME} characters")
        check_new_password(first)
        if first != second:
            raise ConfigError("The two passwords differ")
    except ConfigError as error:
        return _setup_page(shown, str(error), 422)
    hashed = await anyio.to_thread.run_sync(hash_password, first, limiter=_PASSWORD_CHECKS)
    user, now = User(name, UserRole.ADMIN, hashed, AccessScope()), backend.clock.now()
    if not await anyio.to_thread.run_sync(lambda: store.use_setup_token(setup_digest(token), user, at=now)):
        return _refuse_setup(request)
    await anyio.to_thread.run_sync(lambda: accounts.refresh(at_once=True))
    cookie = make_user_cookie(user, request.app.state.access, now)
    return RedirectResponse("/", 303, {"Set-Cookie": cookie_header(cookie, secure=_secure(request))})


def _refuse_setup(request: Request) -> Response:
    throttle: TokenThrottle = request.app.state.throttle
    wait_s = throttle.record_wrong_token(_client(request))
    if wait_s > 0:
        return error_response(429, "too many wrong tokens; wait a minute", {"Retry-After": str(round(wait_s) + 1)})
    reason = "This token is wrong, used or over. `sightline users setup` prints a new one."
    return _setup_page("", reason, 403)


async def _exchange_password(
    request: Request, backend: BackendDependency, name: str, password: str, address: str
) -> Response:
    accounts, throttle = _accounts(request), request.app.state.passwords
    assert isinstance(throttle, PasswordThrottle)
    client = _client(request)
    wait_s = throttle.begin(name[: MAX_PERSON_NAME + 1], client)
    if wait_s > 0:
        return error_response(429, "too many wrong passwords; wait a minute", {"Retry-After": str(round(wait_s) + 1)})
    await anyio.to_thread.run_sync(accounts.refresh, limiter=_PASSWORD_CHECKS)
    user = accounts.user(name)
    password_hash = user.password_hash if user is not None else None
    right = await anyio.to_thread.run_sync(is_password, password, password_hash, limiter=_PASSWORD_CHECKS)
    if user is None or not right:
        # A name that is none may be a password in the wrong field. It is written down after the answer: the time that
        # an answer takes would say which names there are.
        known = name if accounts.user(name) else ""
        later = BackgroundTask(_note, request, backend, known, "refuse sign-in", "password")
        return RedirectResponse(_address_again(address), 303, background=later)
    throttle.forgive(name[: MAX_PERSON_NAME + 1], client)
    await _note(request, backend, user.name, "sign in", "password")
    cookie = make_user_cookie(user, request.app.state.access, backend.clock.now())
    return RedirectResponse(address, 303, {"Set-Cookie": cookie_header(cookie, secure=_secure(request))})


def exchange_token(request: Request, backend: BackendDependency, token_text: str, address: str) -> Response:
    """Give a cookie for the right token, and lead to `address`."""
    expected = expected_token(request)
    if not expected:
        return RedirectResponse(_address_again(address) if _accounts(request).requires_sign_in else address, 303)
    # A plus sign in an address means a blank, unless whoever made the bookmark knew that and wrote %2B.
    if any(
        access_rules.same_secret(text, expected) for text in {token_text.strip(), token_text.strip().replace(" ", "+")}
    ):
        now = backend.clock.now()
        backend.audit.record(_entry(request, now, "(token)", "sign in", "token"))
        header = cookie_header(access_rules.make_session_cookie(expected, now), secure=_secure(request))
        if access_rules.is_cross_site(request.headers.get("sec-fetch-site", "")):
            return same_site_redirect(header, address)
        return RedirectResponse(address, 303, {"Set-Cookie": header})
    throttle: TokenThrottle = request.app.state.throttle
    wait_s = throttle.record_wrong_token(_client(request))
    if wait_s > 0:
        return error_response(429, "too many wrong tokens; wait a minute", {"Retry-After": str(round(wait_s) + 1)})
    backend.audit.record_hourly(_entry(request, backend.clock.now(), "", "refuse sign-in", "token"))
    return RedirectResponse(_address_again(address), 303)


async def _note(request: Request, backend: BackendDependency, name: str, action: str, via: str) -> None:
    """Write a sign-in down; of refused ones the first of each hour, or a stranger could fill the audit."""
    write = backend.audit.record if action == "sign in" else backend.audit.record_hourly
    await anyio.to_thread.run_sync(write, _entry(request, backend.clock.now(), name, action, via))


def _entry(request: Request, now: datetime, name: str, action: str, via: str) -> AuditEntry:
    return AuditEntry(now, name, action, name, client=_client(request), via=via)


def _login_page(request: Request, message: str, status: int = 200) -> Response:
    accounts = _accounts(request)
    # Where there are no users, a name and a password would open nothing.
    text = (_PAGE_FOLDER / ("sign-in.html" if accounts.requires_sign_in else "login.html")).read_text(encoding="utf-8")
    service, address = _service(request), address_after_login(_query(request))
    link = ""
    if service is not None:
        begin = login_address(address).replace("/login", "/login/sso", 1)
        link = f'<p class="buttons"><a href="{escape(begin)}">Sign in with {escape(service.label)}</a></p>'
    return HTMLResponse(text.replace("<!-- elsewhere -->", link).replace("<!-- message -->", _alert(message)), status)


def _setup_page(token: str, message: str, status: int = 200) -> Response:
    text = (_PAGE_FOLDER / "setup.html").read_text(encoding="utf-8")
    text = text.replace('name="token" value=""', f'name="token" value="{escape(token)}"')
    return HTMLResponse(text.replace("<!-- message -->", _alert(message)), status)


def _alert(message: str) -> str:
    return f'<p class="problem" role="alert">{escape(message)}</p>' if message else ""


def _address_again(address: str) -> str:
    again = login_address(address)
    return f"{again}{'&' if '?' in again else '?'}wrong"


def form_keys(query: str) -> frozenset[str]:
    """Return the fields of a query that have no value."""
    return frozenset(part for part in query.split("&")[:16] if part.isalpha())


def _session_start(request: Request, digest: str) -> datetime | None:
    cookies = access_rules.session_cookie_values(request.headers.get("cookie", ""))
    return next((session_start(each) for each in cookies if session_digest(each) == digest), None)


def _accounts(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts


def _service(request: Request) -> SignOnService | None:
    service: SignOnService | None = request.app.state.sign_on
    return service


def _client(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _secure(request: Request) -> bool:
    return bool(request.scope["scheme"] == "https")


def _query(request: Request) -> str:
    return str(request.scope["query_string"].decode("utf-8", "replace"))


def expected_token(request: Request) -> str | None:
    access: access_rules.AccessPolicy = request.app.state.access
    return access.token
