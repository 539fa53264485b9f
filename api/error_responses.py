"""Every refusal and failure is one JSON object with one sentence, `{"error": "..."}`, free of credentials."""

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from api.security.request_limits import one_line
from domain.errors import SightlineError, StoreUnavailable
from domain.text.camera_urls import redact_text
from domain.text.value_errors import describe_value_error

MAX_MESSAGE_LENGTH = 1000
MAX_SHOWN_NAME = 120

_log = logging.getLogger(__name__)


def error_response(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return the answer; a long message is cut, once nothing is left in it that a cut could make unrecognisable."""
    text = one_line(redact_text(message), MAX_MESSAGE_LENGTH)
    return JSONResponse({"error": text}, status_code=status, headers=headers)


def camera_not_found(name: str) -> HTTPException:
    return HTTPException(404, f"there is no camera named '{one_line(name, MAX_SHOWN_NAME)}'")


def validation_message(errors: Sequence[Any]) -> str:
    """Return the first error of a refused request as "where: what", without repeating the value sent."""
    first = errors[0]
    kind, context = first["type"], first.get("ctx", {})
    what = describe_value_error(kind, context, first["msg"])
    return f"{_place(first['loc'], kind)}: {what[0].lower()}{what[1:]}"


def _place(loc: Sequence[int | str], kind: str) -> str:
    """Return where a value is, as people write it: `masks[0].left`; a place in the text where it is no JSON."""
    parts = [part for part in loc if part not in ("query", "path", "body", "header")]
    if kind == "json_invalid":
        return f"body, character {parts[0]}" if parts else "body"
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text.removesuffix(".[key]") or "body"


async def _answer_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return error_response(422, validation_message(error.errors()))


async def _answer_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException)
    headers = dict(error.headers) if error.headers else None
    return error_response(error.status_code, str(error.detail), headers)


async def _answer_store_unavailable(request: Request, error: Exception) -> JSONResponse:
    return error_response(503, f"the store is unavailable, try again: {error}", {"Retry-After": "5"})


async def _answer_sightline_error(request: Request, error: Exception) -> JSONResponse:
    # The path is the asker's text; the route is ours.
    _log.warning("%s %s: %s", request.method, getattr(request.scope.get("route"), "path", ""), error)
    return error_response(500, str(error))


async def _answer_unexpected_error(request: Request, error: Exception) -> JSONResponse:
    return error_response(500, "internal error; the log of Sightline says more")


async def _answer_disconnect(request: Request, error: Exception) -> JSONResponse:
    """Answer nothing: the client left before its body ended, which is no error of ours and needs no log line."""
    return error_response(400, "the body did not arrive")


def install_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(RequestValidationError, _answer_invalid_request)
    app.add_exception_handler(StarletteHTTPException, _answer_http_error)
    app.add_exception_handler(StoreUnavailable, _answer_store_unavailable)
    app.add_exception_handler(SightlineError, _answer_sightline_error)
    app.add_exception_handler(ClientDisconnect, _answer_disconnect)
    app.add_exception_handler(Exception, _answer_unexpected_error)
