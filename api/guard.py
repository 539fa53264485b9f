"""Stands before every endpoint: refuses what `api.security` refuses, and adds its headers to every answer."""

from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import security
from api.problems import problem
from api.security import Access
from domain.ports import Clock


class Guard:
    """Pure ASGI, so that live streams pass unbuffered."""

    def __init__(self, app: ASGIApp, *, access: Access, clock: Clock) -> None:
        self._app = app
        self._access = access
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in security.HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, guarded)
            return
        await self._app(scope, _bounded(receive), guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        why = security.host_refusal(headers.get("host", ""), self._access)
        if why:
            return problem(421, why)
        why = security.origin_refusal(scope["method"], headers.get("origin", ""), headers.get("host", ""))
        if why:
            return problem(403, why)
        why = security.size_refusal(headers.get("content-length", ""), scope["query_string"])
        if why:
            return problem(413, why)
        if self._may_enter(scope, headers):
            return None
        if scope["path"] == "/":
            return RedirectResponse("/login", 303)
        return problem(401, "a token is needed: Authorization: Bearer ...", {"WWW-Authenticate": "Bearer"})

    def _may_enter(self, scope: Scope, headers: Headers) -> bool:
        path = scope["path"]
        if path == "/" and b"token=" in scope["query_string"]:
            return True  # exchanged for a cookie by the page itself
        cookie = cookie_value(headers.get("cookie", ""))
        return security.may_enter(path, headers.get("authorization", ""), cookie, self._access, self._clock.now())


def cookie_value(header: str) -> str:
    """Return our cookie of a Cookie header, "" where it is absent or the header cannot be read."""
    try:
        found = SimpleCookie(header).get(security.COOKIE) if header else None
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _bounded(receive: Receive) -> Receive:
    """Count the body as it comes, for requests that do not say its length."""
    length = 0

    async def counted() -> Message:
        nonlocal length
        message = await receive()
        if message["type"] == "http.request":
            length += len(message.get("body", b""))
            if length > security.LONGEST_BODY:
                raise HTTPException(413, f"the body is longer than {security.LONGEST_BODY} bytes")
        return message

    return counted
