"""What a browser is shown at an address of the page that cannot be opened: a page, and no JSON."""

from html import escape
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse, Response

from api.error_responses import MAX_MESSAGE_LENGTH, error_response
from api.security.page_paths import PAGE_ROOTS
from api.security.request_limits import one_line
from domain.text.camera_urls import redact_text

_PAGE = Template((Path(__file__).parent / "page" / "refused.html").read_text(encoding="utf-8"))
_ROOTS = tuple(root.encode() for root in PAGE_ROOTS)


def is_page_request(method: str, raw_path: bytes) -> bool:
    """Return whether a browser asks for a view, well written or not. `raw_path` is the path as it was sent."""
    path = raw_path.partition(b"?")[0]
    below = path.startswith(tuple(root + b"/" for root in _ROOTS)) or path.startswith(tuple(r + b"%" for r in _ROOTS))
    return method in ("GET", "HEAD") and (path in (b"/", *_ROOTS) or below)


def refusal_response(
    method: str, raw_path: bytes, status: int, reason: str, headers: dict[str, str] | None = None
) -> Response:
    """Return a refusal in the form that the address is answered in: a page for a view, else one JSON object."""
    if not is_page_request(method, raw_path):
        return error_response(status, reason, headers)
    text = escape(one_line(redact_text(reason), MAX_MESSAGE_LENGTH))
    return HTMLResponse(_PAGE.substitute(reason=text), status, headers)
