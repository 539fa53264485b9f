"""The longest files start first, and files that wait run beside files that compute."""

from tests.scheduling import Duration, choose_file, computes_first, is_waiting, load_durations

FILES = ("tests/unit/long.py", "tests/unit/short.py", "tests/faults/waits.py", "tests/faults/waits_longer.py")
DURATIONS = {
    "tests/unit/long.py": Duration(20.0, 1.0),
    "tests/unit/short.py": Duration(2.0, 0.0),
    "tests/faults/waits.py": Duration(1.0, 9.0),
    "tests/faults/waits_longer.py": Duration(5.0, 50.0),
}


def order(files: list[str], *, computing: bool) -> list[str]:
    left, chosen = list(files), []
    while left:
        chosen.append(choose_file(iter(left), DURATIONS, computing=computing))
        left.remove(chosen[-1])
    return chosen


def test_the_longest_of_a_process_s_own_kind_come_first_and_then_those_of_the_other() -> None:
    assert order([*FILES], computing=True) == [
        "tests/unit/long.py",
        "tests/unit/short.py",
        "tests/faults/waits_longer.py",
        "tests/faults/waits.py",
    ]
    assert order([*FILES], computing=False) == [
        "tests/faults/waits_longer.py",
        "tests/faults/waits.py",
        "tests/unit/long.py",
        "tests/unit/short.py",
    ]


def test_a_file_that_is_not_measured_is_known_by_its_folder_and_short() -> None:
    assert is_waiting("tests/end_to_end/test_new.py", DURATIONS)
    assert not is_waiting("tests/unit/api/test_new.py", DURATIONS)
    assert order([*FILES[:2], "tests/unit/new.py"], computing=True)[-1] == "tests/unit/new.py"


def test_half_of_the_processes_compute_and_one_alone_takes_what_waits_first() -> None:
    assert [computes_first(f"gw{number}", 4) for number in range(4)] == [True, True, False, False]
    assert [computes_first(f"gw{number}", 3) for number in range(3)] == [True, False, False]
    assert not computes_first("gw0", 1)


def test_the_durations_of_the_repository_can_be_read() -> None:
    assert all(duration.total_s >= 0 for duration in load_durations().values())
