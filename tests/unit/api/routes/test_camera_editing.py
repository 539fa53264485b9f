"""Cameras are added, edited, tried out, accepted, removed over the API, and what can be undone is."""

import json
from typing import Any

import pytest

from domain.cameras import Camera, CameraTestResult, FaultSetting, Mask
from domain.faults import Fault
from tests.fakes.ports import START
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras

SECRET = "rtsp://guard:hunter2@10.0.0.7/main"
SHOWN = "rtsp://***@10.0.0.7/main"
GATE = Camera("gate", SECRET, site="North")


class FakeTester:
    """Remembers what it was to open."""

    def __init__(self) -> None:
        self.cameras: list[Camera] = []

    def test(self, camera: Camera) -> CameraTestResult:
        self.cameras.append(camera)
        return CameraTestResult(True, "it sends pictures", 1.23, 640, 480, "h264", 25.0, picture=b"jpeg")


def patch(api: Caller, name: str = "gate", **sent: Any) -> Any:
    return api.send("PATCH", f"/api/v1/cameras/{name}", json={"by": "Ada", **sent})


def test_a_camera_is_added_with_everything_and_its_password_never_shown(api: Caller, stage: SampleCameras) -> None:
    body = {
        "by": "Ada", "name": " gate ", "address": SECRET, "site": "North", "group": "switch 4", "ptz": True,
        "masks": [{"left": 0.5, "top": 0, "width": 0.5, "height": 0.25}],
        "faults": {"blur": {"enabled": False}, "noise": {"sensitivity": 8}, "shake": {}},
        "plan": {"mode": "patrol", "judge_s": 20},
    }  # fmt: skip
    added = api.post("/api/v1/cameras", json=body)
    assert added.status_code == 201
    assert "hunter2" not in added.text
    assert added.json()["address"] == SHOWN
    camera = stage.streams.camera("gate")
    assert camera is not None
    assert (camera.url, camera.site, camera.ptz, camera.masks) == (SECRET, "North", True, (Mask(0.5, 0, 0.5, 0.25),))
    assert camera.faults == {Fault.BLUR: FaultSetting(False), Fault.NOISE: FaultSetting(True, 8)}
    assert (camera.plan.mode.value, camera.plan.judge_s) == ("patrol", 20.0)
    again = api.post("/api/v1/cameras", json=body)
    assert again.status_code == 409
    assert "named 'gate' already" in again.json()["error"]
    assert "hunter2" not in repr(stage.streams.audit())


def test_an_edit_changes_what_is_sent_and_is_audited(api: Caller, stage: SampleCameras) -> None:
    stage.add(GATE)
    edited = patch(api, site="South", faults={"blur": {"enabled": False}})
    assert edited.status_code == 200
    patch(api, faults={"noise": {"sensitivity": 2}})
    camera = stage.streams.camera("gate")
    assert camera is not None
    assert (camera.url, camera.site) == (SECRET, "South")
    assert camera.faults == {Fault.BLUR: FaultSetting(False), Fault.NOISE: FaultSetting(True, 2)}
    entry = stage.streams.audit()[1]
    assert (entry.by, entry.action) == ("Ada", "edit camera")
    assert entry.detail.startswith("site: 'North' → 'South'; faults: ")


def test_a_hidden_login_stays_with_its_host_and_goes_nowhere_else(api: Caller, stage: SampleCameras) -> None:
    stage.add(GATE)
    assert patch(api, address=SHOWN, site="South").status_code == 200
    assert patch(api, address="rtsp://***@10.0.0.7/sub").status_code == 200
    camera = stage.streams.camera("gate")
    assert camera is not None
    assert camera.url == "rtsp://guard:hunter2@10.0.0.7/sub"
    refused = patch(api, address="rtsp://***@evil.example/sub")
    assert refused.status_code == 422
    assert refused.json()["error"].startswith("address: type the login again")
    renewed = patch(api, address="rtsp://guard:hunter2-new@10.0.0.7/sub")
    assert renewed.status_code == 200
    assert "hunter2" not in renewed.text
    assert "hunter2" not in api.get("/api/v1/camera-changes").text
    assert stage.streams.audit()[0].detail == "address: its login or another hidden part"


