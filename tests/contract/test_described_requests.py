"""Requests that schemathesis makes from the published description of the API, on a real database: none ends as a 5xx.

`test_malformed_requests.py` sends what no description allows; here is what it allows, and its near neighbours.
"""

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core import NotSet

from api.app import AccessOptions, create_app
from api.backend import OperatorServices
from api.security.accounts import Accounts
from api.security.permissions import ENDPOINT_RULES
from domain.cameras import Camera
from domain.messages import BatchResult
from sightline.config.settings import Settings
from sightline.runtime.stores import command_stores
from sightline.services.maintenance_planner import StoredMaintenancePlanner
from storage.live.memory_live_state import MemoryLiveState
from tests.contract.records import incident, scores, status
from tests.fakes.ports import START, FakeClock
from tests.unit.api.conftest import Caller
from tests.unit.api.sample_cameras import METRICS
from tests.unit.api.security.test_permissions import Receivers, SiteReports

TOKEN = "a long token for these tests"
STREAM = "/api/v1/live"
"""Lasts for an hour; other tests read it."""
NOT_READY = "/readyz"
"""Answers 503 on purpose while nothing watches."""
EXAMPLES = 25
RELAXED = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate),
)  # fmt: skip
KNOWN = {"name": "gate", "incident_id": "gate/blur/1", "window_id": "w1", "schedule_id": "s1", "change_id": 1}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    clock = FakeClock()
    database = tmp_path_factory.mktemp("described") / "s.db"
    with command_stores(Settings(database=f"sqlite:///{database}"), clock) as stores:
        stores.streams.put_camera(Camera("gate", "rtsp://gate.test/1", site="depot"), by="test", at=START)
        stores.scores.add(BatchResult(scores=(scores("gate", 1),), statuses=(status("gate", 1),)))
        stores.scores.add(BatchResult(incidents=(incident("gate/blur/1"),)))
        yield create_app(
            stores.streams, stores.scores, stores.alerts, MemoryLiveState(), metrics=METRICS, clock=clock,
            access=AccessOptions(token=TOKEN, accounts=Accounts(stores.access, now=clock.now), audit=stores.audit),
            services=OperatorServices(
                reports=SiteReports(),
                receivers=Receivers(),
                quiet_times=StoredMaintenancePlanner(stores.reports, stores.quiet, clock, lambda _: UTC),
            ),
        )  # fmt: skip


def describe() -> dict[str, Any]:
    nothing: Any = None
    found: dict[str, Any] = create_app(nothing, nothing, nothing, nothing, metrics=METRICS, clock=nothing).openapi()
    return found


DESCRIPTION = describe()
OPERATIONS = [
    (method.upper(), path) for path, methods in DESCRIPTION["paths"].items() for method in methods if path != STREAM
]


def test_nearly_every_endpoint_is_described() -> None:
    """The pages, the forms that sign in and `/metrics` have no description; the rest is tried below."""
    described = {f"{method} {path}" for method, path in OPERATIONS}
    api = {key.replace(":path}", "}") for key in ENDPOINT_RULES if "/api/v1/" in key and "openapi" not in key}
    assert api - described == {f"GET {STREAM}"}


def send(caller: Caller, case: Case[Any]) -> httpx.Response:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    options: dict[str, Any] = {"params": dict(case.query or {})}
    if not isinstance(case.body, NotSet):
        headers["Content-Type"] = case.media_type or "application/json"
        options["content"] = case.body if isinstance(case.body, bytes) else json.dumps(case.body).encode()
    return caller.send(case.method, case.formatted_path, headers=headers, **options)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_request_that_the_description_allows_or_nearly_allows_ends_as_a_5xx(
    app: FastAPI, method: str, path: str
) -> None:
    operation = schemathesis.openapi.from_dict(DESCRIPTION)[path][method]
    caller = Caller(app)
    good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @given(good | wrong if takes_anything(DESCRIPTION["paths"][path][method.lower()]) else good, st.booleans())
    @settings(RELAXED)
    def ask(case: Case[Any], known: bool) -> None:
        if known:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = KNOWN.get(name, case.path_parameters[name])
        answer = send(caller, case)
        assert answer.status_code < 500 or path == NOT_READY, f"{case.as_curl_command()}: {answer.text}"

    ask()


def takes_anything(operation: dict[str, Any]) -> bool:
    """Return whether a request to it can be wrong: schemathesis makes no wrong one where nothing is taken."""
    return bool(operation.get("parameters") or operation.get("requestBody"))
