from datetime import UTC, datetime, timedelta

import pytest

from api.time_range import RangeRefused, choose_time_range, thin_points
from domain.records import Resolution, ScorePoint

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_without_a_time_the_last_ten_minutes_are_meant() -> None:
    asked = choose_time_range(None, None, None, NOW)
    assert (asked.since, asked.until, asked.resolution) == (NOW - timedelta(minutes=10), NOW, Resolution.FRAME)


@pytest.mark.parametrize(
    ("span", "resolution"),
    [
        (timedelta(hours=1), Resolution.FRAME),
        (timedelta(hours=2), Resolution.MINUTE),
        (timedelta(days=3), Resolution.HOUR),
        (timedelta(days=365), Resolution.DAY),
    ],
)
def test_the_finest_resolution_that_fits_is_chosen(span: timedelta, resolution: Resolution) -> None:
    assert choose_time_range(NOW - span, NOW, None, NOW).resolution is resolution


def test_a_time_without_zone_is_utc() -> None:
    assert choose_time_range(datetime(2026, 3, 2, 11, 30), NOW, None, NOW).since == datetime(
        2026, 3, 2, 11, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("since", "resolution", "says"),
    [
        (NOW, None, "since must be before until"),
        (NOW - timedelta(days=2), Resolution.FRAME, "ask for resolution minute"),
        (NOW - timedelta(days=9000), None, "at most 3660 days"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_reason(
    since: datetime, resolution: Resolution | None, says: str
) -> None:
    with pytest.raises(RangeRefused, match=says):
        choose_time_range(since, NOW, resolution, NOW)


def test_thinning_keeps_extremes_and_the_mean_over_all_frames() -> None:
    points = [ScorePoint(NOW + timedelta(seconds=i), float(i), float(i) - 1, float(i) + 1, i + 1) for i in range(7)]
    kept = thin_points(points, 3)
    assert len(kept) == 3
    assert min(point.low for point in kept) == -1
    assert max(point.high for point in kept) == 7
    assert sum(point.count for point in kept) == 28
    assert sum(point.mean * point.count for point in kept) / 28 == pytest.approx(
        sum(i * (i + 1) for i in range(7)) / 28
    )


def test_a_short_series_is_left_as_it_is() -> None:
    points = [ScorePoint(NOW, 1.0, 1.0, 1.0, 1)]
    assert thin_points(points, 1) is points
