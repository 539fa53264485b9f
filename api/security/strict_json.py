"""Reads JSON bodies strictly: a key given twice is refused, where JSON itself silently keeps the last.

Where somebody is signed in, their name replaces whatever the body says of who does it.
"""

import json
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from api.security.accounts import IDENTITY
from api.security.request_limits import one_line


class StrictRequest(Request):
    """A request whose JSON says one thing only."""

    takes_person = False
    """Whether the body says in `by` who does it."""

    async def json(self) -> Any:
        body = json.loads(await self.body(), object_pairs_hook=_refuse_duplicate_keys, parse_constant=_refuse_constant)
        identity = self.scope.get(IDENTITY)
        if self.takes_person and identity is not None and identity.name and isinstance(body, dict):
            body["by"] = identity.name
        return body


class StrictRoute(APIRoute):
    """The route class of endpoints that take a body."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        body_type = self.body_field.field_info.annotation if self.body_field is not None else None
        takes_person = "by" in getattr(body_type, "model_fields", {})

        async def strict(request: Request) -> Response:
            strictly = StrictRequest(request.scope, request.receive)
            strictly.takes_person = takes_person
            return await handle(strictly)

        return strict


def _refuse_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise HTTPException(400, f"the key '{one_line(twice, 60)}' is given twice")
    return content


def _refuse_constant(name: str) -> None:
    raise HTTPException(400, f"{name} is not a number of JSON")
