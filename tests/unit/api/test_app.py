import pytest

from domain.faults import FAULT_LABELS
from tests.unit.api.conftest import Caller
from tests.unit.api.sample_cameras import METRICS, SampleCameras


def test_openapi_describes_every_resource_and_its_errors(api: Caller) -> None:
    schema = api.get("/api/v1/openapi.json").json()
    assert {
        "/api/v1/cameras",
        "/api/v1/cameras/{name}",
        "/api/v1/cameras/{name}/latest",
        "/api/v1/cameras/{name}/picture",
        "/api/v1/cameras/{name}/scores",
        "/api/v1/cameras/{name}/timeline",
        "/api/v1/cameras/{name}/transitions",
        "/api/v1/cameras/{name}/verdicts",
        "/api/v1/cameras/{name}/settings",
        "/api/v1/cameras/{name}/accept",
        "/api/v1/cameras/{name}/remove",
        "/api/v1/camera-trials",
        "/api/v1/camera-changes",
        "/api/v1/camera-changes/{change_id}/undo",
        "/api/v1/alarm-precision",
        "/api/v1/sensitivity-proposals",
        "/api/v1/sensitivity-proposals/apply",
        "/api/v1/alerts",
        "/api/v1/faults",
        "/api/v1/incidents",
        "/api/v1/kiosk-links",
        "/api/v1/kiosk-links/{link_id}/end",
        "/api/v1/audit",
        "/api/v1/audit/export",
        "/api/v1/me",
        "/api/v1/incidents/{incident_id}",
        "/api/v1/incidents/{incident_id}/acknowledge",
        "/api/v1/incidents/{incident_id}/answer",
        "/api/v1/incidents/{incident_id}/assign",
        "/api/v1/incidents/{incident_id}/comment",
        "/api/v1/incidents/{incident_id}/log",
        "/api/v1/incidents/acknowledge",
        "/api/v1/live",
        "/api/v1/metrics",
        "/api/v1/models",
        "/api/v1/reports",
        "/api/v1/cameras/{name}/maintenance",
        "/api/v1/incidents/{incident_id}/snooze",
        "/api/v1/maintenance",
        "/api/v1/maintenance/{window_id}/end",
        "/api/v1/maintenance/schedules",
        "/api/v1/maintenance/schedules/{schedule_id}/end",
        "/api/v1/snoozes",
        "/api/v1/snoozes/{snooze_id}/end",
        "/api/v1/receivers",
        "/api/v1/receivers/{name}/test",
        "/api/v1/shadow",
        "/api/v1/site-comparison",
        "/healthz",
        "/readyz",
    } == set(schema["paths"])
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            assert operation["description"], path
            if path.startswith("/api/"):
                assert {"401", "404", "422", "503"} <= operation["responses"].keys()


def test_the_metrics_catalogue_says_what_each_number_means(api: Caller) -> None:
    answer = {metric["key"]: metric for metric in api.get("/api/v1/metrics").json()}
    assert answer.keys() == METRICS.keys()
    assert (answer["contrast_rms"]["low"], answer["contrast_rms"]["high"]) == (0.0, 0.5)
    assert answer["edge_width"]["high"] is None
    assert answer["edge_width"]["unit"] == "px"


def test_the_fault_catalogue_has_every_fault_with_its_label_and_times(api: Caller) -> None:
    answer = {fault["fault"]: fault for fault in api.get("/api/v1/faults").json()}
    assert {key: fault["label"] for key, fault in answer.items()} == {str(k): v for k, v in FAULT_LABELS.items()}
    assert (answer["signal_loss"]["hold_for_s"], answer["signal_loss"]["keep_firing_for_s"]) == (60, 120)
    assert answer["codec_changed"]["event"] is True


def test_an_unknown_address_is_one_sentence(api: Caller) -> None:
    assert api.get("/api/v1/nothing").json() == {"error": "Not Found"}
    assert api.get("/redoc").status_code == 404


def test_a_wrong_method_is_refused_in_json(api: Caller) -> None:
    answer = api.post("/api/v1/metrics")
    assert (answer.status_code, answer.json()) == (405, {"error": "Method Not Allowed"})


def test_a_mistake_of_ours_gives_nothing_away(
    api: Caller, stage: SampleCameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("rtsp://u:hunter2@h/1")

    monkeypatch.setattr(stage.live, "all", broken)
    answer = api.get("/api/v1/cameras")
    assert (answer.status_code, answer.json()) == (
        500,
        {"error": "internal error; the log of Sightline says more"},
    )
