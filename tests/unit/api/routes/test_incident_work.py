"""What people do about incidents over the API."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from domain.alerts import AlarmAnswer, Incident, IncidentAction, IncidentLogEntry, IncidentState
from domain.cameras import Camera
from domain.faults import Fault
from domain.messages import BatchResult
from tests.unit.api.conftest import Caller
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict, signal_loss_verdict

GATE = Camera("gate", "rtsp://h/1", site="North", group="switch 4")


def path_of(incident: Incident) -> str:
    return f"/api/v1/incidents/{quote(incident.incident_id, safe='')}"


def put(stage: SampleCameras, *ids: str, fault: Fault = Fault.BLUR, **changes: Any) -> None:
    now = stage.clock.now()
    made = [Incident(each, "gate", fault, IncidentState.OPEN, now, now, **changes) for each in ids]
    stage.scores.add(BatchResult(incidents=tuple(made)))


def answer_all(stage: SampleCameras, answer: AlarmAnswer, *ids: str, **changes: Any) -> None:
    put(stage, *ids, **changes)
    for each in ids:
        entry = IncidentLogEntry(each, stage.clock.now(), "Ada", IncidentAction.ANSWER, answer)
        stage.alerts.record_work(entry)


def test_a_second_acknowledgement_is_409_and_names_who_and_when(api: Caller, stage: SampleCameras) -> None:
    path = path_of(stage.failing(GATE, blur_verdict()))
    assert api.post(f"{path}/acknowledge", json={"by": "Ada", "reason": "on my way"}).status_code == 200
    stage.clock.advance(60)
    second = api.post(f"{path}/acknowledge", json={"by": "Bob"})
    assert second.status_code == 409
    assert second.json()["error"] == (
        "Ada took this incident on at 2026-03-03 08:00:00 UTC; add a comment, or assign it"
    )
    assert api.post(f"{path}/acknowledge", json={"by": "Ada", "reason": "there"}).status_code == 200
    assert api.get(path).json()["acknowledge_reason"] == "on my way"
    assert [line["note"] for line in api.get(f"{path}/log").json()] == ["on my way", "there"]


def test_assignments_comments_and_answers_are_logged_in_order(api: Caller, stage: SampleCameras) -> None:
    path = path_of(stage.failing(GATE, blur_verdict()))
    assert api.post(f"{path}/assign", json={"by": "Ada", "to": "Bob", "note": "yours"}).json()["assigned_to"] == "Bob"
    assert api.post(f"{path}/comment", json={"by": "Bob", "note": "a web on the lens"}).status_code == 200
    answered = api.post(f"{path}/answer", json={"by": "Bob", "answer": "right"}).json()
    assert answered["view_accepted"] is False
    assert (answered["incident"]["answer"], answered["incident"]["answered_by"]) == ("right", "Bob")
    log = api.get(f"{path}/log").json()
    assert [(line["by"], line["action"], line["value"], line["note"]) for line in log] == [
        ("Ada", "assign", "Bob", "yours"),
        ("Bob", "comment", "", "a web on the lens"),
        ("Bob", "answer", "right", ""),
    ]
    assert api.post(f"{path}/assign", json={"by": "Ada", "to": ""}).json()["assigned_to"] == ""


def test_the_new_normal_accepts_the_view(api: Caller, stage: SampleCameras) -> None:
    path = path_of(stage.failing(GATE, blur_verdict()))
    answered = api.post(f"{path}/answer", json={"by": "Ada", "answer": "new-normal", "note": "refocused"})
    assert answered.json()["view_accepted"] is True
    camera = stage.streams.camera("gate")
    assert camera is not None
    assert (camera.accepted_by, camera.accepted_at) == ("Ada", stage.clock.now())


def test_a_lost_connection_and_a_group_have_no_new_normal(api: Caller, stage: SampleCameras) -> None:
    lost = path_of(stage.failing(GATE, signal_loss_verdict()))
    now = stage.clock.now()
    group = Incident("group", "", Fault.BLUR, IncidentState.OPEN, now, now, members=("gate", "yard"))
    stage.scores.add(BatchResult(incidents=(group,)))
    several = api.post("/api/v1/incidents/group/answer", json={"by": "Ada", "answer": "new-normal"})
    assert several.status_code == 422
    assert "accept the view of each camera" in several.json()["error"]
    refused = api.post(f"{lost}/answer", json={"by": "Ada", "answer": "new-normal"})
    assert refused.status_code == 422
    assert refused.json()["error"] == (
        "answer: 'no connection' leaves no view to accept as normal; answer right or wrong"
    )
    assert api.get(f"{lost}/log").json() == []


def test_many_are_taken_on_at_once_and_those_of_others_stay_theirs(api: Caller, stage: SampleCameras) -> None:
    put(stage, "a", "b", "c")
    stage.alerts.acknowledge("b", by="Bob", reason="", at=stage.clock.now())
    body = {"by": "Ada", "reason": "storm", "incident_ids": ["a", "b", "c", "gone", "a"]}
    done = api.post("/api/v1/incidents/acknowledge", json=body).json()
    assert (done["acknowledged"], done["missing"]) == (["a", "c"], ["gone"])
    assert [(each["incident_id"], each["acknowledged_by"]) for each in done["conflicts"]] == [("b", "Bob")]
    assert len(stage.alerts.incident_log("a")) == 1


@pytest.mark.parametrize(
    ("what", "body", "says"),
    [
        ("comment", {"by": "Ada", "note": ""}, "note: "),
        ("comment", {"by": "Ada", "note": "  "}, "note: "),
        ("comment", {"by": "Ada", "note": "x" * 501}, "note: "),
        ("comment", {"by": "Ada", "note": "a\u202eb"}, "note: holds a character"),
        ("assign", {"by": "Ada"}, "to: needed, but not given"),
        ("assign", {"by": "Ada", "to": "x" * 101}, "to: "),
        ("answer", {"by": "Ada", "answer": "maybe"}, "answer: "),
        ("answer", {"by": "", "answer": "right"}, "by: "),
    ],
)
def test_what_cannot_be_recorded_is_refused(
    api: Caller, stage: SampleCameras, what: str, body: dict[str, object], says: str
) -> None:
    put(stage, "a")
    refused = api.post(f"/api/v1/incidents/a/{what}", json=body)
    assert refused.status_code == 422
    assert refused.json()["error"].startswith(says)
    assert stage.alerts.incident_log("a") == []


@pytest.mark.parametrize("ids", [[], ["x"] * 101, ["\ud800"], [""], "a", [1]])
def test_a_wrong_list_of_incidents_is_refused(api: Caller, ids: object) -> None:
    body = json.dumps({"by": "Ada", "incident_ids": ids}).encode()
    kind = {"Content-Type": "application/json"}
    assert api.send("POST", "/api/v1/incidents/acknowledge", content=body, headers=kind).status_code == 422


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("assign", {"by": "Ada", "to": "Bob"}),
        ("comment", {"by": "Ada", "note": "hm"}),
        ("answer", {"by": "Ada", "answer": "right"}),
    ],
)
def test_work_on_an_unknown_incident_is_404(api: Caller, what: str, body: dict[str, object]) -> None:
    assert api.post(f"/api/v1/incidents/nope/{what}", json=body).status_code == 404
    assert api.get("/api/v1/incidents/nope/log").status_code == 404


def test_incidents_are_listed_by_what_a_person_asks(api: Caller, stage: SampleCameras) -> None:
    put(stage, "a", site="North", severity="critical")
    put(stage, "b", fault=Fault.NOISE, site="South")
    stage.alerts.record_work(IncidentLogEntry("a", stage.clock.now(), "Ada", IncidentAction.ASSIGN, "Bob"))
    answer_all(stage, AlarmAnswer.WRONG, "c")

    def found(query: str) -> list[str]:
        return sorted(each["incident_id"] for each in api.get(f"/api/v1/incidents?{query}").json()["incidents"])

    assert found("fault=noise") == ["b"]
    assert found("site=North") == ["a"]
    assert found("severity=critical") == ["a"]
    assert found("assigned_to=Bob") == ["a"]
    assert found("assigned_to=") == ["b", "c"]
    assert found("answer=wrong") == ["c"]
    assert found("answered=false") == ["a", "b"]
    day = timedelta(days=1)
    soon = quote((stage.clock.now() + day).isoformat())
    assert found(f"since={soon}") == []
    assert found(f"until={soon}") == ["a", "b", "c"]
    assert api.get("/api/v1/incidents?fault=nonsense").status_code == 422


def test_precision_is_published_with_its_interval(api: Caller, stage: SampleCameras) -> None:
    answer_all(stage, AlarmAnswer.RIGHT, "a", "b", "c")
    answer_all(stage, AlarmAnswer.WRONG, "d", site="South")
    put(stage, "open")
    found = api.get("/api/v1/alarm-precision").json()
    assert (found["answered"], found["unanswered"]) == (4, 1)
    (blur,) = found["faults"]
    assert (blur["fault"], blur["right"], blur["wrong"], blur["precision"]) == ("blur", 3, 1, 0.75)
    assert (round(blur["low"], 4), round(blur["high"], 4)) == (0.1941, 0.9937)
    assert api.get("/api/v1/alarm-precision?site=South").json()["faults"][0]["precision"] == 0.0


def test_a_proposal_changes_nothing_until_it_is_applied_and_is_undone(api: Caller, stage: SampleCameras) -> None:
    stage.add(GATE)
    stage.clock.advance(60)
    answer_all(stage, AlarmAnswer.WRONG, "a", "b", "c")
    (proposal,) = api.get("/api/v1/sensitivity-proposals").json()
    assert (proposal["camera"], proposal["fault"], proposal["sensitivity"], proposal["proposed"]) == (
        "gate", "blur", 5, 3,
    )  # fmt: skip
    assert (proposal["right"], proposal["wrong"]) == (0, 3)
    assert stage.streams.camera("gate") == GATE
    choice = {"by": "Ada", "camera": "gate", "fault": "blur", "proposed": 3}
    stage.clock.advance(60)
    assert api.post("/api/v1/sensitivity-proposals/apply", json=choice).status_code == 200
    camera = stage.streams.camera("gate")
    assert camera is not None
    assert camera.faults[Fault.BLUR].sensitivity == 3
    assert api.get("/api/v1/sensitivity-proposals").json() == []
    assert api.post("/api/v1/sensitivity-proposals/apply", json=choice).status_code == 409
    change = api.get("/api/v1/camera-changes?camera=gate").json()[0]
    assert (change["action"], change["undoable"]) == ("apply proposal", True)
    assert api.post(f"/api/v1/camera-changes/{change['id']}/undo", json={"by": "Ada"}).status_code == 200
    assert stage.streams.camera("gate") == GATE
