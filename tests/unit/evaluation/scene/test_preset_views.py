import numpy as np
import pytest

from evaluation.scene.background import STILLNESS
from evaluation.scene.preset_views import MOST_VIEWS, PresetViews, add_view, follow_views, nearest_view, split_views
from storage.sql.schema.documents import pack_structure, unpack_structure
from tests.unit.evaluation.camera_timeline import ROWS, make_structure

PRESETS = [make_structure(seed) for seed in (11, 12, 13)]


def collect(stops: int) -> PresetViews:
    """Return what a tour of the three presets leaves, with three pictures at each stop and one on the way."""
    views = PresetViews()
    for stop in range(stops):
        for _ in range(3):
            views = views.with_sample(PRESETS[stop % 3])
        views = views.with_sample(make_structure(100 + stop))
    return views


def test_a_tour_gives_its_presets_and_nothing_that_was_passed_by() -> None:
    learned = collect(9).background()
    assert learned is not None
    views = split_views(learned, ROWS)
    assert len(views) == 3
    for preset in PRESETS:
        assert np.allclose(nearest_view(preset, learned)[..., :STILLNESS], preset)


def test_a_long_tour_keeps_no_more_views_than_it_may() -> None:
    views = collect(60)
    assert len(views.views) <= MOST_VIEWS
    learned = views.background()
    assert learned is not None
    assert len(split_views(learned, ROWS)) == 3


def test_views_are_stored_like_any_structure() -> None:
    learned = collect(9).background()
    stored = unpack_structure(pack_structure(learned))
    assert learned is not None
    assert stored is not None
    assert np.array_equal(nearest_view(PRESETS[1], stored), nearest_view(PRESETS[1], learned))


def test_a_baseline_of_one_view_is_that_view() -> None:
    assert nearest_view(PRESETS[0], PRESETS[1]) is PRESETS[1]
    assert split_views(PRESETS[0], 5) == [PRESETS[0]], "a picture of another size has other blocks"


def test_an_accepted_view_comes_beside_the_others_or_stands_in_for_one() -> None:
    learned = collect(9).background()
    fresh = np.concatenate([make_structure(14), np.ones((ROWS, 32, 1), np.float32)], axis=-1)
    four = add_view(learned, fresh)
    assert len(split_views(four, ROWS)) == 4
    assert len(split_views(add_view(four, fresh), ROWS)) == 4


def test_each_view_follows_its_own_light() -> None:
    learned = collect(9).background()
    assert learned is not None
    lit = nearest_view(PRESETS[1], learned).copy()
    lit[..., 0] += 0.2
    followed = follow_views(learned, lit, ROWS, 0.1)
    before, after = nearest_view(PRESETS[1], learned), nearest_view(PRESETS[1], followed)
    assert (after[..., 0] - before[..., 0]).mean() == pytest.approx(0.02, abs=1e-4)
    assert np.array_equal(nearest_view(PRESETS[0], followed), nearest_view(PRESETS[0], learned))
