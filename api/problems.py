"""Every refusal and failure is one JSON object with one sentence, `{"error": "..."}`, free of credentials."""

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from api.bounds import one_line
from domain.errors import SightlineError, StoreUnavailable
from domain.urls import redacted

LONGEST_MESSAGE = 1000
LONGEST_NAME = 120

_log = logging.getLogger(__name__)


def problem(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return the answer; a long message is cut, once nothing is left in it that a cut could make unrecognisable."""
    text = one_line(redacted(message), LONGEST_MESSAGE)
    return JSONResponse({"error": text}, status_code=status, headers=headers)


def no_camera(name: str) -> HTTPException:
    return HTTPException(404, f"there is no camera named '{one_line(name, LONGEST_NAME)}'")


def validation_message(errors: Sequence[Any]) -> str:
    """Return the first error of a refused request as "where: what", without repeating the value sent."""
    first = errors[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("query", "path", "body"))
    return f"{where or 'body'}: {first['msg'][0].lower()}{first['msg'][1:]}"


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return problem(422, validation_message(error.errors()))


async def _answered(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException)
    headers = dict(error.headers) if error.headers else None
    return problem(error.status_code, str(error.detail), headers)


async def _store_away(request: Request, error: Exception) -> JSONResponse:
    return problem(503, f"the store is away, try again: {error}", {"Retry-After": "5"})


async def _ours(request: Request, error: Exception) -> JSONResponse:
    # The path is the asker's text; the route is ours.
    _log.warning("%s %s: %s", request.method, getattr(request.scope.get("route"), "path", ""), error)
    return problem(500, str(error))


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    return problem(500, "internal error; the log of Sightline says more")


async def _gone(request: Request, error: Exception) -> JSONResponse:
    """Answer nobody: the connection ended before the body did, which is no fault of ours and no line in the log."""
    return problem(400, "the body did not arrive")


def install(app: FastAPI) -> None:
    app.add_exception_handler(RequestValidationError, _refused)
    app.add_exception_handler(StarletteHTTPException, _answered)
    app.add_exception_handler(StoreUnavailable, _store_away)
    app.add_exception_handler(SightlineError, _ours)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unforeseen)
