"""Rates over windows of seconds, worked by hand."""

import pytest

from ingest.read.stream_stats import StreamStats


def feed_stats(fps: float, seconds: float, *, size: int = 1000, gop: int = 25) -> StreamStats:
    stats = StreamStats()
    for index in range(int(fps * seconds)):
        stats.packet(size, index % gop == 0, index / fps)
    return stats


def test_rates_are_those_of_the_stream() -> None:
    stats = feed_stats(25.0, 20.0)
    assert stats.fps(20.0) == pytest.approx(25.0, rel=0.02)
    assert stats.bitrate_bps(20.0) == pytest.approx(25 * 8000, rel=0.02)
    assert stats.gop_s(20.0) == pytest.approx(1.0)


def test_no_rate_is_reported_before_it_can_be_known() -> None:
    assert feed_stats(25.0, 2.0).fps(2.0) is None
    assert StreamStats().bitrate_bps(5.0) is None


def test_the_burst_at_the_start_does_not_count() -> None:
    stats = StreamStats()
    for _ in range(100):
        stats.packet(1000, False, 0.01)
    for index in range(40):
        stats.packet(1000, False, index / 10)
    assert stats.fps(4.0) == pytest.approx(10.0, rel=0.05)


def test_a_stream_that_stops_loses_its_rate_within_the_window() -> None:
    stats = feed_stats(25.0, 20.0)
    assert stats.fps(25.0) == pytest.approx(12.5, rel=0.05)
    assert stats.fps(31.0) == 0.0


def test_a_gap_still_open_counts_once_it_is_long() -> None:
    stats = feed_stats(25.0, 10.0)
    assert stats.gop_s(9.9) == pytest.approx(1.0)
    assert stats.gop_s(29.0) == pytest.approx(20.0)


def test_the_quantiser_is_the_mean_of_the_last_ten() -> None:
    stats = StreamStats()
    assert stats.qp() is None
    for qp in (50.0, *([20.0] * 5), *([30.0] * 5)):
        stats.quantiser(qp)
    assert stats.qp() == 25.0


def test_gaps_between_packets_and_key_frames_are_means_of_what_is_over() -> None:
    stats = StreamStats()
    assert (stats.packet_gap_s(), stats.key_gap_s()) == (0.0, None)
    for index in range(12):
        stats.packet(1000, index % 4 == 0, 5.0 * index)
    assert stats.packet_gap_s() == pytest.approx(5.0)
    assert stats.key_gap_s() == pytest.approx(20.0)
