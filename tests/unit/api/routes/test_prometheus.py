from collections.abc import Mapping
from dataclasses import replace

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from domain.cameras import Camera, ConnectionState
from domain.errors import StoreUnavailable
from domain.faults import Fault
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import USUAL, SampleCameras, blur_verdict

GATE = Camera('gate "1"\\', "rtsp://guard:hunter2@h/1", site="North", group="switch 4")
Samples = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape_metrics(api: Caller) -> Samples:
    text = api.get("/metrics").text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    """Return the one sample of `name` that carries `labels`, None where there is none."""
    found = [v for (n, have), v in samples.items() if n == name and labels.items() <= dict(have).items()]
    assert len(found) <= 1, f"{name} {labels} is not one sample"
    return found[0] if found else None


def test_a_camera_shows_its_connection_scores_and_faults(api: Caller, stage: SampleCameras) -> None:
    stage.failing(GATE, blur_verdict(), severity="critical")
    samples = scrape_metrics(api)
    me = {"camera": GATE.name}
    assert value(samples, "sightline_camera_up", **me, site="North", group="switch 4") == 1
    assert value(samples, "sightline_camera_known", **me) == 1
    assert value(samples, "sightline_camera_fps", **me) == 25
    assert value(samples, "sightline_camera_bitrate_bits_per_second", **me) == 3.8e6
    assert value(samples, "sightline_camera_reconnects_total", **me) == 1
    assert value(samples, "sightline_camera_frames_dropped_total", **me) == 4
    assert value(samples, "sightline_camera_decode_errors_total", **me) == 0
    last = value(samples, "sightline_camera_last_frame_timestamp_seconds", **me)
    assert last == pytest.approx(stage.clock.now().timestamp() - 0.6)
    assert value(samples, "sightline_camera_score", **me, metric="luma_mean") == USUAL["luma_mean"]
    assert value(samples, "sightline_camera_fault", **me, fault="blur") == 1
    assert value(samples, "sightline_camera_fault", **me, fault="noise") == 0
    assert value(samples, "sightline_camera_alert_firing", **me, fault="blur") == 1
    assert value(samples, "sightline_incidents_open", severity="critical", acknowledged="no") == 1


def test_a_fault_that_is_not_assessable_is_neither_0_nor_1(api: Caller, stage: SampleCameras) -> None:
    stage.healthy(GATE, learning=3)
    samples = scrape_metrics(api)
    faults = [name for name, _ in samples if name == "sightline_camera_fault"]
    assert len(faults) == len(Fault) - 2 - 3  # two belong to analogue encoders only
    assert value(samples, "sightline_camera_fault", camera=GATE.name, fault="poor_faces") is None
    assert value(samples, "sightline_camera_checks", camera=GATE.name, result="not_assessable") == 3
    assert value(samples, "sightline_camera_checks", camera=GATE.name, result="ok") == 24


def test_of_a_camera_not_known_no_old_number_is_shown(api: Caller, stage: SampleCameras) -> None:
    stage.healthy(GATE)
    stage.clock.advance(31)
    names = {name for name, _ in scrape_metrics(api) if name.startswith("sightline_camera_")}
    assert names == {"sightline_camera_known", "sightline_camera_checks"}
    assert value(scrape_metrics(api), "sightline_camera_known", camera=GATE.name) == 0


def test_how_far_behind_a_camera_is_judged_and_what_that_cost_is_reported(api: Caller, stage: SampleCameras) -> None:
    snapshot = stage.healthy(GATE)
    assert value(scrape_metrics(api), "sightline_camera_lag_seconds", camera=GATE.name) is None
    stage.live.put(replace(snapshot, lag_s=12.5, frames_dropped=40))
    samples = scrape_metrics(api)
    assert value(samples, "sightline_camera_lag_seconds", camera=GATE.name) == 12.5
    assert value(samples, "sightline_camera_frames_dropped_late_total", camera=GATE.name) == 40


def test_a_lost_camera_is_known_and_down(api: Caller, stage: SampleCameras) -> None:
    snapshot = stage.healthy(GATE)
    stage.live.put(replace(snapshot, status=stage.status(GATE.name, ConnectionState.LOST)))
    samples = scrape_metrics(api)
    assert value(samples, "sightline_camera_known", camera=GATE.name) == 1
    assert value(samples, "sightline_camera_up", camera=GATE.name) == 0


def test_a_retired_camera_leaves_no_series_behind(api: Caller, stage: SampleCameras) -> None:
    stage.failing(GATE, blur_verdict())
    stage.streams.remove_camera(GATE.name, by="test", at=stage.clock.now())
    assert not [labels for _, labels in scrape_metrics(api) if "camera" in dict(labels)]


def test_the_process_tells_of_itself(stage: SampleCameras) -> None:
    app = make_app(
        stage,
        metrics=lambda: {"scoring_lag_messages": 7, "frames_scored_total": 120, "not_listed": 1},
        health=lambda: {"ingest": "", "scoring": "ended"},
    )
    samples = scrape_metrics(Caller(app))
    assert value(samples, "sightline_scoring_lag_messages") == 7
    assert value(samples, "sightline_frames_scored_total") == 120
    assert value(samples, "sightline_part_up", part="ingest") == 1
    assert value(samples, "sightline_part_up", part="scoring") == 0
    assert not [name for name, _ in samples if "not_listed" in name]


def test_while_the_store_is_away_the_scrape_still_answers(
    api: Caller, stage: SampleCameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.failing(GATE, blur_verdict())
    scrape_metrics(api)

    def away(*_: object, **__: object) -> int:
        raise StoreUnavailable("away")

    monkeypatch.setattr(stage.streams, "revision", away)
    monkeypatch.setattr(stage.alerts, "incidents", away)
    samples = scrape_metrics(api)
    assert value(samples, "sightline_store_up") == 0
    assert value(samples, "sightline_camera_up", camera=GATE.name) == 1
    assert value(samples, "sightline_incidents_open", severity="critical", acknowledged="no") is None


def test_names_follow_prometheus_and_hold_no_secret(api: Caller, stage: SampleCameras) -> None:
    stage.failing(GATE, blur_verdict())
    answer = api.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    families = list(openmetrics(answer.text))  # type: ignore[no-untyped-call]
    assert families
    assert all(family.name.startswith("sightline_") and family.documentation for family in families)
    assert all(family.type in ("gauge", "counter") for family in families)
    assert "hunter2" not in answer.text
    assert "guard" not in answer.text
