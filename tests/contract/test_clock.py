"""What every clock promises."""

from datetime import timedelta

import pytest

from domain.ports import Clock
from sightline.runtime.clock import SystemClock
from tests.fakes.ports import FakeClock


@pytest.fixture(params=[SystemClock, FakeClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


def test_time_is_in_utc(clock: Clock) -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_sleeping_lets_at_least_that_time_pass(clock: Clock) -> None:
    before = clock.now()
    clock.sleep(0.02)
    assert clock.now() - before >= timedelta(seconds=0.019)
