from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.baselines import BaselineState, CameraBaseline, LightMode, Statistic
from domain.cameras import Camera, ConnectionState
from domain.errors import StoreUnavailable
from domain.faults import FAULT_LABELS, Fault
from domain.messages import BatchResult
from tests.fakes.ports import FakeStreamStore
from tests.unit.api.conftest import Caller
from tests.unit.api.sample_cameras import USUAL, SampleCameras, blur_verdict, signal_loss_verdict

GATE = Camera("Gate 1", "rtsp://guard:p@ss/w#hunter2@10.0.0.7:554/ch1?token=hunter2", site="North", group="switch 4")


def test_cameras_come_worst_first_with_what_a_guard_needs(api: Caller, stage: SampleCameras) -> None:
    stage.healthy(Camera("Fine", "rtsp://h/1", site="North"), learning=8)
    stage.add(Camera("Silent", "rtsp://h/2", site="North"))
    incident = stage.failing(GATE, blur_verdict(), severity="critical")
    answer = api.get("/api/v1/cameras").json()
    assert [camera["name"] for camera in answer["cameras"]] == ["Gate 1", "Silent", "Fine"]
    assert answer["counts"] == {"fault": 1, "unknown": 1, "suspected": 0, "not_assessable": 0, "ok": 1, "off": 0}
    gate, silent, fine = answer["cameras"]
    assert (gate["state"], gate["site"], gate["group"]) == ("fault", "North", "switch 4")
    assert gate["headline"] == {"fault": "blur", "label": "out of focus"}
    assert gate["evidence"]["value"] == 7.1
    assert gate["evidence"]["normal_high"] == 4.0
    assert gate["incident_id"] == incident.incident_id
    assert gate["age_s"] == 0.6
    assert fine["checks"]["text"] == "19 of 27, 8 need a baseline"
    assert (silent["state"], silent["fps"], silent["last_frame_at"]) == ("unknown", None, None)


def test_times_are_iso_8601_in_utc(api: Caller, stage: SampleCameras) -> None:
    stage.healthy(GATE)
    answer = api.get("/api/v1/cameras").json()
    assert answer["now"].endswith("Z")
    assert datetime.fromisoformat(answer["cameras"][0]["judged_at"]) == stage.clock.now()
    assert datetime.fromisoformat(answer["cameras"][0]["last_frame_at"]).tzinfo == UTC


def test_what_expired_is_unknown_and_not_the_last_good_value(api: Caller, stage: SampleCameras) -> None:
    stage.healthy(GATE)
    stage.live.expire()
    camera = api.get("/api/v1/cameras/Gate 1").json()
    assert (camera["state"], camera["state_word"], camera["connection"]) == ("unknown", "Unknown", None)
    assert camera["counters"] is None
    latest = api.get("/api/v1/cameras/Gate 1/latest").json()
    assert (latest["known"], latest["verdicts"], latest["scores"]) == (False, [], {})


def test_a_lagging_judgement_shows_none_of_its_numbers(api: Caller, stage: SampleCameras) -> None:
    stage.healthy(GATE)
    stage.clock.advance(45)
    camera = api.get("/api/v1/cameras").json()["cameras"][0]
    assert (camera["state"], camera["fps"], camera["judged_at"]) == ("unknown", None, None)


def test_cameras_are_filtered_and_cut(api: Caller, stage: SampleCameras) -> None:
    for index in range(5):
        stage.healthy(Camera(f"c{index}", "rtsp://h/1", site="A" if index < 3 else "B", group="g"))
    stage.failing(Camera("c9", "rtsp://h/1", site="B"), blur_verdict())

    def names(query: str) -> list[str]:
        return [camera["name"] for camera in api.get(f"/api/v1/cameras?{query}").json()["cameras"]]

    assert names("site=A") == ["c0", "c1", "c2"]
    assert names("group=g&site=B") == ["c3", "c4"]
    assert names("state=fault") == ["c9"]
    assert names("limit=2&offset=1") == ["c0", "c1"]
    assert api.get("/api/v1/cameras?limit=5000").status_code == 422


def test_no_answer_shows_credentials(api: Caller, stage: SampleCameras) -> None:
    stage.failing(GATE, signal_loss_verdict("rtsp://guard:p@ss/w#hunter2@10.0.0.7:554/ch1: 401 Unauthorized"))
    for path in ("", "/Gate 1", "/Gate 1/latest"):
        text = api.get(f"/api/v1/cameras{path}").text
        assert "10.0.0.7" in text or path == ""
        for secret in ("guard", "p@ss", "w#", "hunter2"):
            assert secret not in text


