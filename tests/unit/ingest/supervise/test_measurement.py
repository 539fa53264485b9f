"""Numbers travel with every frame, pictures with those that a model judges or somebody looks at."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from detectors.metrics.meter import PictureMeter
from domain.cameras import Mask
from domain.frames import ColorRange, Frame, FrameFormat, FrameRef
from ingest.supervise.measurement import FrameMeasurer, PictureSchedule
from tests.fakes.ports import START

EVERY_S = {"quality": 10.0, "faces": 4.0}


def frame(second: float = 0.0, *, stream: str = "gate", session: str = "s1", level: int = 90) -> Frame:
    plane = np.full((48, 64), level, np.uint8)
    plane[:, 32:] = 200
    ref = FrameRef(stream, session, int(second), second, START + timedelta(seconds=second))
    return Frame(ref, FrameFormat(64, 48, "gray", ColorRange.FULL), (plane,), key_frame=True)


def test_a_frame_leaves_with_its_numbers_and_the_rest_of_it_unchanged() -> None:
    given = frame()
    sent = FrameMeasurer().measure(given)
    assert sent.measured == PictureMeter().measure(given)
    assert replace(sent, measured=None) == given
    assert sent.planes[0] is given.planes[0]


def test_change_is_measured_from_one_frame_of_a_session_to_the_next() -> None:
    measurer = FrameMeasurer()
    first, second, other = (measurer.measure(each).measured for each in (frame(), frame(1), frame(2, session="s2")))
    assert first is not None
    assert first.missing["change_median"] == "no earlier picture yet"
    assert second is not None
    assert second.values["change_median"] == 0
    assert other is not None
    assert other.missing["change_median"] == "no earlier picture yet"


def test_the_picture_goes_along_when_a_model_is_due_and_else_stays() -> None:
    measurer = FrameMeasurer(every_s=EVERY_S)
    sent = [measurer.measure(frame(second)) for second in range(21)]
    assert all(each.measured is not None for each in sent)
    with_picture = [each.ref.sequence for each in sent if each.has_picture]
    # The first pause is longer, by the stream's phase; then each model has its own interval.
    second = with_picture[1]
    assert 4 <= second <= 8
    assert with_picture == sorted({0, 10, 20, *range(second, 21, 4)})


def test_cameras_that_begin_together_want_the_models_at_different_times() -> None:
    schedule = PictureSchedule({"quality": 10.0, "faces": 10.0})
    refs = [[frame(second, stream=f"camera-{number:02d}").ref for number in range(40)] for second in range(60)]
    wanted = [sum(schedule.is_due(ref) for ref in each) for each in refs]
    assert wanted[0] == 40
    assert sum(wanted[30:]) == 40 * 3
    assert max(wanted[20:]) <= 12


def test_no_camera_waits_longer_than_two_intervals_and_then_the_interval_holds() -> None:
    for number in range(50):
        schedule = PictureSchedule({"quality": 10.0})
        due = [second for second in range(60) if schedule.is_due(frame(second, stream=f"camera {number}").ref)]
        assert due[0] == 0
        assert 10 <= due[1] <= 20
        assert {later - before for before, later in pairwise(due[1:])} == {10}


def test_without_models_no_picture_goes_along_and_without_a_schedule_every_one() -> None:
    assert not FrameMeasurer(every_s={}).measure(frame()).has_picture
    assert FrameMeasurer().measure(frame()).has_picture


def test_pictures_of_a_camera_that_somebody_looks_at_go_along() -> None:
    measurer = FrameMeasurer(every_s={})
    measurer.set_viewed(frozenset({"gate"}))
    assert measurer.measure(frame(0)).has_picture
    assert not measurer.measure(frame(0, stream="yard")).has_picture
    measurer.set_viewed(frozenset())
    assert not measurer.measure(frame(1)).has_picture


def test_a_look_does_not_move_the_models_schedule() -> None:
    measurer, alone = FrameMeasurer(every_s={"quality": 10.0}), FrameMeasurer(every_s={"quality": 10.0})
    expected = [second for second in range(40) if alone.measure(frame(second)).has_picture]
    sent = []
    for second in range(40):
        measurer.set_viewed(frozenset({"gate"} if second in (3, 6) else ()))
        sent += [second] if measurer.measure(frame(second)).has_picture else []
    assert sent == sorted({*expected, 3, 6})


def test_masked_regions_are_left_out() -> None:
    measurer = FrameMeasurer()
    measurer.set_masks("gate", (Mask(0.5, 0.0, 0.5, 1.0),))
    measured = measurer.measure(frame(level=51)).measured
    assert measured is not None
    assert measured.values["luma_mean"] == pytest.approx(0.2)


def test_a_frame_that_cannot_be_measured_leaves_as_it_is() -> None:
    broken = replace(frame(), planes=(np.zeros((2, 2), np.uint8),))
    assert FrameMeasurer(every_s={}).measure(broken) is broken


def test_a_new_session_and_a_clock_set_back_begin_the_schedule_again() -> None:
    schedule = PictureSchedule({"quality": 10.0})
    assert [schedule.is_due(frame(second).ref) for second in (0, 5, 3, 20)] == [True, False, False, True]
    assert schedule.is_due(frame(-1).ref)
    assert schedule.is_due(frame(13, session="s2").ref)


def test_a_reading_process_imports_no_torch() -> None:
    program = "import sys, ingest.supervise.reader_process; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_pictures_travel_only_for_models_that_a_worker_has() -> None:
    measurer = FrameMeasurer(every_s={"quality": 10.0, "faces": 30.0})
    measurer.set_models(frozenset())
    assert not measurer.measure(frame(0)).has_picture
    measurer.set_models(frozenset({"faces", "unknown"}))
    assert measurer.measure(frame(10)).has_picture
    assert not measurer.measure(frame(20)).has_picture
    measurer.set_models(None)
    assert measurer.measure(frame(30)).has_picture
