"""The share of a core that each reading process used lately."""

import pytest

from ingest.supervise.process_load import ProcessLoads


def test_a_share_is_of_the_last_minute_alone() -> None:
    loads = ProcessLoads()
    for second in range(0, 181, 5):
        loads.note({1: 0.8 * min(second, 100) + 0.2 * max(0, second - 100)}, float(second))
    assert loads.shares() == {1: pytest.approx(0.2)}


def test_nothing_is_said_of_a_process_that_has_just_begun_or_is_gone() -> None:
    loads = ProcessLoads()
    loads.note({1: 3.0, 2: 1.0}, 0.0)
    assert loads.shares() == {}
    loads.note({1: 8.0}, 25.0)
    assert loads.shares() == {1: pytest.approx(0.2)}


def test_another_process_under_the_same_number_begins_again() -> None:
    loads = ProcessLoads()
    loads.note({1: 50.0}, 0.0)
    loads.note({1: 1.0}, 30.0)
    assert loads.shares() == {}
