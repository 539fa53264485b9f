"""The API tells of every model whether it judges and why not, and how old a score is that is measured now and then."""

from dataclasses import replace
from datetime import timedelta

from domain.cameras import Camera
from domain.records import ModelRecord
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict

GATE = Camera("Gate 1", "rtsp://10.0.0.7:554/ch1")
ON = ModelRecord("saliency_iqa", "picture quality", "on", True, "judges", 10.0, ("image_quality",), "ab" * 32)
OFF = ModelRecord("sgdnet", "picture quality too", "off", False, "no weights at here", 10.0)


def test_models_are_listed_with_state_reason_and_checksum(stage: SampleCameras) -> None:
    api = Caller(make_app(stage, models=lambda: (ON, OFF)))
    first, second = api.get("/api/v1/models").json()
    assert (first["name"], first["state"], first["judges"], first["sha256"]) == ("saliency_iqa", "on", True, "ab" * 32)
    assert (second["state"], second["said"], second["sha256"]) == ("off", "no weights at here", None)


def test_a_process_that_knows_of_no_models_lists_none(api: Caller) -> None:
    assert api.get("/api/v1/models").json() == []


def test_a_score_measured_before_the_last_picture_comes_with_its_time(api: Caller, stage: SampleCameras) -> None:
    stage.failing(GATE, blur_verdict())
    seen = stage.live.get(GATE.name)
    assert seen is not None
    stage.live.put(
        replace(seen, values={"image_quality": 61.0}, measured_at={"image_quality": seen.at - timedelta(seconds=8)})
    )
    latest = api.get(f"/api/v1/cameras/{GATE.name}/latest").json()
    assert latest["scores"] == {"image_quality": 61.0}
    assert set(latest["measured_at"]) == {"image_quality"}
    assert latest["measured_at"]["image_quality"] < latest["judged_at"]