def test_a_camera_in_detail_says_what_is_normal_for_it(api: Caller, stage: SampleCameras) -> None:
    stage.healthy(replace(GATE, ptz=True, accepted_at=stage.clock.now(), accepted_by="Ada"))
    now = stage.clock.now()
    normal = {"luma_mean": Statistic(0.4, 0.3, 0.5, 900)}
    learned = CameraBaseline("Gate 1", LightMode.DAY, BaselineState.LEARNED, now, now, 900, normal)
    stage.scores.add(BatchResult(baselines=(learned,), statuses=(stage.status("Gate 1"),)))
    camera = api.get("/api/v1/cameras/Gate 1").json()
    assert camera["references"][0]["normal"] == {"luma_mean": [0.3, 0.5]}
    assert (camera["ptz"], camera["accepted_by"], camera["plan"]["mode"]) == (True, "Ada", "auto")
    assert camera["counters"]["codec"] == "h264"
    assert camera["sessions"][0]["frames_offered"] == 3609


def test_the_latest_judgement_lists_every_fault_and_score(api: Caller, stage: SampleCameras) -> None:
    stage.failing(GATE, blur_verdict())
    latest = api.get("/api/v1/cameras/Gate 1/latest").json()
    assert {verdict["fault"]: verdict["label"] for verdict in latest["verdicts"]} == {
        str(fault): label for fault, label in FAULT_LABELS.items()
    }
    blur = next(verdict for verdict in latest["verdicts"] if verdict["fault"] == Fault.BLUR)
    assert (blur["state"], blur["evidence"]["metric"], blur["evidence"]["frames_judged"]) == ("fault", "edge_width", 12)
    assert latest["scores"].keys() == USUAL.keys()


def test_an_unknown_camera_is_404_with_one_sentence(api: Caller) -> None:
    for path in ("", "/latest", "/scores?metric=luma_mean", "/picture", "/verdicts", "/transitions"):
        answer = api.get(f"/api/v1/cameras/nobody{path}")
        assert (answer.status_code, answer.json()) == (404, {"error": "there is no camera named 'nobody'"})


def test_odd_names_are_found_by_their_encoded_address(api: Caller, stage: SampleCameras) -> None:
    stage.healthy(Camera('Tür <b>&"7" :.-', "rtsp://h/1"))
    answer = api.get("/api/v1/cameras/T%C3%BCr%20%3Cb%3E%26%227%22%20%3A.-/latest")
    assert answer.json()["name"] == 'Tür <b>&"7" :.-'


def test_a_retired_camera_drops_out_though_its_live_state_lingers(api: Caller, stage: SampleCameras) -> None:
    stage.healthy(GATE)
    stage.streams.remove_camera("Gate 1", by="test", at=stage.clock.now())
    assert api.get("/api/v1/cameras").json()["cameras"] == []
    assert api.get("/api/v1/cameras/Gate 1").status_code == 404


def test_while_the_store_is_away_the_known_cameras_are_still_shown(
    api: Caller, stage: SampleCameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.healthy(GATE)
    assert api.get("/api/v1/cameras").json()["store"] == ""

    def away(self: FakeStreamStore) -> int:
        raise StoreUnavailable("postgres://u:a-driver-that-tells@db/x: does not answer")

    monkeypatch.setattr(FakeStreamStore, "revision", away)
    answer = api.get("/api/v1/cameras").json()
    assert [camera["state"] for camera in answer["cameras"]] == ["ok"]
    assert answer["store"] == "postgres://***@db/x: does not answer"


def test_a_store_that_fails_a_question_is_503_and_says_to_try_again(
    api: Caller, stage: SampleCameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.healthy(GATE)

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("the database is locked")

    monkeypatch.setattr(stage.streams, "sessions", away)
    answer = api.get("/api/v1/cameras/Gate 1")
    assert answer.status_code == 503
    assert answer.json() == {"error": "the store is unavailable, try again: the database is locked"}
    assert answer.headers["retry-after"] == "5"


def test_a_lost_camera_keeps_its_age(api: Caller, stage: SampleCameras) -> None:
    snapshot = stage.healthy(GATE)
    assert snapshot.status is not None
    last = stage.clock.now() - timedelta(minutes=9)
    lost = replace(snapshot.status, state=ConnectionState.LOST, last_frame_at=last)
    stage.live.put(replace(snapshot, status=lost))
    camera = api.get("/api/v1/cameras").json()["cameras"][0]
    assert (camera["connection"], camera["age_s"]) == ("lost", 540)
