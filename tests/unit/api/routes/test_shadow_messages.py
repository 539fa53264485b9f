"""`GET /api/v1/shadow` and the page say what shadow mode kept, and that it is on."""

from datetime import timedelta

import pytest

from api.backend import Shadow
from api.routes.live_events import SentState, changes_since, read_page_state
from domain.alerts import Incident, IncidentState, NotificationKind
from domain.faults import Fault
from domain.shadow import ShadowMessage, ShadowScope
from tests.fakes.ports import FakeShadowLog
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras


@pytest.fixture
def log() -> FakeShadowLog:
    return FakeShadowLog()


@pytest.fixture
def shadowed(log: FakeShadowLog) -> Caller:
    samples = SampleCameras()
    app = make_app(samples, shadow=Shadow(ShadowScope(everywhere=True), log))
    now = samples.clock.now()
    for number, (fault, hours) in enumerate([(Fault.BLUR, 1), (Fault.BLUR, 2), (Fault.COVERED, 3), (Fault.NOISE, 400)]):
        at = now - timedelta(hours=hours)
        incident = Incident(
            f"i{number}", f"cam-{number}", fault, IncidentState.OPEN, at, at, summary=f"cam-{number}: x"
        )
        for receiver in ("desk", "log"):
            log.record(ShadowMessage(f"i{number}:firing", receiver, NotificationKind.FIRING, incident, at))
    return Caller(app)


def test_it_says_when_to_whom_and_how_often(shadowed: Caller) -> None:
    answer = shadowed.get("/api/v1/shadow").json()
    assert answer["everywhere"]
    assert "nobody is notified" in answer["state"]
    assert [(each["fault"], each["incidents"], each["messages"]) for each in answer["faults"]] == [
        ("blur", 2, 4),
        ("covered", 1, 2),
    ]
    assert answer["receivers"] == {"desk": 3, "log": 3}
    first = answer["messages"][0]
    assert (first["receiver"], first["kind"], first["incident"]["camera"]) == ("desk", "firing", "cam-0")
    assert len(shadowed.get("/api/v1/shadow?limit=2").json()["messages"]) == 2


def test_a_stretch_that_ends_before_it_begins_is_refused(shadowed: Caller) -> None:
    answer = shadowed.get("/api/v1/shadow?since=2026-03-03T00:00:00Z&until=2026-03-02T00:00:00Z")
    assert answer.status_code == 422
    assert "before until" in answer.json()["error"]


def test_the_page_shows_that_shadow_mode_is_on(shadowed: Caller) -> None:
    sent = changes_since(read_page_state(shadowed.app.state.backend), SentState())
    assert "nobody is notified" in sent.shadow


def test_without_shadow_mode_nothing_is_claimed(api: Caller) -> None:
    answer = api.get("/api/v1/shadow").json()
    assert (answer["state"], answer["faults"], answer["messages"]) == ("", [], [])
    assert changes_since(read_page_state(api.app.state.backend), SentState()).shadow == ""
