from fractions import Fraction

import numpy as np
import pytest

from lab.training.augment.video_compression import EncoderSetting
from lab.training.detection_quality.tables.film_measurements import FilmMeasurement
from lab.training.detection_quality.tables.film_windows import (
    FilmWindow,
    bootstrap_advantage,
    correlate_windows,
    correlation_intervals,
    cut_windows,
    draw_places,
)
from lab.training.detection_quality.tables.films import BenchmarkFilm, Footage
from lab.training.detection_quality.yolox import ObjectDetections

BOX = np.array([[0, 0, 10, 10]], np.float32)
FOUND = ObjectDetections(BOX, np.array([0.9], np.float32), np.zeros(1, np.int64))
NOTHING = ObjectDetections(BOX[:0], np.zeros(0, np.float32), np.zeros(0, np.int64))
STRONG = EncoderSetting(47, None)


def shot(pictures: int, *, boxes: bool = True) -> Footage:
    truth = [BOX] * pictures if boxes else None
    return Footage(BenchmarkFilm("film", "", False), np.zeros((pictures, 2, 2, 3), np.uint8), Fraction(25), truth)


def sampled(setting: EncoderSetting | None, found: list[ObjectDetections]) -> FilmMeasurement:
    return FilmMeasurement("film", setting, np.arange(len(found)), {"metric": np.arange(len(found)) / 1.0}, found)


def test_a_window_has_the_mean_of_the_measure_and_the_drop_of_precision() -> None:
    samples = [sampled(None, [FOUND] * 8), sampled(STRONG, [FOUND, NOTHING] * 2 + [FOUND] * 4)]
    first, second = cut_windows([shot(8)], samples, 4)
    assert first.values["metric"] == pytest.approx((0 + 1 + 2 + 3) / 4)
    assert [first.ap, first.ap_drop] == pytest.approx([0.5, 0.5])
    assert [second.ap, second.ap_drop] == pytest.approx([1.0, 0.0])


def test_a_last_window_of_less_than_half_is_left_out() -> None:
    samples = [sampled(None, [FOUND] * 11), sampled(STRONG, [FOUND] * 11)]
    assert len(cut_windows([shot(11)], samples, 8)) == 1
    assert len(cut_windows([shot(11)], samples, 6)) == 2


def test_without_boxes_the_untouched_films_findings_count_as_true() -> None:
    samples = [sampled(None, [FOUND] * 4), sampled(STRONG, [NOTHING, FOUND] * 2)]
    (window,) = cut_windows([shot(4, boxes=False)], samples, 4)
    assert window.ap == pytest.approx(0.5)


def test_a_window_without_anybody_is_left_out() -> None:
    samples = [sampled(None, [NOTHING] * 4), sampled(STRONG, [FOUND] * 4)]
    assert cut_windows([shot(4, boxes=False)], samples, 4) == []


def test_correlations_against_precision_and_its_drop() -> None:
    found = [
        FilmWindow("film", STRONG, {"metric": value}, ap, 1 - ap) for value, ap in ((1.0, 0.9), (2.0, 0.7), (3.0, 0.5))
    ]
    direct = correlate_windows(found, "metric")
    assert direct == {name: pytest.approx(-1.0) for name in ("lcc", "srcc", "krcc")}
    assert correlate_windows(found, "metric", against="ap_drop")["lcc"] == pytest.approx(1.0)


def of_places(count: int, encodings: int) -> list[FilmWindow]:
    """Windows whose precision depends on the place alone: every encoding of a place tells the same."""
    generator = np.random.default_rng(0)
    places = generator.random((count, 3))
    return [
        FilmWindow(
            "film",
            EncoderSetting(crf, None),
            {"good": float(ap + 0.3 * noise), "poor": float(ap + other)},
            float(ap),
            0.0,
            start,
        )
        for start, (ap, noise, other) in enumerate(places)
        for crf in range(encodings)
    ]


def test_encodings_of_one_place_are_drawn_together() -> None:
    draws = list(draw_places(of_places(6, 4), draws=20))
    assert len(draws) == 20
    for drawn in draws:
        assert len(drawn) == 24
        assert {sum(window.start == start for window in drawn) % 4 for start in range(6)} == {0}


def test_repeating_a_place_makes_no_interval_narrower() -> None:
    widths = []
    for encodings in (1, 20):
        low, high = correlation_intervals(of_places(12, encodings), "poor")["lcc"]
        widths.append(high - low)
    assert widths[1] == pytest.approx(widths[0], rel=0.05)


def test_an_advantage_is_reported_with_its_interval() -> None:
    gain, low, high = bootstrap_advantage(of_places(40, 2), "good", "poor", "lcc")
    assert 0 < low < gain < high
    assert bootstrap_advantage(of_places(40, 2), "good", "good", "lcc") == (0.0, 0.0, 0.0)
