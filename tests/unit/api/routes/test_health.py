import pytest

from domain.cameras import Camera
from domain.errors import StoreUnavailable
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras

GATE = Camera("gate", "rtsp://h/1")


def test_ready_while_cameras_are_watched(api: Caller, stage: SampleCameras) -> None:
    stage.healthy(GATE)
    answer = api.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "parts": {"store": "ok", "watching": "ok"}, "degraded": {}}


def test_one_silent_camera_is_its_own_trouble_all_silent_is_ours(api: Caller, stage: SampleCameras) -> None:
    stage.healthy(GATE)
    stage.add(Camera("silent", "rtsp://h/2"))
    assert api.get("/readyz").status_code == 200
    stage.clock.advance(60)
    answer = api.get("/readyz")
    assert answer.status_code == 503
    assert "nothing is known of any of the 2 cameras" in answer.json()["parts"]["watching"]


def test_without_cameras_there_is_nothing_to_be_unready_for(api: Caller, stage: SampleCameras) -> None:
    assert api.get("/readyz").status_code == 200
    stage.add(Camera("off", "rtsp://h/2", enabled=False))
    assert api.get("/readyz").status_code == 200


def test_a_part_that_is_unwell_is_named_without_its_secrets(stage: SampleCameras) -> None:
    parts = {"ingest": "", "scoring": "failed at rtsp://u:hunter2@h/1"}
    answer = Caller(make_app(stage, health=lambda: parts)).get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert answer.json()["parts"] == {
        "ingest": "ok",
        "scoring": "failed at rtsp://***@h/1",
        "store": "ok",
        "watching": "ok",
    }


def test_a_store_that_is_away_is_said_and_liveness_stays(
    api: Caller, stage: SampleCameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> int:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(stage.streams, "revision", away)
    answer = api.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]["store"]) == (503, "the disk is full")
    assert api.get("/healthz").status_code == 200
