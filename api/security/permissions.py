"""The one table of what each endpoint asks for. An endpoint without a row is refused, and a test fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from api.security.accounts import Identity
from domain.access import UserRole


@dataclass(frozen=True, slots=True)
class EndpointRule:
    """The least role; `scoped` that the answer depends on the cameras somebody may see; `whole` that it is refused
    to whoever may not see all of them.
    """

    role: UserRole
    scoped: bool = False
    whole: bool = False


_VIEW, _SEE = EndpointRule(UserRole.VIEWER), EndpointRule(UserRole.VIEWER, scoped=True)
_ACT = EndpointRule(UserRole.OPERATOR, scoped=True)
_CONFIGURE = EndpointRule(UserRole.ADMIN, scoped=True)
_OWN = EndpointRule(UserRole.ADMIN, whole=True)

ENDPOINT_RULES: Mapping[str, EndpointRule] = {
    "GET /": _VIEW,
    "GET /cameras": _VIEW,
    "GET /cameras/{rest:path}": _VIEW,
    "GET /incidents": _VIEW,
    "GET /incidents/{rest:path}": _VIEW,
    "GET /kiosk": _VIEW,
    "GET /kiosk/{rest:path}": _VIEW,
    "GET /reports": _VIEW,
    "GET /reports/{rest:path}": _VIEW,
    "GET /audit": _VIEW,
    "GET /audit/{rest:path}": _VIEW,
    "GET /maintenance": _VIEW,
    "GET /maintenance/{rest:path}": _VIEW,
    "GET /docs": _VIEW,
    "GET /docs/{rest:path}": _VIEW,
    "GET /login": _VIEW,
    "POST /login": _VIEW,
    "GET /login/sso": _VIEW,
    "GET /login/sso/return": _VIEW,
    "POST /logout": _VIEW,
    "GET /setup": _VIEW,
    "POST /setup": _VIEW,
    "GET /static": _VIEW,
    "GET /healthz": _VIEW,
    "GET /readyz": _SEE,
    "GET /metrics": _SEE,
    "GET /api/v1/openapi.json": _VIEW,
    "GET /api/v1/me": _VIEW,
    "GET /api/v1/models": _VIEW,
    "GET /api/v1/metrics": _VIEW,
    "GET /api/v1/faults": _VIEW,
    "GET /api/v1/live": _SEE,
    "GET /api/v1/alerts": _SEE,
    "GET /api/v1/alarm-precision": _SEE,
    "GET /api/v1/sensitivity-proposals": _SEE,
    "POST /api/v1/sensitivity-proposals/apply": _CONFIGURE,
    "GET /api/v1/cameras": _SEE,
    "GET /api/v1/site-comparison": _SEE,
    "POST /api/v1/cameras": _OWN,
    "GET /api/v1/cameras/{name}": _SEE,
    "PATCH /api/v1/cameras/{name}": _CONFIGURE,
    "GET /api/v1/cameras/{name}/settings": _SEE,
    "GET /api/v1/cameras/{name}/latest": _SEE,
    "GET /api/v1/cameras/{name}/scores": _SEE,
    "GET /api/v1/cameras/{name}/verdicts": _SEE,
    "GET /api/v1/cameras/{name}/timeline": _SEE,
    "GET /api/v1/cameras/{name}/transitions": _SEE,
    "GET /api/v1/cameras/{name}/picture": _SEE,
    "POST /api/v1/cameras/{name}/remove": _CONFIGURE,
    "POST /api/v1/cameras/{name}/accept": _ACT,
    "POST /api/v1/cameras/{name}/maintenance": _ACT,
    "POST /api/v1/camera-trials": _CONFIGURE,
    "GET /api/v1/camera-changes": _SEE,
    "POST /api/v1/camera-changes/{change_id}/undo": _CONFIGURE,
    "GET /api/v1/incidents": _SEE,
    "GET /api/v1/incidents/{incident_id:path}": _SEE,
    "GET /api/v1/incidents/{incident_id:path}/log": _SEE,
    "POST /api/v1/incidents/acknowledge": _ACT,
    "POST /api/v1/incidents/{incident_id:path}/acknowledge": _ACT,
    "POST /api/v1/incidents/{incident_id:path}/assign": _ACT,
    "POST /api/v1/incidents/{incident_id:path}/comment": _ACT,
    "POST /api/v1/incidents/{incident_id:path}/answer": _ACT,
    "POST /api/v1/incidents/{incident_id:path}/snooze": _ACT,
    "GET /api/v1/maintenance": _SEE,
    "POST /api/v1/maintenance/{window_id}/end": _ACT,
    "GET /api/v1/maintenance/schedules": _SEE,
    "POST /api/v1/maintenance/schedules": _ACT,
    "POST /api/v1/maintenance/schedules/{schedule_id}/end": _ACT,
    "GET /api/v1/snoozes": _SEE,
    "POST /api/v1/snoozes/{snooze_id}/end": _ACT,
    "GET /api/v1/shadow": _SEE,
    "GET /api/v1/reports": _SEE,
    "GET /api/v1/kiosk-links": _ACT,
    "POST /api/v1/kiosk-links": _ACT,
    "POST /api/v1/kiosk-links/{link_id}/end": _ACT,
    "GET /api/v1/audit": _CONFIGURE,
    "GET /api/v1/audit/export": _CONFIGURE,
    "GET /api/v1/receivers": _OWN,
    "POST /api/v1/receivers/{name}/test": _OWN,
}


def refusal_of(identity: Identity, rule: EndpointRule | None) -> str:
    """Return why somebody may not use an endpoint, or ""; it does not depend on what is asked for there."""
    if rule is None:
        return "nobody may use this: it has no rule; tell the makers of Sightline"
    if not identity.role.covers(rule.role):
        return f"this needs the role '{rule.role}', and you have '{identity.role}'; ask an administrator"
    if rule.whole and not identity.scope.is_unrestricted:
        return "this needs an account that may see every camera; ask an administrator"
    return ""


class Endpoints:
    """The endpoints in the order in which the router tries them."""

    def __init__(
        self,
        own: Sequence[Route],
        included: Sequence[tuple[str, APIRouter]],
        *,
        mounts: Sequence[str] = (),
    ) -> None:
        """Take the application's own routes, routers with the prefix of each, and the paths below which files lie."""
        routes = [("", route) for route in own]
        routes += [(prefix, each) for prefix, router in included for each in router.routes if isinstance(each, Route)]
        self._routes = [
            Route(prefix + each.path, _placeholder_endpoint, methods=sorted(each.methods or ()))
            for prefix, each in routes
        ]
        self._mounts = tuple(mounts)

    @property
    def keys(self) -> Sequence[str]:
        """Every endpoint as it is named in `ENDPOINT_RULES`."""
        pairs = [(method, route) for route in self._routes for method in sorted(route.methods or ())]
        named = [f"{method} {route.path}" for method, route in pairs if method != "HEAD"]
        return [*named, *(f"GET {mount}" for mount in self._mounts)]

    def find(self, scope: Scope) -> str | None:
        """Return the key in `ENDPOINT_RULES` of the endpoint that the router chooses; None where it chooses none."""
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        for route in self._routes:
            if route.matches(scope)[0] is Match.FULL:
                return f"{method} {route.path}"
        mounted = next((mount for mount in self._mounts if scope["path"].startswith(f"{mount}/")), None)
        return None if mounted is None else f"{method} {mounted}"


def _placeholder_endpoint(request: Request) -> Response:
    raise NotImplementedError
