"""Which camera is read in which process."""

from ingest.supervise.placement import BUSY, place_cameras

NOBODY: frozenset[str] = frozenset()


def test_cameras_share_processes_up_to_the_limit() -> None:
    result = place_cameras({}, [f"camera{index}" for index in range(10)], NOBODY, 4)
    assert sorted(len(names) for names in result.values()) == [2, 4, 4]


def test_who_has_a_place_keeps_it() -> None:
    before = place_cameras({}, ["a", "b", "c", "d"], NOBODY, 2)
    after = place_cameras(before, ["a", "b", "c", "d", "e"], NOBODY, 2)
    assert all(after[number] == names for number, names in before.items())


def test_a_gap_is_filled_before_a_process_is_started() -> None:
    before = place_cameras({}, ["a", "b", "c", "d"], NOBODY, 2)
    after = place_cameras(before, ["a", "c", "d", "e"], NOBODY, 2)
    assert len(after) == 2


def test_an_offender_shares_with_nobody_then_or_later() -> None:
    after = place_cameras({2: frozenset({"b", "c"})}, ["a", "b", "c"], {"a"}, 8)
    assert frozenset({"a"}) in after.values()
    later = place_cameras(after, ["a", "b", "c", "d"], {"a"}, 8)
    assert frozenset({"a"}) in later.values()
    assert frozenset({"b", "c", "d"}) in later.values()


def test_an_offender_still_among_neighbours_is_the_one_that_moves() -> None:
    after = place_cameras({1: frozenset({"a", "b", "c"})}, ["a", "b", "c"], {"a"}, 8)
    assert after[1] == frozenset({"b", "c"})


def test_a_process_without_cameras_is_gone() -> None:
    assert place_cameras({1: frozenset({"a"})}, [], NOBODY, 8) == {}


def test_a_new_camera_goes_where_least_is_used() -> None:
    before = {1: frozenset({"a", "b"}), 2: frozenset({"c"})}
    after = place_cameras(before, ["a", "b", "c", "d"], NOBODY, 8, {1: 0.1, 2: 0.4})
    assert after[1] == frozenset({"a", "b", "d"})


def test_cameras_that_come_together_are_shared_out_by_what_the_others_of_a_process_take() -> None:
    before = {1: frozenset({"a"}), 2: frozenset({"b"})}
    after = place_cameras(before, list("abcdef"), NOBODY, 8, {1: 0.1, 2: 0.1})
    assert sorted(len(names) for names in after.values()) == [3, 3]


def test_busy_processes_take_no_more_and_keep_what_they_have() -> None:
    before = {1: frozenset({"a"}), 2: frozenset({"b"})}
    after = place_cameras(before, ["a", "b", "c"], NOBODY, 8, {1: BUSY, 2: 0.99})
    assert after == {**before, 3: frozenset({"c"})}