def test_an_edit_of_what_somebody_else_changed_is_409(api: Caller, stage: SampleCameras) -> None:
    stage.add(GATE)
    read = api.get("/api/v1/cameras/gate/settings").json()["last_change"]
    assert patch(api, last_change=read, site="South").status_code == 200
    late = patch(api, last_change=read, site="West")
    assert late.status_code == 409
    assert late.json()["error"].startswith("Ada changed this camera at 2026-03-03 08:00:00 UTC")


@pytest.mark.parametrize(
    "sent",
    [
        {"address": "file:///etc/passwd"},
        {"address": "/etc/passwd"},
        {"address": "concat:/etc/passwd"},
        {"address": "rtsp://"},
        {"address": ""},
        {"address": "rtsp://h/\x00"},
        {"address": "x" * 5000},
        {"site": "=cmd()"},
        {"site": "a\x1b[2J"},
        {"group": "x" * 200},
        {"enabled": "yes"},
        {"enabled": 1},
        {"masks": [{"left": 0.9, "top": 0, "width": 0.5, "height": 0.5}]},
        {"masks": [{"left": 0, "top": 0, "width": 0, "height": 0.5}]},
        {"masks": [{"left": 0, "top": 0, "width": 1, "height": 1}] * 65},
        {"masks": [{"left": -1, "top": 0, "width": 1, "height": 1}]},
        {"masks": [{"points": [[0.1, 0.1], [0.2, 0.2]]}]},
        {"masks": [{"points": [[0.1, 0.1], [0.1, 0.2], [0.1, 0.3]]}]},
        {"masks": [{"points": [[0.1, 0.1], [1.2, 0.2], [0.1, 0.3]]}]},
        {"masks": [{"points": [[0.1, 0.1, 0.1]] * 3}]},
        {"masks": [{"points": [[0.1, 0.1], [0.9, 0.2], [0.1, 0.9]] * 11}]},
        {"tags": ["a, b"]},
        {"tags": ["=cmd()"]},
        {"tags": ["x"] * 21},
        {"tags": "entrance"},
        {"faults": {"nonsense": {}}},
        {"faults": {"blur": {"sensitivity": 11}}},
        {"faults": {"blur": {"sensitivity": 5.5}}},
        {"faults": {"blur": {"sensitivity": True}}},
        {"plan": {"mode": "auto", "interval_s": 0}},
        {"plan": {"mode": "auto", "interval_s": 1e300}},
        {"transport": "pigeon"},
        {"name": "other"},
        {"last_change": -1},
        {"last_change": 10**30},
        {"by": ""},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(
    api: Caller, stage: SampleCameras, sent: dict[str, Any]
) -> None:
    stage.add(GATE)
    content = json.dumps({"by": "Ada", **sent}).encode()
    refused = api.send("PATCH", "/api/v1/cameras/gate", content=content, headers={"Content-Type": "application/json"})
    # A number that no change has is a change that somebody else made since.
    assert refused.status_code == (409 if sent.get("last_change", 0) > 0 else 422), refused.text
    assert "/etc/passwd" not in refused.text
    assert stage.streams.camera("gate") == GATE


def test_tags_and_polygons_are_kept_found_and_taken_back(api: Caller, stage: SampleCameras) -> None:
    stage.add(GATE)
    corners = [[0.1, 0.1], [0.5, 0.2], [0.2, 0.6]]
    changed = patch(api, tags=["entrance", " floor 2 ", "entrance", ""], masks=[{"points": corners}]).json()
    assert changed["tags"] == ["entrance", "floor 2"]
    assert changed["masks"] == [{"left": 0.1, "top": 0.1, "width": 0.4, "height": 0.5, "points": corners}]
    camera = stage.streams.camera("gate")
    assert camera is not None
    assert camera.masks == (Mask.polygon([(0.1, 0.1), (0.5, 0.2), (0.2, 0.6)]),)
    assert [each["name"] for each in api.get("/api/v1/cameras?tag=floor%202").json()["cameras"]] == ["gate"]
    assert api.get("/api/v1/cameras?tag=roof").json()["cameras"] == []
    assert patch(api, masks=changed["masks"]).json()["last_change"] == changed["last_change"]
    undone = api.post(f"/api/v1/camera-changes/{changed['last_change']}/undo", json={"by": "Bob"})
    assert undone.status_code == 200, undone.text
    camera = stage.streams.camera("gate")
    assert camera is not None
    assert (camera.tags, camera.masks) == (GATE.tags, GATE.masks)


def test_unknown_cameras_and_changes_are_404(api: Caller) -> None:
    assert patch(api, "nope", site="x").status_code == 404
    assert api.get("/api/v1/cameras/nope/settings").status_code == 404
    assert api.post("/api/v1/cameras/nope/remove", json={"by": "Ada"}).status_code == 404
    assert api.post("/api/v1/cameras/nope/accept", json={"by": "Ada"}).status_code == 404
    for change in ("0", "-1", "77", "9" * 30):
        assert api.post(f"/api/v1/camera-changes/{change}/undo", json={"by": "Ada"}).status_code == 404


def test_undo_takes_back_an_edit_an_addition_and_a_removal(api: Caller, stage: SampleCameras) -> None:
    plain = {"by": "Ada", "name": "yard", "address": "rtsp://10.0.0.8/main"}
    api.post("/api/v1/cameras", json=plain)
    patch(api, "yard", ptz=True, faults={"blur": {"enabled": False}, "noise": {"enabled": False}})
    patch(api, "yard", site="South", faults={"noise": {"enabled": True}})

    def changes() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = api.get("/api/v1/camera-changes?camera=yard").json()
        return found

    def undo(change: dict[str, Any]) -> int:
        return api.post(f"/api/v1/camera-changes/{change['id']}/undo", json={"by": "Bob"}).status_code

    latest, edit, added = changes()
    assert [each["undoable"] for each in (latest, edit, added)] == [True, False, False]
    assert "noise was changed again" in edit["why_not"]
    assert undo(edit) == 409
    assert undo(latest) == 200
    assert undo(edit) == 200
    camera = stage.streams.camera("yard")
    assert camera == Camera("yard", "rtsp://10.0.0.8/main")
    assert changes()[0]["by"] == "Bob"
    assert api.post("/api/v1/cameras/yard/remove", json={"by": "Ada"}).json()["undoable"] is True
    assert undo(changes()[0]) == 200
    assert stage.streams.camera("yard") == camera
    assert undo(changes()[0]) == 200
    assert stage.streams.camera("yard") is None


def test_what_was_lost_is_not_undone(api: Caller, stage: SampleCameras) -> None:
    stage.add(GATE)
    accepted = api.post("/api/v1/cameras/gate/accept", json={"by": "Ada"})
    assert accepted.json()["accepted_by"] == "Ada"
    removed = api.post("/api/v1/cameras/gate/remove", json={"by": "Ada"}).json()
    assert removed["undoable"] is False
    assert removed["why_not"] == "the login of 'gate' was not kept; add the camera again with it"
    assert removed["text"] == f"was {SHOWN}"


def test_where_a_camera_comes_from_and_which_wins_is_said(api: Caller, stage: SampleCameras) -> None:
    stage.streams.put_camera(GATE, by="settings file", at=START)
    stage.streams.note_settings("gate", "digest")
    stage.streams.add_camera(Camera("yard", "rtsp://h/2"), by="Ada", at=START)
    before = api.get("/api/v1/cameras/gate/settings").json()["source"]
    assert (before["in_settings_file"], before["edited"]) == (True, False)
    after = patch(api, site="South").json()["source"]
    assert (after["in_settings_file"], after["edited"]) == (True, True)
    assert "then the file wins" in after["text"]
    assert api.get("/api/v1/cameras/yard/settings").json()["source"]["in_settings_file"] is False


def test_a_camera_is_tried_out_as_typed_or_as_known(stage: SampleCameras) -> None:
    stage.add(GATE)
    stage.add(Camera("film", "file:///films/gate.mp4"))
    tester = FakeTester()
    api = Caller(make_app(stage, camera_tester=tester))
    path = "/api/v1/camera-trials"
    found = api.post(path, json={"by": "Ada", "address": SECRET, "transport": "udp"})
    assert found.json() == {
        "works": True, "reason": "it sends pictures", "seconds": 1.2, "width": 640, "height": 480, "codec": "h264",
        "fps": 25.0, "bitrate_bps": None, "picture": "anBlZw==",
    }  # fmt: skip
    api.post(path, json={"by": "Ada", "camera": "gate"})
    api.post(path, json={"by": "Ada", "camera": "gate", "address": "rtsp://***@10.0.0.7/sub"})
    api.post(path, json={"by": "Ada", "camera": "film"})
    assert [camera.url for camera in tester.cameras] == [
        SECRET, SECRET, "rtsp://guard:hunter2@10.0.0.7/sub", "file:///films/gate.mp4",
    ]  # fmt: skip
    refused: tuple[dict[str, str], ...]
    refused = ({"address": "rtsp://***@evil/x", "camera": "gate"}, {"address": "file:///etc/passwd"}, {})
    for body in refused:
        assert api.post(path, json={"by": "Ada", **body}).status_code == 422
    assert api.post(path, json={"by": "Ada", "camera": "nope"}).status_code == 404
    assert len(tester.cameras) == 4


def test_without_a_tester_a_trial_is_404(api: Caller) -> None:
    assert api.post("/api/v1/camera-trials", json={"by": "Ada", "address": "rtsp://h/1"}).status_code == 404


@pytest.mark.parametrize(
    "masks",
    [
        [{"left": 0, "top": 0, "width": 1, "height": 1}],
        [{"left": 0, "top": 0, "width": 0.5, "height": 1}, {"left": 0.5, "top": 0, "width": 0.5, "height": 1}],
        [{"left": 0.001, "top": 0.001, "width": 0.998, "height": 0.998}],
        [{"left": n / 8, "top": 0, "width": 0.125, "height": 1} for n in range(8)],
        [{"points": [[0, 0], [1, 0], [1, 1], [0, 1]]}],
        [{"points": [[0, 0], [1, 0], [1, 1]]}, {"points": [[0, 0], [1, 1], [0, 1]]}],
    ],
)
def test_masks_over_the_whole_picture_are_refused_with_a_sentence(
    api: Caller, stage: SampleCameras, masks: list[dict[str, Any]]
) -> None:
    stage.add(GATE)
    refused = api.send("PATCH", "/api/v1/cameras/gate", json={"by": "Ada", "masks": masks})
    assert (refused.status_code, refused.json()) == (
        422,
        {
            "error": "masks: cover the whole picture, so that nothing would be judged; leave a part free, "
            "or switch the camera off"
        },
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            '{"by": "Ada", "masks": [{"left": "a", "top": 0, "width": 1, "height": 1}]}',
            "masks[0].left: must be a number",
        ),
        (
            '{"by": "Ada", "masks": [{"left": 0, "top": 0, "width": 1}]}',
            "masks[0]: must be a rectangle within the picture",
        ),
        ('{"by": "Ada", "masks": {}}', "masks: must be a list"),
        ('{"by": "Ada", "enabled": "yes"}', "enabled: must be true or false"),
        ('{"by": "Ada", "transport": "pigeon"}', "transport: must be one of 'tcp' or 'udp'"),
        ('{"by": "Ada", "faults": {"nonsense": {}}}', "faults.nonsense: must be one of"),
        ('{"by": "Ada", "faults": {"blur": {"sensitivity": 5.5}}}', "faults.blur.sensitivity: must be a whole number"),
        ('{"by": "Ada", "colour": 1}', "colour: is not known here; remove it"),
        ('{"by": "Ada"', "body, character "),
        ("[]", "body: must be a group of named values"),
        ("", "body: needed, but not given"),
        ("null", "body: must be a group of named values"),
        ('"text"', "body: must be a group of named values"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(
    api: Caller, stage: SampleCameras, body: str, said: str
) -> None:
    stage.add(GATE)
    headers = {"Content-Type": "application/json"}
    refused = api.send("PATCH", "/api/v1/cameras/gate", content=body.encode(), headers=headers)
    assert refused.status_code == 422
    assert refused.json()["error"].startswith(said)
