from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest

from domain.alerts import Alert, AlertState, AlertTransition, Incident, IncidentState
from domain.cameras import Camera
from domain.faults import Fault
from domain.messages import BatchResult
from tests.unit.api.conftest import Caller
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict

GATE = Camera("gate", "rtsp://h/1", site="North", group="switch 4")


def put(stage: SampleCameras, *minutes_ago: float) -> list[Incident]:
    now = stage.clock.now()
    made = [
        Incident(f"i{n}", "gate", Fault.BLUR, IncidentState.OPEN, now - timedelta(minutes=ago), now)
        for n, ago in enumerate(minutes_ago)
    ]
    stage.scores.add(BatchResult(incidents=tuple(made)))
    return made


def walk_pages(api: Caller, limit: int) -> list[str]:
    """Follow `next_before` to the end and return the ids in the order given."""
    found: list[str] = []
    before: str | None = None
    for _ in range(50):
        params = {"limit": limit} | ({"before": before} if before else {})
        answer = api.get("/api/v1/incidents", params=params).json()
        found += [incident["incident_id"] for incident in answer["incidents"]]
        before = answer["next_before"]
        if before is None:
            return found
    raise AssertionError("the pages never end")


def test_incidents_are_listed_newest_first_with_all_they_say(api: Caller, stage: SampleCameras) -> None:
    stage.failing(GATE, blur_verdict(), minutes=4)
    put(stage, 90)
    answer = api.get("/api/v1/incidents").json()
    assert [incident["camera"] for incident in answer["incidents"]] == ["gate", "gate"]
    assert answer["next_before"] is None
    first = answer["incidents"][0]
    assert first["headline"] == {"fault": "blur", "label": "out of focus"}
    assert (first["site"], first["group"], first["state"]) == ("North", "switch 4", "open")
    assert first["evidence"]["value"] == 7.1


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 100])
def test_paging_gives_each_incident_once_though_many_opened_in_one_instant(
    api: Caller, stage: SampleCameras, limit: int
) -> None:
    put(stage, 1, 2, 2, 2, 2, 3, 4, 4, 5)
    found = walk_pages(api, limit)
    assert sorted(found) == [f"i{n}" for n in range(9)]
    assert found[0] == "i0"
    assert found[-1] == "i8"


def test_incidents_are_filtered_by_state_and_camera(api: Caller, stage: SampleCameras) -> None:
    opened = put(stage, 1, 2)[0]
    over = replace(opened, incident_id="r", state=IncidentState.RESOLVED, resolved_at=stage.clock.now())
    stage.scores.add(BatchResult(incidents=(over,)))
    assert [i["incident_id"] for i in api.get("/api/v1/incidents?state=resolved").json()["incidents"]] == ["r"]
    assert api.get("/api/v1/incidents?camera=nobody").json()["incidents"] == []
    assert len(api.get("/api/v1/incidents?camera=gate&state=open").json()["incidents"]) == 2


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "before=soon", "state=closed"])
def test_a_wrong_question_is_refused(api: Caller, query: str) -> None:
    answer = api.get(f"/api/v1/incidents?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(query.partition("=")[0] + ": ")


def test_an_incident_is_taken_on_by_name_and_audited(api: Caller, stage: SampleCameras) -> None:
    incident = stage.failing(GATE, blur_verdict())
    path = f"/api/v1/incidents/{quote(incident.incident_id, safe='')}"
    taken = api.post(f"{path}/acknowledge", json={"by": "  Ada  ", "reason": "cleaning on Monday"})
    assert taken.status_code == 200
    assert (taken.json()["acknowledged_by"], taken.json()["acknowledge_reason"]) == ("Ada", "cleaning on Monday")
    assert api.get(path).json()["acknowledged_by"] == "Ada"
    entry = stage.streams.audit()[0]
    assert (entry.by, entry.subject, entry.at) == ("Ada", incident.incident_id, stage.clock.now())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "by: needed, but not given"),
        ({"by": "   "}, "by: must not be empty"),
        ({"by": "x" * 101}, "by: must have at most 100 characters"),
        ({"by": "Ada\nroot"}, "by: holds a character that is not allowed"),
        ({"by": "Ada", "until": 5}, "until: is not known here; remove it"),
    ],
)
def test_who_takes_it_on_must_be_said(api: Caller, stage: SampleCameras, body: dict[str, object], says: str) -> None:
    put(stage, 1)
    answer = api.post("/api/v1/incidents/i0/acknowledge", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(says)


def test_an_unknown_incident_is_404(api: Caller) -> None:
    assert api.get("/api/v1/incidents/nope").json() == {"error": "there is no incident 'nope'"}
    assert api.post("/api/v1/incidents/nope/acknowledge", json={"by": "Ada"}).status_code == 404


def test_alerts_show_their_state_and_only_of_cameras_there_are(api: Caller, stage: SampleCameras) -> None:
    stage.failing(GATE, blur_verdict())
    now = stage.clock.now()
    quiet = Alert("gate", Fault.NOISE, AlertState.INACTIVE, now, now)
    retired = Alert("gone", Fault.BLUR, AlertState.FIRING, now, now)
    stage.scores.add(BatchResult(alerts=(quiet, retired)))
    answer = api.get("/api/v1/alerts").json()
    assert [(alert["camera"], alert["fault"], alert["state"]) for alert in answer] == [("gate", "blur", "firing")]
    assert api.get("/api/v1/alerts?camera=gone").json() == []


def test_transitions_tell_how_an_alert_came_about(api: Caller, stage: SampleCameras) -> None:
    stage.add(GATE)
    now = stage.clock.now()
    steps = (
        AlertTransition("gate", Fault.BLUR, "s", 1, AlertState.INACTIVE, AlertState.PENDING, now),
        AlertTransition("gate", Fault.BLUR, "s", 9, AlertState.PENDING, AlertState.FIRING, now + timedelta(minutes=5)),
    )
    stage.scores.add(BatchResult(transitions=steps))
    answer = api.get("/api/v1/cameras/gate/transitions").json()
    assert [(step["from_state"], step["to_state"]) for step in answer] == [
        ("pending", "firing"),
        ("inactive", "pending"),
    ]


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u2028", "\u0085", "\ufeff"])
@pytest.mark.parametrize("field", ["by", "reason"])
def test_a_text_with_characters_that_cannot_be_seen_is_refused(api: Caller, hidden: str, field: str) -> None:
    answer = api.post("/api/v1/incidents/i0/acknowledge", json={"by": "Ada", field: f"a{hidden}b"})

    assert answer.status_code == 422
    assert answer.json()["error"] == f"{field}: holds a character that cannot be seen; type the text again"
