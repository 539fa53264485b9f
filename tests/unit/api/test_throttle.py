from datetime import UTC, datetime, timedelta

from api.throttle import MOST_WRONG, WINDOW_S, Throttle

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_guessing_is_stopped_for_a_minute_and_for_the_guesser_alone() -> None:
    throttle = Throttle()
    for _ in range(MOST_WRONG):
        assert throttle.wait_s("10.0.0.9", NOW) == 0
        throttle.note("10.0.0.9", NOW)
    assert throttle.wait_s("10.0.0.9", NOW + timedelta(seconds=20)) == WINDOW_S - 20
    assert throttle.wait_s("10.0.0.8", NOW) == 0
    assert throttle.wait_s("10.0.0.9", NOW + timedelta(seconds=WINDOW_S)) == 0
