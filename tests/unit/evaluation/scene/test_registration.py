import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.scene.background import compare_backgrounds
from evaluation.scene.registration import match_in_place, register, transform
from tests.unit.evaluation.camera_timeline import COLUMNS, ROWS, flat_structure, make_structure

WEIGHTS = np.ones((ROWS, COLUMNS), dtype=np.float32)


def scene(seed: int, rows: int = 2 * ROWS, columns: int = 2 * COLUMNS) -> NDArray[np.float32]:
    """Return a structure larger than a picture, to look at through a window of the picture's size."""
    rng = np.random.default_rng(seed)
    energy = rng.gamma(1.5, 4.0, (rows, columns))
    histogram = rng.dirichlet(np.full(8, 0.4), size=(rows, columns))
    luma = rng.random((rows, columns))
    return np.concatenate([luma[..., None], energy[..., None], histogram], axis=-1).astype(np.float32)


def window(large: NDArray[np.float32], top: int, left: int) -> NDArray[np.float32]:
    return large[top : top + ROWS, left : left + COLUMNS]


def test_a_view_matches_itself_in_place() -> None:
    found = register(make_structure(1), make_structure(1), WEIGHTS)
    assert found.home == pytest.approx(1, abs=1e-3)
    assert (found.best.zoom, found.best.turn_deg) == (1, 0)
    assert (found.best.right, found.best.down) == pytest.approx((0, 0), abs=1e-6)
    assert match_in_place(make_structure(1), make_structure(1), WEIGHTS) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("down", "right"), [(0, 4), (5, 0), (-6, 10), (9, -16)])
def test_a_view_seen_elsewhere_is_found_there(down: int, right: int) -> None:
    large = scene(3)
    before, after = window(large, 9, 16), window(large, 9 - down, 16 - right)
    found = register(after, before, WEIGHTS)
    assert found.best.down * ROWS == pytest.approx(down, abs=0.3)
    assert found.best.right * COLUMNS == pytest.approx(right, abs=0.3)
    assert found.agreement > 0.9
    assert found.best.match - max(found.home, found.rival) > 0.3


def test_a_row_of_columns_that_fits_again_one_column_further_on_still_moved() -> None:
    column, own = scene(5, columns=6), scene(6)
    large = np.tile(column, (1, 11, 1))[:, : 2 * COLUMNS]
    large[..., 1] = 0.85 * large[..., 1] + 0.15 * own[..., 1]
    before, after = window(large, 9, 16), window(large, 9, 16 + 9)
    found = register(after, before, WEIGHTS)
    assert found.best.match - found.rival < 0.15, "the next column fits nearly as well"
    values = compare_backgrounds(after, before).values
    assert values["shift_agreement"] > 0.85
    assert values["shift_clearness"] > 0.15
    assert compare_backgrounds(before, before).values["shift_clearness"] == 0


def test_what_is_masked_says_nothing_about_where_the_view_went() -> None:
    large = scene(4)
    before, after = window(large, 9, 16).copy(), window(large, 9, 10)
    before[:, :8] = np.nan
    found = register(after, before, WEIGHTS)
    assert found.best.right * COLUMNS == pytest.approx(6, abs=0.3)


def test_another_scene_and_a_cover_are_found_nowhere() -> None:
    for seen in (make_structure(2), flat_structure()):
        found = register(seen, make_structure(1), WEIGHTS)
        assert found.agreement == 0
        assert found.best.match < 0.5


def test_few_things_that_fit_somewhere_by_chance_are_no_moved_view() -> None:
    few, elsewhere = flat_structure(), flat_structure()
    few[4:8, 4:8] = make_structure(1)[4:8, 4:8]
    elsewhere[9:13, 20:24] = make_structure(1)[4:8, 4:8]
    assert register(elsewhere, few, WEIGHTS).agreement == 0


def test_a_turn_moves_edges_to_their_new_orientation() -> None:
    edges = np.zeros((8, ROWS, COLUMNS), dtype=np.float32)
    edges[0] = 1.0
    turned, seen = transform(edges, WEIGHTS, 1.0, 22.5)
    middle = turned[:, ROWS // 2, COLUMNS // 2]
    assert middle.argmax() == 1
    assert seen[0, 0] == 0, "what came into the picture was never learned"
    assert seen[ROWS // 2, COLUMNS // 2] == 1
