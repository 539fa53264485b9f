from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from evaluation.policy import Policy
from evaluation.scene.background import STILLNESS, find_background
from evaluation.scene.view_window import ViewWindow, describe_move
from tests.fakes.ports import START
from tests.unit.evaluation.camera_timeline import COLUMNS, ELSEWHERE, HOME, ROWS, flat_structure
from tests.unit.evaluation.scene.test_registration import scene, window

LEARNED = find_background([HOME, HOME, HOME])


def follow(views: list[NDArray[np.float32]], *, learned: NDArray[np.float32] | None = LEARNED) -> ViewWindow:
    """Return the window after these pictures, six seconds apart as production samples them."""
    seen = ViewWindow()
    for number, structure in enumerate(views):
        seen = seen.follow(START + timedelta(seconds=6 * number), structure, learned, (), Policy())
    return seen


def test_passers_by_are_outvoted_over_the_window() -> None:
    random = np.random.default_rng(5)
    views = []
    for _ in range(5):
        crowded = HOME.copy()
        for _ in range(6):
            row, column = random.integers(0, ROWS - 4), random.integers(0, COLUMNS - 4)
            crowded[row : row + 4, column : column + 4] = ELSEWHERE[row : row + 4, column : column + 4]
        views.append(crowded)
    values = follow(views).comparison.values
    assert values["structure_disagreement"] < 0.25
    assert values["view_match"] > 0.7
    assert values["another_scene"] == 0


def test_a_moved_view_is_announced_with_how_much_and_another_one_as_such() -> None:
    large = scene(3)
    home, moved = window(large, 9, 16), window(large, 6, 8)
    seen = follow([home] * 5 + [moved] * 5, learned=find_background([home] * 3))
    assert describe_move(seen.comparison, 0.65) == (
        "the same scene, shifted 25% of the picture's width to the right and 17% of its height down"
    )
    seen = follow([HOME] * 5 + [ELSEWHERE] * 5)
    assert seen.comparison.values["another_scene"] > 0.9
    assert describe_move(seen.comparison, 0.65) == "another scene is in view than the learned one"


def test_one_picture_of_another_view_changes_nothing_yet_and_a_second_one_does() -> None:
    assert follow([HOME] * 5 + [flat_structure()]).comparison.values["structure_lost"] == 0
    assert follow([HOME] * 5 + [flat_structure(), flat_structure()]).comparison.values["structure_lost"] == 1


def test_a_window_of_one_picture_is_compared_when_the_view_does_not_come_to_rest() -> None:
    restless = [scene(seed)[:ROWS, :COLUMNS] for seed in range(8)]
    assert follow([HOME] * 3 + restless).comparison.values["another_scene"] > 0.9


def test_blocks_that_never_keep_still_are_no_background() -> None:
    waving = [HOME.copy() for _ in range(6)]
    for number, view in enumerate(waving):
        view[:, :8] = scene(number)[:ROWS, :8]
    learned = find_background(waving)
    assert learned is not None
    assert np.median(learned[:, :8, STILLNESS]) < 0.5
    assert np.median(learned[:, 8:, STILLNESS]) > 0.99
    wild = HOME.copy()
    wild[:, :8] = ELSEWHERE[:, :8]
    assert follow([wild] * 3, learned=learned).comparison.values["structure_disagreement"] < 0.1


def test_a_background_without_stillness_as_older_databases_keep_it_counts_as_still() -> None:
    assert follow([HOME] * 3, learned=HOME).comparison.values["view_match"] > 0.99
