"""While the live state is unavailable the database answers, and every answer says so."""

import pytest

from domain.cameras import Camera, ConnectionState
from domain.errors import ConfigError, StoreUnavailable
from domain.faults import Fault
from domain.frames import FrameRef
from domain.messages import BatchResult
from domain.metrics import FrameScores
from tests.unit.api.conftest import Caller
from tests.unit.api.routes.test_prometheus import scrape_metrics, value
from tests.unit.api.sample_cameras import USUAL, SampleCameras, blur_verdict

GATE = Camera("gate", "rtsp://guard:hunter2@h/1", site="North")
AWAY = "live state unavailable, read from the database: Redis cannot be reached"


@pytest.fixture
def away(stage: SampleCameras) -> SampleCameras:
    """Store what was judged of a camera that is out of focus, and let the live state go."""
    stage.add(GATE)
    ref = FrameRef("gate", "s1", 3608, None, stage.clock.now())
    unit = BatchResult(
        scores=(FrameScores(ref, dict(USUAL)),),
        statuses=(stage.status("gate"),),
        verdicts=stage.changes(GATE, blur_verdict()),
    )
    stage.scores.add(unit)
    stage.live.away = True
    return stage


def test_cameras_are_answered_with_where_they_come_from(away: SampleCameras, api: Caller) -> None:
    answer = api.get("/api/v1/cameras")
    assert answer.status_code == 200
    assert answer.json()["live"] == AWAY
    (camera,) = answer.json()["cameras"]
    assert (camera["state"], camera["headline"]["fault"]) == ("suspected", "blur")
    assert camera["checks"]["done"] == 27
    assert (camera["connection"], camera["fps"]) == ("live", None)


def test_the_detail_and_the_last_scores_are_answered(away: SampleCameras, api: Caller) -> None:
    detail = api.get("/api/v1/cameras/gate")
    assert (detail.status_code, detail.json()["counters"]) == (200, None)
    latest = api.get("/api/v1/cameras/gate/latest").json()
    assert latest["scores"] == USUAL
    assert {each["fault"]: each["state"] for each in latest["verdicts"]}[Fault.BLUR] == "fault"


def test_the_service_is_ready_and_says_what_it_lacks(away: SampleCameras, api: Caller) -> None:
    answer = api.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["degraded"] == {"live": AWAY}


def test_metrics_go_on_without_counters_that_would_seem_to_restart(away: SampleCameras, api: Caller) -> None:
    samples = scrape_metrics(api)
    assert value(samples, "sightline_live_up") == 0
    assert value(samples, "sightline_camera_fault", camera="gate", fault="blur") == 1
    assert value(samples, "sightline_camera_score", camera="gate", metric="luma_mean") == USUAL["luma_mean"]
    assert value(samples, "sightline_camera_up", camera="gate") == 1
    assert value(samples, "sightline_camera_packets_total", camera="gate") is None


def test_a_picture_is_refused_with_the_reason(away: SampleCameras, api: Caller) -> None:
    answer = api.get("/api/v1/cameras/gate/picture")
    assert answer.status_code == 503
    assert answer.json()["error"] == "live state unavailable, and with it pictures: Redis cannot be reached"


def test_what_the_database_holds_grows_old_as_the_present_does(away: SampleCameras, api: Caller) -> None:
    away.clock.advance(31)
    (camera,) = api.get("/api/v1/cameras").json()["cameras"]
    assert camera["state"] == "unknown"


def test_a_lost_camera_is_not_called_up(away: SampleCameras, api: Caller) -> None:
    away.clock.advance(3)
    away.scores.add(BatchResult(statuses=(away.status("gate", ConnectionState.LOST),)))
    assert value(scrape_metrics(api), "sightline_camera_up", camera="gate") == 0


def test_it_is_asked_again_after_two_seconds_and_then_answers_as_before(away: SampleCameras, api: Caller) -> None:
    assert api.get("/api/v1/cameras").json()["live"] == AWAY
    away.live.away = False
    away.healthy(GATE)
    assert api.get("/api/v1/cameras").json()["live"] == AWAY
    away.clock.advance(2)
    answer = api.get("/api/v1/cameras").json()
    assert (answer["live"], answer["cameras"][0]["state"], answer["cameras"][0]["fps"]) == ("", "ok", 25.0)


def test_with_the_database_away_too_nothing_is_claimed(
    away: SampleCameras, api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.get("/api/v1/cameras")
    away.clock.advance(2)

    def gone(*_: object) -> object:
        raise StoreUnavailable("the database cannot be reached")

    monkeypatch.setattr(away.scores, "latest", gone)
    monkeypatch.setattr(away.streams, "revision", gone)
    answer = api.get("/api/v1/cameras").json()
    assert (answer["store"], answer["live"]) == ("the database cannot be reached", AWAY)
    assert answer["cameras"][0]["state"] == "unknown"


def test_a_password_changed_meanwhile_is_named_and_hides_nothing(
    away: SampleCameras, api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> object:
        raise ConfigError("live.user, live.password: Redis refused the user or password")

    monkeypatch.setattr(away.live, "all", refused)
    answer = api.get("/api/v1/cameras")
    assert answer.status_code == 200
    assert "live.password" in answer.json()["live"]
    assert answer.json()["cameras"][0]["state"] == "suspected"


def test_a_camera_never_judged_is_unknown(away: SampleCameras, api: Caller) -> None:
    away.clock.advance(2)
    away.add(Camera("new", "rtsp://h/2"))
    states = {each["name"]: each["state"] for each in api.get("/api/v1/cameras").json()["cameras"]}
    assert states["new"] == "unknown"
