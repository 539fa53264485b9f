from api.check_counts import count_checks
from domain.cameras import Camera, FaultSetting
from domain.faults import Fault, Verdict, VerdictState
from tests.unit.api.sample_cameras import verdicts

CAMERA = Camera("gate", "rtsp://h/1")


def test_faults_of_analogue_encoders_are_not_asked_of_others() -> None:
    assert count_checks(CAMERA, verdicts(CAMERA)).of == 27
    analogue = Camera("gate", "rtsp://h/1", analogue=True)
    assert count_checks(analogue, verdicts(analogue)).of == 29


def test_a_fault_switched_off_is_not_asked_for() -> None:
    camera = Camera("gate", "rtsp://h/1", faults={Fault.BLUR: FaultSetting(enabled=False)})
    counted = count_checks(camera, verdicts(camera))
    assert (counted.of, counted.off) == (26, 3)


def test_a_verdict_of_fault_is_a_check_done() -> None:
    found = tuple(
        Verdict(Fault.BLUR, VerdictState.FAULT, "soft") if each.fault is Fault.BLUR else each
        for each in verdicts(CAMERA)
    )
    assert count_checks(CAMERA, found).done == 27


def test_checks_that_wait_for_a_reference_are_named_as_such() -> None:
    counted = count_checks(CAMERA, verdicts(CAMERA, learning=8))
    assert counted.text == "19 of 27, 8 need a baseline"
    assert counted.waiting == (("learning day", 8),)


def test_one_check_needs_a_reference_in_the_singular() -> None:
    assert count_checks(CAMERA, verdicts(CAMERA, learning=1)).text == "26 of 27, 1 needs a baseline"


def test_without_any_verdict_nothing_was_done() -> None:
    assert count_checks(CAMERA, ()).text == "0 of 27, 27 not assessable"
