"""Which frames are kept, for every plan and every unruly stream; decided on numbers alone."""

import itertools
from collections.abc import Sequence

import pytest

from domain.cameras import SamplingMode, SamplingPlan
from ingest.read.sampling import Sampling, after_decoding, before_decoding, decide_keep

AUTO = SamplingPlan()


def sample_stream(
    plan: SamplingPlan, keys: Sequence[bool], fps: float, *, intra: bool = True
) -> tuple[list[int], list[int], Sampling]:
    """Return the indices of the frames kept and decoded, for a stream whose every decoded picture comes at once."""
    state, kept, decoded = Sampling(), [], []
    for index, key in enumerate(keys):
        now_s = index / fps
        state = before_decoding(state, plan, key, now_s)
        if not (state.decode_all or key):
            continue
        decoded.append(index)
        state = after_decoding(state, key, intra or index == 0)
        state, offered = decide_keep(state, plan, key, now_s)
        if offered:
            kept.append(index)
    return kept, decoded, state


def place_keys(frames: int, distance: int) -> list[bool]:
    return [index % distance == 0 for index in range(frames)]


def test_key_frames_every_second_are_all_that_is_decoded_in_the_end() -> None:
    kept, decoded, _ = sample_stream(AUTO, place_keys(600, 25), 25.0)
    assert len(kept) == 24
    assert all(index % 25 == 0 for index in decoded if index > 100)


def test_sparse_key_frames_mean_decoding_all_and_keeping_one_a_second() -> None:
    kept, decoded, _ = sample_stream(AUTO, place_keys(500, 100), 25.0)
    assert len(decoded) == 500
    assert 20 <= len(kept) <= 21


def test_a_smart_codec_that_stretches_its_key_frames_is_followed() -> None:
    keys = place_keys(250, 25) + place_keys(500, 250) + place_keys(500, 250)
    kept, decoded, _ = sample_stream(AUTO, keys, 25.0)
    assert set(range(500, 1250)) <= set(decoded)
    assert all(b - a <= 50 for a, b in itertools.pairwise(index for index in kept if index >= 500))


def test_decoding_all_starts_at_a_key_frame_only() -> None:
    keys = place_keys(250, 25) + place_keys(500, 250)
    _, decoded, _ = sample_stream(AUTO, keys, 25.0)
    starts = [b for a, b in itertools.pairwise(decoded) if b - a > 1]
    assert all(keys[index] for index in starts)


def test_recovery_points_are_not_taken_for_key_frames() -> None:
    kept, decoded, state = sample_stream(AUTO, place_keys(500, 25), 25.0, intra=False)
    assert not state.keys_alone
    assert len(decoded) == 500
    assert 20 <= len(kept) <= 21


def test_only_key_frames_are_kept_by_the_key_frame_plan() -> None:
    kept, decoded, _ = sample_stream(SamplingPlan(SamplingMode.KEY_FRAMES), place_keys(500, 100), 25.0)
    assert kept == [0, 100, 200, 300, 400]
    assert decoded == kept


def test_all_means_all() -> None:
    kept, _, _ = sample_stream(SamplingPlan(SamplingMode.ALL), place_keys(50, 10), 25.0)
    assert kept == list(range(50))


@pytest.mark.parametrize(("interval_s", "expected"), [(0.5, 40), (2.0, 10), (5.0, 4)])
def test_every_n_seconds_means_every_n_seconds(interval_s: float, expected: int) -> None:
    plan = SamplingPlan(SamplingMode.INTERVAL, interval_s=interval_s)
    kept, _, _ = sample_stream(plan, place_keys(500, 25), 25.0)
    assert expected <= len(kept) <= expected + 1


def test_every_five_seconds_needs_no_more_than_key_frames_four_seconds_apart() -> None:
    plan = SamplingPlan(SamplingMode.INTERVAL, interval_s=5.0)
    _, decoded, _ = sample_stream(plan, place_keys(2000, 100), 25.0)
    assert len(decoded) < 500


def test_a_gap_in_the_stream_is_not_made_up_for() -> None:
    state, times = Sampling(), [0.0, 1.0, 2.0, 60.0, 60.1, 60.2, 60.9, 61.0]
    kept = []
    for now_s in times:
        state, offered = decide_keep(state, AUTO, False, now_s)
        if offered:
            kept.append(now_s)
    assert kept == [0.0, 1.0, 2.0, 60.0, 60.9]


def test_the_picture_nearest_to_the_second_is_kept() -> None:
    kept, _, _ = sample_stream(SamplingPlan(SamplingMode.INTERVAL, interval_s=3.0), place_keys(100, 5), 5.0)
    assert kept == [0, 15, 30, 45, 60, 75, 90]


def test_key_frames_a_little_too_close_lose_one_now_and_then_not_every_second_one() -> None:
    kept, _, _ = sample_stream(AUTO, place_keys(2400, 24), 25.0)
    assert 94 <= len(kept) <= 97


def test_while_something_sudden_happens_five_pictures_a_second_are_kept() -> None:
    state, kept = Sampling(), []
    for index in range(250):
        now_s = index / 25
        state, offered = decide_keep(state, AUTO, index % 100 == 0, now_s, dense=4.0 <= now_s < 6.0)
        kept += [now_s] * offered
    assert len([at_s for at_s in kept if 4.0 <= at_s < 6.0]) in (10, 11)
    assert len([at_s for at_s in kept if at_s < 4.0]) == 4
    assert len([at_s for at_s in kept if at_s >= 6.0]) in (4, 5)


def test_something_sudden_ends_living_on_key_frames_until_it_is_over() -> None:
    state, decoded = Sampling(), []
    for index, key in enumerate(place_keys(750, 25)):
        now_s = index / 25
        state = before_decoding(state, AUTO, key, now_s, dense=10.0 <= now_s < 15.0)
        decoded += [now_s] * (state.decode_all or key)
        state = after_decoding(state, key, key)
    assert len([at_s for at_s in decoded if 8.0 <= at_s < 10.0]) == 2
    assert len([at_s for at_s in decoded if 10.0 <= at_s < 15.0]) == 125
    assert len([at_s for at_s in decoded if 20.0 <= at_s < 30.0]) == 10
