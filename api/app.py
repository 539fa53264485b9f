"""Builds the API and the page over the ports it is given; it opens nothing and starts nothing."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route

from api import error_responses
from api.audit_trail import AuditTrail
from api.backend import Backend, OperatorServices, ProcessState
from api.camera_cache import CameraCache
from api.live_snapshots import LiveSnapshots
from api.routes import (
    alarm_answers,
    camera_editing,
    cameras,
    catalogue,
    health,
    incident_work,
    incidents,
    kiosk,
    live_events,
    me,
    models,
    page,
    picture,
    prometheus,
    receivers,
    scores,
    shadow_messages,
    sign_in,
    site_comparison,
)
from api.routes import audit as audit_routes
from api.routes import quiet_times as quiet_times_routes
from api.routes import reports as report_routes
from api.schemas.values import Problem
from api.security.access_rules import AccessPolicy, normalise_hosts
from api.security.accounts import Accounts
from api.security.client_address import parse_networks
from api.security.client_limits import LiveStreamLimit, PasswordThrottle, TokenThrottle
from api.security.permissions import ENDPOINT_RULES, Endpoints
from api.security.request_guard import RequestGuard
from domain.metrics import MetricSpec
from domain.ports import AlertStore, AuditStore, Clock, LiveState, ScoreStore, SignOnService, StreamStore

_PREFIX, _STATIC = "/api/v1", "/static"
_DESCRIPTION = """Which cameras can be relied on, and why not.

Times are ISO 8601 in UTC. Every error is `{"error": "..."}`. Where something is not known it is null or `unknown`,
never the last good value. With a token set, send `Authorization: Bearer TOKEN`."""


_ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in (401, 404, 422, 503)}


@dataclass(frozen=True)
class AccessOptions:
    """Who may ask, and how they show who they are."""

    token: str | None = None
    """The shared token; without one, only requests to this machine's own names and `allowed_hosts` are answered."""
    allowed_hosts: Collection[str] = ()
    """The names that this server is known by; where any are given, no other name is answered."""
    trusted_proxies: Collection[str] = ()
    """Addresses and networks whose word on a client's address counts."""
    accounts: Accounts = field(default_factory=partial(Accounts, None))
    """Users and their keys."""
    audit: AuditStore | None = None
    """Where it is kept who did what; None keeps nothing."""
    sign_on: SignOnService | None = None
    """Signing in through another service; None offers none."""


def create_app(
    stream_store: StreamStore,
    score_store: ScoreStore,
    alert_store: AlertStore,
    live: LiveState,
    *,
    metrics: Mapping[str, MetricSpec],
    clock: Clock,
    pictures: bool = True,
    access: AccessOptions | None = None,
    process: ProcessState | None = None,
    services: OperatorServices | None = None,
) -> FastAPI:
    """Return the application; with `app.state.stopping` set its live streams end.

    `metrics` are the numbers that can be charted, by key. Without `pictures` every request for one is answered 404.
    """
    app, access = _new_application(), access or AccessOptions()
    app.state.backend = Backend(
        stream_store=stream_store,
        score_store=score_store,
        alert_store=alert_store,
        live=live,
        camera_cache=CameraCache(stream_store),
        live_snapshots=LiveSnapshots(live, score_store, clock),
        audit=AuditTrail(access.audit, clock),
        metrics=metrics,
        clock=clock,
        pictures=pictures,
        process=process or ProcessState(),
        services=services or OperatorServices(),
    )
    _guard(app, access, clock)
    error_responses.install_error_handlers(app)
    return app


def _guard(app: FastAPI, access: AccessOptions, clock: Clock) -> None:
    """Add the endpoints, and what every request to them passes first."""
    hosts, proxies = normalise_hosts(access.allowed_hosts), parse_networks(access.trusted_proxies)
    app.state.access = AccessPolicy(access.token or None, hosts, proxies)
    app.state.accounts = access.accounts
    app.state.sign_on = access.sign_on
    app.state.throttle = TokenThrottle()
    app.state.passwords = PasswordThrottle()
    app.state.stopping = threading.Event()
    app.state.pages = LiveStreamLimit()
    app.state.look = live_events.SharedPageState(partial(live_events.read_page_state, app.state.backend))
    app.state.endpoints = _add_routes(app)
    _publish_roles(app)
    app.add_middleware(
        RequestGuard,
        access=app.state.access,
        accounts=access.accounts,
        endpoints=app.state.endpoints,
        throttle=app.state.throttle,
        clock=clock,
    )


def _new_application() -> FastAPI:
    return FastAPI(
        title="Sightline",
        version=_version(),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        # A redirect would repeat the query to whatever host the request named.
        redirect_slashes=False,
    )


def _add_routes(app: FastAPI) -> Endpoints:
    """Add every endpoint, and return them all in the order in which they are tried."""
    # `acts` come before `incidents`, whose ids may hold slashes and would take the rest of these paths.
    acts = (incident_work, alarm_answers, camera_editing)
    reads = (scores, picture, incidents, cameras, catalogue, models, report_routes, shadow_messages, live_events)
    who = (site_comparison, kiosk, audit_routes)
    versioned = [resource.router for resource in (*acts, quiet_times_routes, receivers, *reads, *who, me)]
    unversioned = [health.router, prometheus.router, sign_in.router, page.router]
    for router in versioned:
        app.include_router(router, prefix=_PREFIX, responses=_ERROR_RESPONSES)
    for router in unversioned:
        app.include_router(router)
    app.mount(_STATIC, page.static)
    own = [route for route in app.routes if isinstance(route, Route)]  # the schema, which FastAPI adds itself
    included = [(_PREFIX, router) for router in versioned] + [("", router) for router in unversioned]
    return Endpoints(own, included, mounts=[_STATIC])


def _publish_roles(app: FastAPI) -> None:
    """Say in the published schema which role each endpoint asks for."""
    describe = app.openapi
    roles = {key.replace(":path}", "}"): rule for key, rule in ENDPOINT_RULES.items()}

    def openapi() -> dict[str, Any]:
        schema = describe()
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                rule = roles.get(f"{method.upper()} {path}")
                operation["x-least-role"] = rule.role.value if rule is not None else None
                operation["x-every-camera"] = rule is not None and rule.whole
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _version() -> str:
    try:
        return version("sightline")
    except PackageNotFoundError:
        return "unknown"
