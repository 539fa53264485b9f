from datetime import timedelta

from evaluation.alerting.sample_window import BUCKETS, SampleWindow
from tests.fakes.ports import START


def filled(window: SampleWindow, samples: int, step_s: float, bad_from: int) -> SampleWindow:
    for index in range(samples):
        window = window.add(START + timedelta(seconds=index * step_s), bad=index >= bad_from)
    return window


def test_a_window_forgets_what_is_older_than_its_span() -> None:
    window = filled(SampleWindow(10.0, 3), samples=40, step_s=1.0, bad_from=30)
    assert window.judged <= 11
    assert window.bad_share > 0.9


def test_samples_that_come_seldom_stay_until_there_are_enough() -> None:
    window = filled(SampleWindow(4.0, 3), samples=10, step_s=60.0, bad_from=9)
    assert window.judged == 3
    assert window.bad_share == 1 / 3


def test_every_sample_counts_at_any_frame_rate_within_bounded_memory() -> None:
    window = filled(SampleWindow(300.0, 3), samples=7000, step_s=0.04, bad_from=3500)
    assert window.judged == 7000
    assert window.bad_share == 0.5
    assert len(window.buckets) <= BUCKETS + 1


def test_an_empty_window_holds_nothing_against_anybody() -> None:
    assert SampleWindow(10.0).bad_share == 0.0
    assert SampleWindow(10.0).covered_s == 0.0
