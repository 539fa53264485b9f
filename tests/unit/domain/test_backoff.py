"""The law of every retry."""

from domain.backoff import backoff_s


def test_the_wait_doubles_from_the_first_to_the_longest() -> None:
    assert [backoff_s(failures, first_s=0.5, longest_s=3.0) for failures in range(1, 6)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_a_million_failures_wait_no_longer_than_the_longest() -> None:
    assert backoff_s(10**6, first_s=1.0, longest_s=20.0) == 20.0
