"""What `sightline watch` says of its checks."""

from domain.cameras import Camera
from domain.faults import Verdict, VerdictState
from domain.messages import StreamSnapshot
from sightline.cli.watch_output import coverage_text
from tests.fakes.ports import START
from tests.unit.api.sample_cameras import verdicts

CAMERA = Camera("gate", "rtsp://h/1")
VALUES = {"luma_mean": 0.4}


def snapshot(*found: Verdict, values: dict[str, float] = VALUES) -> StreamSnapshot:
    return StreamSnapshot("gate", START, None, verdicts=found, values=values)


def test_of_a_digital_camera_the_checks_of_analogue_encoders_are_not_counted_as_on_its_page() -> None:
    assert coverage_text(CAMERA, snapshot(*verdicts(CAMERA))) == "27 of 27 checks made"
    analogue = Camera("gate", "rtsp://h/1", analogue=True)
    assert coverage_text(analogue, snapshot(*verdicts(analogue))) == "29 of 29 checks made"


def test_in_the_first_second_no_count_is_given_that_says_nothing_about_the_camera() -> None:
    early = [
        each if index < 2 else Verdict(each.fault, VerdictState.NOT_ASSESSABLE, "too few frames yet")
        for index, each in enumerate(verdicts(CAMERA))
    ]
    assert coverage_text(CAMERA, snapshot(*early)) == "collecting the first pictures before the checks begin"
    assert coverage_text(CAMERA, snapshot(values={})) == "no check is made without a picture"


def test_one_check_that_waits_longer_than_the_others_does_not_hide_the_count() -> None:
    late = [
        each if index else Verdict(each.fault, VerdictState.NOT_ASSESSABLE, "too few frames yet")
        for index, each in enumerate(verdicts(CAMERA))
    ]
    assert coverage_text(CAMERA, snapshot(*late)) == "26 of 27 checks made; not assessable: 1 too few frames yet"
