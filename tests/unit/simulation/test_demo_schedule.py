"""The play fits into a minute and shows what it promises."""

from domain.faults import Fault
from simulation.demo_schedule import CYCLE_S, DEMO_SCHEDULE, FIRST_FAULT_S, film_length_s, find_faulty
from simulation.films.scenes import SCENES

PROMISED = {
    Fault.FREEZE,
    Fault.BLUR,
    Fault.NOISE,
    Fault.COVERED,
    Fault.CAMERA_MOVED,
    Fault.BITRATE_STARVED,
    Fault.SIGNAL_LOSS,
}


def test_seven_cameras_fail_each_in_its_own_way_and_two_stay_well_one_of_them_by_night() -> None:
    well = [part for part in DEMO_SCHEDULE if part.fault is None]
    assert {part.fault for part in DEMO_SCHEDULE if part.fault is not None} == PROMISED
    assert len(DEMO_SCHEDULE) == len(PROMISED) + 2
    assert [SCENES[part.camera].night for part in well] == [False, True]


def test_the_faults_begin_one_by_one_after_learning_and_leave_time_for_the_last() -> None:
    onsets = [part.onset_s for part in find_faulty(DEMO_SCHEDULE)]
    assert onsets == sorted(set(onsets))
    assert onsets[0] >= FIRST_FAULT_S
    assert onsets[-1] <= 35


def test_a_lost_signal_comes_back_in_time_to_see_it_resolve_within_a_minute() -> None:
    lost = next(part for part in DEMO_SCHEDULE if part.fault is Fault.SIGNAL_LOSS)
    assert lost.ends_s is not None
    assert lost.onset_s + 12 <= lost.ends_s <= 40


def test_a_film_lasts_as_long_as_the_demo_and_turns_sick_when_planned() -> None:
    part = next(part for part in DEMO_SCHEDULE if part.fault is Fault.BLUR)
    film = part.film(70, served=True)
    assert film.seconds == 70
    assert [(take.fault, take.seconds) for take in film.takes] == [
        (None, part.onset_s),
        (Fault.BLUR, 70 - part.onset_s),
    ]


def test_a_file_ends_where_a_served_camera_is_cut() -> None:
    part = next(part for part in DEMO_SCHEDULE if part.fault is Fault.SIGNAL_LOSS)
    assert part.film(70, served=True).seconds == 70
    assert part.film(70, served=False).seconds == part.onset_s


def test_films_outlast_a_short_demo_and_repeat_in_a_long_one() -> None:
    assert film_length_s(60) > 60
    assert film_length_s(3600) == CYCLE_S
    assert film_length_s(0) == CYCLE_S
