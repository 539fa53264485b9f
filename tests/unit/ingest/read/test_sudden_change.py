"""A view that suddenly loses its structure is looked at more often, for some seconds and not again at once."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.read.sudden_change import DENSE_S, REST_S, StructureWatch


def make_scene(seed: int = 1, height: int = 360, width: int = 640) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, (height, width)).astype(np.uint8)


def cover_part(scene: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    covered = scene.copy()
    covered[:, : round(share * scene.shape[1])] = 40
    return covered


def watch_scene(pictures: int = 5) -> StructureWatch:
    watch = StructureWatch()
    for second in range(pictures):
        watch = watch.follow(make_scene(), 8, float(second))
    return watch


def test_a_view_that_stays_is_looked_at_as_usual() -> None:
    assert watch_scene(60).dense_until_s is None


@pytest.mark.parametrize("share", [0.4, 1.0])
def test_a_hand_before_the_lens_makes_it_look_closer(share: float) -> None:
    watch = watch_scene().follow(cover_part(make_scene(), share), 8, 5.0)
    assert watch.dense(5.1)
    assert not watch.dense(5.0 + DENSE_S)


def test_a_person_in_a_tenth_of_the_view_changes_nothing() -> None:
    assert not watch_scene().follow(cover_part(make_scene(), 0.1), 8, 5.0).dense(5.1)


def test_a_cover_does_not_become_usual_while_it_is_looked_at_closely() -> None:
    watch = watch_scene()
    for fifth in range(20):
        watch = watch.follow(cover_part(make_scene(), 1.0), 8, 5.0 + fifth / 5)
    assert len(watch.recent) == 5
    assert sum(float(each.max()) > 10 for each in watch.recent) == 4


def test_a_crowd_that_comes_and_goes_cannot_make_it_look_closer_all_the_time() -> None:
    watch, dense_s = watch_scene(), 0
    for second in range(5, 605):
        scene = make_scene() if second % 4 else cover_part(make_scene(), 0.5)
        watch = watch.follow(scene, 8, float(second))
        dense_s += watch.dense(second + 0.5)
    assert 0 < dense_s <= 600 * DENSE_S / (DENSE_S + REST_S) + DENSE_S


def test_ten_bits_and_colour_planes_are_read_alike() -> None:
    for planes, bits in ((lambda p: p.astype(np.uint16) * 4, 10), (lambda p: np.repeat(p[..., None], 3, axis=2), 8)):
        watch = StructureWatch()
        for second in range(4):
            watch = watch.follow(planes(make_scene()), bits, float(second))
        assert watch.follow(planes(cover_part(make_scene(), 1.0)), bits, 4.0).dense(4.1)


@pytest.mark.parametrize("shape", [(1, 1), (2, 4000), (19, 19)])
def test_a_picture_too_small_to_have_blocks_is_passed_over(shape: tuple[int, int]) -> None:
    assert StructureWatch().follow(np.zeros(shape, np.uint8), 8, 0.0) == StructureWatch()
