"""What cameras found in the network change: new ones, moved ones, and those that pretend."""

import pytest

from domain.cameras import Camera
from sightline.config.discovered_cameras import FoundCamera, plan_discovered
from sightline.config.imported_cameras import plan_import
from tests.canary import WORD

IDENTITY = "urn:uuid:2419d68a-2dd2-21b2-a205-4c11ae01c0de"
PLACE = Camera("place", "", site="north", group="switch-1")
GATE = Camera("gate", f"rtsp://u:{WORD}@192.0.2.10:5540/main", ptz=True, device=IDENTITY)


def plan(found: list[FoundCamera], *known: Camera) -> tuple[list[Camera], list[str]]:
    cameras = {camera.name: camera for camera in known}
    read = plan_discovered(found, cameras, PLACE)
    return [change.after for change in plan_import(read.cameras, cameras)], list(read.skipped)


def found(host: str = "192.0.2.10", identity: str = IDENTITY, **changed: str) -> FoundCamera:
    return FoundCamera(host, f"rtsp://{host}:554/live", "Gate", identity, **changed)


def test_a_new_camera_gets_its_own_name_the_place_and_the_login() -> None:
    (camera,), skipped = plan([found(user="o p", password="a@b/c")])
    assert camera == Camera(
        "Gate", "rtsp://o%20p:a%40b%2Fc@192.0.2.10:554/live", site="north", group="switch-1", device=IDENTITY
    )
    assert skipped == []


def test_a_camera_at_a_new_address_keeps_its_name_its_settings_and_its_stream() -> None:
    (camera,), skipped = plan([found("192.0.2.99", user="u", password="new")], GATE)
    assert (camera.name, camera.url, camera.ptz) == ("gate", "rtsp://u:new@192.0.2.99:5540/main", True)
    assert (camera.site, skipped) == ("", [])


def test_the_known_login_never_goes_to_a_new_address() -> None:
    cameras, (reason,) = plan([found("192.0.2.99")], GATE)
    assert cameras == []
    assert "is 'gate' at a new address; give its login" in reason
    assert WORD not in reason


def test_of_two_that_claim_one_identity_the_one_at_the_known_address_is_it_and_the_other_is_left_out() -> None:
    two = [found("192.0.2.66", user="u", password="p"), found("192.0.2.10", user="u", password="p")]
    cameras, (reason,) = plan(two, GATE)
    assert cameras == [GATE]
    assert reason.startswith("192.0.2.66: another camera says")
    cameras, reasons = plan([found("192.0.2.66"), found("192.0.2.67")], GATE)
    assert (cameras, len(reasons)) == ([], 2)


def test_a_camera_that_was_typed_in_learns_its_identity_and_nothing_else() -> None:
    typed = Camera("door", "rtsp://u:p@192.0.2.10/1", site="south", tags=("vip",))
    (camera,), _ = plan([found(user="x", password="y")], typed)
    assert camera == Camera("door", typed.url, site="south", tags=("vip",), device=IDENTITY)


def test_another_device_at_the_address_of_a_known_camera_does_not_take_its_place() -> None:
    cameras, (reason,) = plan([found(identity="urn:uuid:ffffffff-2dd2-21b2-a205-4c11ae01c0de")], GATE)
    assert cameras == []
    assert "there are cameras at this address already (gate)" in reason


def test_a_recorder_with_several_cameras_at_one_address_is_left_to_the_operator() -> None:
    channels = [Camera(f"channel {n}", f"rtsp://192.0.2.10/{n}") for n in range(4)]
    cameras, (reason,) = plan([found()], *channels)
    assert cameras == []
    assert "channel 0, channel 1, channel 2" in reason
    both = [Camera(f"lens {n}", f"rtsp://192.0.2.7/{n}", device=IDENTITY) for n in range(2)]
    assert "2 cameras of Sightline are this device" in plan([found("192.0.2.99", user="u")], *both)[1][0]


@pytest.mark.parametrize("name", ["", "=1+1", "\x1b[31m", "../..", "a" * 4000, "\u202eevil", "--", "gate"])
def test_any_name_a_camera_gives_itself_becomes_one_that_is_allowed_and_free(name: str) -> None:
    known = Camera("gate", "rtsp://192.0.2.1/1")
    cameras, _ = plan(
        [FoundCamera(f"192.0.2.{n}", f"rtsp://192.0.2.{n}/a", name, f"urn:{n}") for n in range(20, 24)], known
    )
    names = [camera.name for camera in cameras]
    assert len({*names, "gate"}) == 5
    assert all(name.isprintable() and len(name) <= 120 and name[0].isalnum() for name in names)


def test_the_same_look_again_changes_nothing() -> None:
    (camera,), _ = plan([found(user="u", password="p")])
    again, skipped = plan([found(user="u", password="p")], camera)
    assert (again, skipped) == ([camera], [])
