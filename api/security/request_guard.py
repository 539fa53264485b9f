"""Runs before every endpoint: refuses what `api.security.request_limits` and `api.security.access_rules` refuse,
and adds headers to answers.
"""

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.error_responses import error_response
from api.page_errors import refusal_response
from api.security import access_rules, kiosk, request_limits
from api.security.access_rules import AccessPolicy, AuthResult
from api.security.accounts import IDENTITY, KIOSK_VIEWER, NOBODY, Accounts, Identity
from api.security.client_address import client_address, is_forwarded_https
from api.security.client_limits import TokenThrottle
from api.security.login import cookie_header, same_site_redirect, token_of_query
from api.security.page_paths import is_page_path, login_address, page_address
from api.security.permissions import ENDPOINT_RULES, Endpoints, refusal_of
from api.security.proxy_sign_in import ProxyUser, proxy_user
from domain.audit_origin import AuditOrigin, audit_origin
from domain.ports import Clock

_HTTP_VERSIONS = frozenset({"1.0", "1.1", "2", "3"})
_IGNORED_HEADERS = frozenset({b"range", b"if-range"})
"""Parts of files are not served: answering with the whole is always right."""
PEER = "sightline.peer"
"""Where a request's scope has the other end of the connection, whatever headers say."""
KIOSK_SCOPE = "sightline.kiosk"
"""Where a request's scope has the `KioskLink` that let it in; absent where the token or a session did."""


