"""The live page.

Static files of this package; nothing is loaded from elsewhere.
"""

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.error_responses import error_response
from api.page_errors import refusal_response
from api.page_files import PageFiles
from api.request_context import BackendDependency
from api.routes.sign_in import exchange_token
from api.security import kiosk
from api.security.login import same_site_redirect, token_of_query
from api.security.page_paths import PAGE_ROOTS, is_page_path, page_address

_PAGE_FOLDER = Path(__file__).parents[1] / "page"

router = APIRouter(include_in_schema=False)
static = PageFiles(_PAGE_FOLDER)


def page(request: Request, backend: BackendDependency) -> Response:
    """Return the page, which shows the view of its address.

    A token in the address is exchanged for a cookie at once, so that it is not left there.
    """
    token = token_of_query(request.scope["query_string"])
    if token is not None:
        address = page_address(request.scope["path"], _query(request))
        return exchange_token(request, backend, token, address)
    if request.scope["path"] == kiosk.KIOSK_PATH and "key" in request.query_params:
        return _exchange_kiosk_key(request, backend)
    if not is_page_path(request.scope["path"]):
        raw_path = request.scope.get("raw_path") or request.scope["path"].encode("utf-8", "surrogatepass")
        return refusal_response(request.method, raw_path, 404, "there is nothing here")
    return static.page(request.scope["path"])


router.add_api_route("/", page)
for _root in PAGE_ROOTS:
    router.add_api_route(_root, page)
    router.add_api_route(f"{_root}/{{rest:path}}", page)


def _exchange_kiosk_key(request: Request, backend: BackendDependency) -> Response:
    """Give a cookie for the key of a kiosk link, so that the key does not stay in the address."""
    token = request.app.state.accounts.link_secret(request.app.state.access)
    if not token:
        return RedirectResponse(kiosk.KIOSK_PATH, 303)
    now = backend.clock.now()
    key = request.query_params["key"]
    link = kiosk.parse_kiosk_key(key, token, now)
    if link is None or request.app.state.accounts.is_ended(kiosk.kiosk_link_id(key)):
        return error_response(401, "this link is over or damaged; ask for a new one")
    header = kiosk.kiosk_cookie_header(key, link, now, secure=request.scope["scheme"] == "https")
    return same_site_redirect(header, kiosk.KIOSK_PATH)


def _query(request: Request) -> str:
    return str(request.scope["query_string"].decode("utf-8", "replace"))
