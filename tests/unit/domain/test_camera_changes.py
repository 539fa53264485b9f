"""Changes of a camera are shown without secrets, and undone only where nothing was lost."""

from dataclasses import replace

import pytest

from domain.camera_changes import CameraChange, camera_to_restore, keep_login, undo_edit, values_of, with_values
from domain.cameras import Camera, FaultSetting, Mask, RtspTransport, SamplingMode, SamplingPlan
from domain.errors import ConfigError
from domain.faults import Fault
from tests.fakes.ports import START

KNOWN = "rtsp://guard:hunter2@10.0.0.7:554/main"
GATE = Camera(
    "gate",
    KNOWN,
    site="Harbour",
    transport=RtspTransport.UDP,
    plan=SamplingPlan(SamplingMode.PATROL, 2.0, 9.0, 600.0),
    masks=(Mask(0.1, 0.2, 0.3, 0.4), Mask.polygon([(0.5, 0.5), (0.9, 0.6), (0.6, 0.9)])),
    tags=("entrance", "floor 2"),
    faults={Fault.BLUR: FaultSetting(False), Fault.NOISE: FaultSetting(True, 8)},
)


def change(before: Camera | None, after: Camera | None, *, hidden: bool = False) -> CameraChange:
    old, new = (None if each is None else values_of(each) for each in (before, after))
    return CameraChange(7, START, "ann", "edit camera", "gate", old, new, hidden)


def test_values_make_the_same_camera_again() -> None:
    plain = replace(GATE, url="rtsp://10.0.0.7/main")
    assert with_values(Camera("gate", "rtsp://10.0.0.7/main"), values_of(plain)) == plain
    assert "hunter2" not in repr(values_of(GATE))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("rtsp://***@10.0.0.7:554/main", KNOWN),
        ("rtsp://***@10.0.0.7:554/sub", "rtsp://guard:hunter2@10.0.0.7:554/sub"),
        ("rtsp://10.0.0.7:554/main", "rtsp://10.0.0.7:554/main"),
        ("rtsp://new:other@evil/main", "rtsp://new:other@evil/main"),
    ],
)
def test_a_hidden_login_is_kept_for_its_own_host(typed: str, kept: str) -> None:
    assert keep_login(typed, KNOWN) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "rtsp://***@evil.example/main",
        "rtsp://***@10.0.0.7:5540/main",
        "http://***@10.0.0.7:554/main",
        "rtsp://***@10.0.0.7:554/***",
        "rtsp://user:***@10.0.0.7:554/main",
        "rtsp://***",
        "***",
    ],
)
def test_a_hidden_login_goes_nowhere_else(typed: str) -> None:
    with pytest.raises(ConfigError, match="type the login again"):
        keep_login(typed, KNOWN)


def test_undoing_takes_back_what_changed_and_leaves_the_rest() -> None:
    edited = replace(GATE, site="Airport", url="rtsp://guard:hunter2@10.0.0.7:554/sub")
    since = replace(edited, group="switch 9")
    assert undo_edit(since, change(GATE, edited)) == replace(GATE, group="switch 9")


def test_what_was_changed_again_is_not_undone() -> None:
    edited = replace(GATE, site="Airport")
    with pytest.raises(ConfigError, match="site was changed again"):
        undo_edit(replace(edited, site="Station"), change(GATE, edited))


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (change(GATE, GATE, hidden=True), "the former one is not kept"),
        (change(GATE, GATE), "left nothing to undo"),
        (change(None, GATE), "was no edit"),
    ],
)
def test_what_cannot_be_undone_says_why(made: CameraChange, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        undo_edit(GATE, made)


def test_a_removed_camera_comes_back_unless_its_login_is_lost() -> None:
    plain = replace(GATE, url="rtsp://10.0.0.7/main")
    assert camera_to_restore(change(plain, None)) == plain
    with pytest.raises(ConfigError, match="was not kept"):
        camera_to_restore(change(GATE, None))
