import pytest

from domain.cameras import Camera
from tests.unit.api.conftest import Caller
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"by": "Ada", "by": "Eve"}', "the key 'by' is given twice"),
        (b'{"by": "Ada", "reason": "x", "reason": "x"}', "the key 'reason' is given twice"),
        (b'{"by": "Ada", "more": {"a": 1, "a": 2}}', "the key 'a' is given twice"),
        (b'{"' + b"k" * 5000 + b'": 1, "' + b"k" * 5000 + b'": 2}', "is given twice"),
        (b'{"\\ud800": 1, "\\ud800": 2}', "the key '?' is given twice"),
        (b'{"by": NaN}', "NaN is not a number of JSON"),
        (b'{"by": -Infinity}', "-Infinity is not a number of JSON"),
        (b'{"a":' * 3000, "body"),
        (b'{"by": ' + b"9" * 5000 + b"}", "body"),
        (b'{"by": "\\ud800"}', "by: "),
        (b"[" * 16000, "body"),
        (b"\xff", "body"),
        (b"", "body"),
    ],
)
def test_a_body_that_is_not_plain_json_is_refused_and_changes_nothing(
    api: Caller, stage: SampleCameras, body: bytes, said: str
) -> None:
    incident = stage.failing(Camera("gate", "rtsp://h/1"), blur_verdict())
    answer = api.post(f"/api/v1/incidents/{incident.incident_id}/acknowledge", content=body, headers=JSON)
    assert answer.status_code in (400, 422)
    assert said in answer.json()["error"]
    assert len(answer.text) < 200
    kept = stage.alerts.incident(incident.incident_id)
    assert kept is not None
    assert kept.acknowledged_by == ""


def test_a_plain_body_is_taken(api: Caller, stage: SampleCameras) -> None:
    incident = stage.failing(Camera("gate", "rtsp://h/1"), blur_verdict())
    answer = api.post(f"/api/v1/incidents/{incident.incident_id}/acknowledge", content=b'{"by": "Ada"}', headers=JSON)
    assert (answer.status_code, answer.json()["acknowledged_by"]) == (200, "Ada")
