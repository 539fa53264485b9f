"""The stream's own time under clocks of every kind; decided on numbers alone, arrival included."""

import itertools
import random
from collections.abc import Callable, Iterable, Sequence

import pytest

from domain.cameras import SamplingMode, SamplingPlan
from ingest.read.sampling import Sampling, decide_keep
from ingest.read.stream_time import StreamTime, advance_live, advance_recording

FPS = 25.0
EACH_SECOND = SamplingPlan(SamplingMode.INTERVAL, interval_s=1.0)
Stamped = tuple[float | None, float]
"""(timestamp, arrival), both in seconds."""


def times(stamps: Iterable[Stamped], advance: Callable[..., StreamTime] = advance_live) -> list[float]:
    """Return the stream's time after each picture."""
    state, result = StreamTime(), []
    for pts_s, arrived_s in stamps:
        state = advance(state, pts_s, arrived_s)
        result.append(round(state.now_s, 3))
    return result


def samples(stamps: Sequence[Stamped], advance: Callable[..., StreamTime] = advance_live) -> list[int]:
    """Return which pictures a plan of one a second keeps."""
    state, kept = Sampling(), []
    for index, now_s in enumerate(times(stamps, advance)):
        state, offered = decide_keep(state, EACH_SECOND, True, now_s)
        if offered:
            kept.append(index)
    return kept


def live(
    seconds: float,
    stamp_of: Callable[[float], float | None],
    *,
    fps: float = FPS,
    arrival_of: Callable[[float], float] = lambda sent_s: sent_s,
) -> list[Stamped]:
    """Return the pictures of a camera: what its clock says of each moment, and when that picture arrives."""
    moments = [index / fps for index in range(round(seconds * fps))]
    return [(stamp_of(sent_s), arrival_of(sent_s)) for sent_s in moments]


def grid(seconds: int, fps: float = FPS) -> list[int]:
    return [round(second * fps) for second in range(seconds)]


def test_sane_timestamps_set_the_streams_time_whatever_the_network_does() -> None:
    assert times([(10.0, 0.0), (10.5, 0.9), (11.0, 0.9)]) == [0.0, 0.5, 1.0]


def test_a_clock_that_jumps_back_or_far_ahead_or_stands_still_is_replaced_by_arrival() -> None:
    stamps = [(100.0, 0.0), (0.0, 0.5), (0.5, 1.0), (90_000.0, 1.5), (90_000.0, 2.0)]
    assert times(stamps) == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_absent_timestamps_are_replaced_by_arrival() -> None:
    assert times([(None, 5.0), (None, 5.2), (0.2, 5.4), (0.4, 5.4)]) == [0.0, 0.2, 0.4, 0.6]


@pytest.mark.parametrize("rate", [0.01, 0.04, 0.2, 0.5])
def test_a_clock_that_runs_slow_costs_seconds_at_the_start_not_minutes(rate: float) -> None:
    kept = samples(live(60, lambda sent_s: sent_s * rate))
    assert 57 <= len(kept) <= 61
    assert all(b - a <= 1.1 * FPS for a, b in itertools.pairwise(kept[1:]))


@pytest.mark.parametrize("fps", [0.25, 0.5, 1.0, 2.0, 5.0, 12.0, 15.0])
def test_pictures_stamped_as_if_they_came_25_times_a_second_are_sampled_by_arrival(fps: float) -> None:
    kept = samples(live(60, lambda sent_s: sent_s * fps / 25.0, fps=fps))
    assert len(kept) >= min(60, 60 * fps) - 4


@pytest.mark.parametrize("rate", [2.0, 5.0, 100.0, 1000.0])
def test_a_clock_that_runs_fast_gains_five_samples_once(rate: float) -> None:
    kept = samples(live(60, lambda sent_s: sent_s * rate))
    assert 60 <= len(kept) <= 66
    assert len([index for index in kept if index >= 30 * FPS]) <= 31


def test_a_clock_that_is_set_again_and_again_makes_no_burst() -> None:
    rng = random.Random(1)
    jumps = [rng.uniform(-3600, 3600) for _ in range(61)]
    kept = samples(live(60, lambda sent_s: sent_s + jumps[int(sent_s)]))
    assert 58 <= len(kept) <= 66


def test_a_clock_that_swings_by_nine_seconds_with_every_picture_makes_no_burst() -> None:
    kept = samples(live(60, lambda sent_s: sent_s + 9.0 * (round(sent_s * FPS) % 2)))
    assert 58 <= len(kept) <= 66