class RequestGuard:
    """Pure ASGI, so that live streams pass unbuffered."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: AccessPolicy,
        accounts: Accounts,
        endpoints: Endpoints,
        throttle: TokenThrottle,
        clock: Clock,
    ) -> None:
        self._app = app
        self._access = access
        self._accounts = accounts
        self._endpoints = endpoints
        self._readers = CapacityLimiter(1)
        self._throttle = throttle
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        cookie = ""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in access_rules.SECURITY_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
                if cookie and "set-cookie" not in headers:
                    headers["Set-Cookie"] = cookie
            await send(message)

        refusal = self._shape_refusal(scope)
        if refusal is None:
            scope = self._resolve_client(scope)
            await self._refresh_accounts(scope["path"])
            refusal = self._site_refusal(scope) or self._entry_refusal(scope) or self._role_refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        cookie = self._renew_cookie(scope)
        identity: Identity = scope.get(IDENTITY, NOBODY)
        with audit_origin(AuditOrigin(scope["client"][0], identity.via)):
            await self._app(scope, _limit_body(receive), send_with_headers)

    async def _refresh_accounts(self, path: str) -> None:
        """Read users and keys where they are old; one request waits for it, and none that asks for liveness."""
        if self._accounts.old and path not in access_rules.OPEN_PATHS and not self._readers.borrowed_tokens:
            await anyio.to_thread.run_sync(self._accounts.refresh, limiter=self._readers)

    def _shape_refusal(self, scope: Scope) -> Response | None:
        if scope["http_version"] not in _HTTP_VERSIONS:
            return error_response(400, "this version of HTTP is not spoken here")
        raw_path = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass")
        refusal = request_limits.request_refusal(scope["method"], raw_path, scope["query_string"], scope["headers"])
        # Where the ends of a request are in doubt, nothing after it may be read as another one.
        ends = {"Connection": "close"} if refusal is not None and refusal[0] in (400, 431) else None
        return refusal_response(scope["method"], raw_path, *refusal, ends) if refusal is not None else None

    def _resolve_client(self, scope: Scope) -> Scope:
        """Return the scope with the real client's address and scheme, as far as listed proxies name them."""
        headers, (peer, port) = Headers(scope=scope), scope.get("client") or ("", 0)
        proxies = self._access.trusted_proxies
        client = client_address(peer, headers.getlist("x-forwarded-for"), headers.getlist("forwarded"), proxies)
        https = is_forwarded_https(peer, headers.get("x-forwarded-proto", ""), proxies)
        kept = [pair for pair in scope["headers"] if pair[0] not in _IGNORED_HEADERS]
        scheme = "https" if https else scope["scheme"]
        return {**scope, "client": (client, port), "scheme": scheme, "headers": kept, PEER: peer}

    def _site_refusal(self, scope: Scope) -> Response | None:
        headers, method = Headers(scope=scope), scope["method"]
        host = headers.get("host", "")
        reason = access_rules.host_refusal(host, self._access, requires_sign_in=self._accounts.requires_sign_in)
        if reason:
            return error_response(421, reason)
        fetched = [headers.get(f"sec-fetch-{what}", "") for what in ("site", "mode", "dest")]
        reason = access_rules.origin_refusal(headers.get("origin", ""), host) or access_rules.fetch_refusal(
            method, *fetched
        )
        return error_response(403, reason) if reason else None

    def _entry_refusal(self, scope: Scope) -> Response | None:
        named = self._proxy_entry(scope)
        if isinstance(named, Identity):
            scope[IDENTITY] = named
            return None
        return error_response(403, named) if named else self._shown_refusal(scope)

    def _shown_refusal(self, scope: Scope) -> Response | None:
        headers, path = Headers(scope=scope), scope["path"]
        entry = self._accounts.identify(
            path, headers.get("authorization", ""), headers.get("cookie", ""), self._access, self._clock.now()
        )
        if isinstance(entry, Identity):
            scope[IDENTITY] = entry
            return None
        if entry is AuthResult.WRONG:
            return wrong_token_response(self._throttle.record_wrong_token(scope["client"][0]))
        if entry is not AuthResult.NOTHING or self._is_kiosk(scope, headers):
            return None
        if is_page_path(path):
            return self._lead_to_login(scope, headers)
        return error_response(401, "a token is needed: Authorization: Bearer ...", {"WWW-Authenticate": "Bearer"})

    def _proxy_entry(self, scope: Scope) -> Identity | str:
        """Return whom a listed proxy signed in, why the request is refused, or "" where no proxy names anybody."""
        policy = self._accounts.policy.proxy
        user = proxy_user(scope[PEER], scope["headers"], policy) if policy is not None else None
        if isinstance(user, ProxyUser):
            return self._accounts.of_groups(user.name, user.groups, "proxy")
        return user or ""

    def _lead_to_login(self, scope: Scope, headers: Headers) -> Response | None:
        # A token in the address is exchanged for a cookie by the page itself.
        if token_of_query(scope["query_string"]) is not None:
            return None
        address = page_address(scope["path"], scope["query_string"].decode("utf-8", "replace"))
        if access_rules.is_cross_site(headers.get("sec-fetch-site", "")):
            return same_site_redirect(address=address)
        return RedirectResponse(login_address(address), 303)

    def _role_refusal(self, scope: Scope) -> Response | None:
        """Refuse what the role or the scope of whoever asks does not allow; what nobody must sign for has no identity.

        A path without an endpoint is the router's to answer.
        """
        identity: Identity | None = scope.get(IDENTITY)
        endpoint = self._endpoints.find(scope)
        if identity is None or endpoint is None:
            return None
        reason = refusal_of(identity, ENDPOINT_RULES.get(endpoint))
        return error_response(403, reason) if reason else None

    def _is_kiosk(self, scope: Scope, headers: Headers) -> bool:
        """Let in who holds a good link of the kiosk, to read the wall alone; note what the link allows."""
        secret = self._accounts.link_secret(self._access)
        if not secret or not kiosk.is_kiosk_request(scope["method"], scope["path"]):
            return False
        now = self._clock.now()
        for key in kiosk.keys_of_cookies(headers.get("cookie", "")):
            link = kiosk.parse_kiosk_key(key, secret, now)
            if link is not None and not self._accounts.is_ended(link.link_id):
                scope[KIOSK_SCOPE] = link
                scope[IDENTITY] = KIOSK_VIEWER
                return True
        # The page itself exchanges the key of an address for a cookie.
        return scope["path"] == kiosk.KIOSK_PATH and b"key=" in scope["query_string"]

    def _renew_cookie(self, scope: Scope) -> str:
        now, token = self._clock.now(), self._access.token
        for cookie in access_rules.session_cookie_values(Headers(scope=scope).get("cookie", "")):
            fresh = access_rules.renew_session_cookie(cookie, token, now) if token else ""
            fresh = fresh or self._accounts.renew_cookie(cookie, self._access, now)
            if fresh:
                return cookie_header(fresh, secure=scope["scheme"] == "https")
        return ""


def wrong_token_response(wait_s: float) -> Response:
    """Return the answer to a wrong token; the connection ends with it, so that each guess costs a new one."""
    if wait_s > 0:
        later = {"Retry-After": str(round(wait_s) + 1), "Connection": "close"}
        return error_response(429, "too many wrong tokens; wait a minute", later)
    return error_response(401, "this token is wrong", {"WWW-Authenticate": "Bearer", "Connection": "close"})


def _limit_body(receive: Receive) -> Receive:
    """Count the body as it comes, for requests that do not say its length."""
    length = 0

    async def receive_bounded() -> Message:
        nonlocal length
        message = await receive()
        if message["type"] == "http.request":
            length += len(message.get("body", b""))
            if length > request_limits.MAX_BODY_BYTES:
                raise HTTPException(413, f"the body is longer than {request_limits.MAX_BODY_BYTES} bytes")
        return message

    return receive_bounded