@pytest.mark.parametrize("granularity_s", [0.1, 1.0, 5.0])
def test_a_clock_that_stands_still_between_its_ticks_is_followed_at_the_right_pace(granularity_s: float) -> None:
    kept = samples(live(120, lambda sent_s: sent_s // granularity_s * granularity_s))
    assert 114 <= len(kept) <= 126


def test_a_clock_that_stands_still_is_replaced_by_arrival() -> None:
    assert len(samples(live(60, lambda _: 7.0))) == pytest.approx(60, abs=1)


@pytest.mark.parametrize("pause_s", [1.0, 4.0, 9.5])
def test_a_burst_after_a_pause_keeps_the_exact_grid(pause_s: float) -> None:
    def late(sent_s: float) -> float:
        return 20.0 + pause_s if 20.0 <= sent_s < 20.0 + pause_s else sent_s

    assert samples(live(60, lambda sent_s: sent_s, arrival_of=late)) == grid(60)


@pytest.mark.parametrize("segment_s", [1, 2, 4])
def test_segments_that_arrive_at_once_keep_the_exact_grid(segment_s: int) -> None:
    kept = samples(live(60, lambda sent_s: sent_s, arrival_of=lambda sent_s: (sent_s // segment_s + 1) * segment_s))
    assert kept == grid(60)


@pytest.mark.parametrize("segment_s", [6, 10])
def test_longer_segments_settle_on_a_grid_of_their_own(segment_s: int) -> None:
    kept = samples(live(120, lambda sent_s: sent_s, arrival_of=lambda sent_s: (sent_s // segment_s + 1) * segment_s))
    settled = [index for index in kept if index >= 2 * segment_s * FPS]
    assert {b - a for a, b in itertools.pairwise(settled)} == {25}
    assert len(kept) >= 114


def test_jitter_of_the_network_moves_nothing() -> None:
    rng = random.Random(2)
    delays = [rng.uniform(0.0, 0.4) for _ in range(60 * 25)]
    arrival = 0.0
    stamps: list[Stamped] = []
    for index, delay in enumerate(delays):
        arrival = max(arrival, index / FPS + delay)
        stamps.append((index / FPS, arrival))
    assert samples(stamps) == grid(60)


def test_the_backlog_of_a_server_at_the_start_keeps_the_exact_grid() -> None:
    kept = samples(live(60, lambda sent_s: sent_s, arrival_of=lambda sent_s: max(4.0, sent_s)))
    assert kept == grid(60)


def test_jitter_of_the_stamps_and_a_variable_rate_keep_one_a_second() -> None:
    rng = random.Random(3)
    moment, stamps = 0.0, []
    while moment < 120:
        stamps.append((moment + rng.uniform(-0.015, 0.015), moment))
        moment += rng.choice((0.04, 0.04, 0.08, 0.2, 0.5))
    assert len(samples(stamps)) == pytest.approx(120, abs=6)


def test_clocks_a_little_off_are_left_alone_for_a_day() -> None:
    for rate in (0.9999, 1.0001):
        stamps = live(24 * 3600, lambda sent_s, rate=rate: sent_s * rate, fps=1.0)  # type: ignore[misc]
        state, believed = StreamTime(), True
        for pts_s, arrived_s in stamps:
            state = advance_live(state, pts_s, arrived_s)
            believed &= state.believed
        assert believed


def test_a_clock_that_is_mended_is_believed_again() -> None:
    slow = live(20, lambda sent_s: sent_s / 100)
    sound = [(0.2 + index / FPS, 20 + index / FPS) for index in range(round(20 * FPS))]
    state = StreamTime()
    for pts_s, arrived_s in slow:
        state = advance_live(state, pts_s, arrived_s)
    assert not state.believed
    for pts_s, arrived_s in sound:
        state = advance_live(state, pts_s, arrived_s)
    assert state.believed


def test_the_wrap_around_of_a_counter_is_one_step_of_arrival() -> None:
    wrap_s = 2**32 / 90_000
    kept = samples(live(60, lambda sent_s: (wrap_s - 30.5 + sent_s) % wrap_s))
    assert len(kept) == pytest.approx(60, abs=1)


def test_a_recordings_holes_are_part_of_its_time_however_fast_it_is_read() -> None:
    stamps = [(0.0, 0.0), (0.04, 0.04), (90.04, 0.08), (94.04, 0.12)]
    assert times(stamps, advance_recording) == [0.0, 0.04, 90.04, 94.04]


def test_one_picture_in_thirty_seconds_of_a_recording_is_thirty_seconds() -> None:
    assert times([(30.0 * index, 0.04 * index) for index in range(4)], advance_recording) == [0.0, 30.0, 60.0, 90.0]


def test_stamps_of_a_recording_that_restart_or_are_absent_or_absurd_give_way_to_its_nominal_rate() -> None:
    stamps = [(50.0, 0.0), (50.1, 0.1), (0.0, 0.2), (0.1, 0.3), (None, 0.4), (0.2, 0.5), (60_000.0, 0.6)]
    assert times(stamps, advance_recording) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
