import numpy as np
import pytest
from skimage.measure import points_in_poly

from domain.cameras import Mask
from evaluation.scene.background import compare_backgrounds
from evaluation.scene.structure_comparison import median_structure, textured_blocks, visible_blocks
from tests.unit.evaluation.camera_timeline import COLUMNS, ELSEWHERE, HOME, ROWS, flat_structure


def test_the_same_view_agrees_with_itself() -> None:
    metrics = compare_backgrounds(HOME, HOME).values
    assert metrics["structure_disagreement"] == 0
    assert metrics["structure_lost"] == 0
    assert metrics["layout_correlation"] == pytest.approx(1, abs=1e-5)


def test_another_view_disagrees_almost_everywhere_but_is_not_lost() -> None:
    metrics = compare_backgrounds(ELSEWHERE, HOME).values
    assert metrics["structure_disagreement"] > 0.9
    assert metrics["structure_lost"] < 0.1
    assert metrics["layout_correlation"] < 0.6


def test_a_cover_loses_all_structure_and_the_layout() -> None:
    metrics = compare_backgrounds(flat_structure(), HOME).values
    assert metrics["structure_lost"] == 1
    assert metrics["layout_correlation"] == pytest.approx(0, abs=1e-5)


def test_light_that_doubles_is_no_other_view() -> None:
    brighter = HOME.copy()
    brighter[..., :2] *= 2
    metrics = compare_backgrounds(brighter, HOME).values
    assert metrics["structure_disagreement"] == 0
    assert metrics["layout_correlation"] == pytest.approx(1, abs=1e-5)


def test_a_parked_lorry_stays_below_what_counts_as_moved() -> None:
    parked = HOME.copy()
    parked[4:14, 6:22] = ELSEWHERE[4:14, 6:22]
    assert 0.2 < compare_backgrounds(parked, HOME).values["structure_disagreement"] < 0.45


def test_masked_blocks_are_not_compared() -> None:
    changed = HOME.copy()
    changed[:, : COLUMNS // 2] = ELSEWHERE[:, : COLUMNS // 2]
    metrics = compare_backgrounds(changed, HOME, (Mask(0.0, 0.0, 0.5, 1.0),)).values
    assert metrics["structure_disagreement"] == 0


def test_blocks_that_were_not_measured_are_left_out() -> None:
    changed, reference = ELSEWHERE.copy(), HOME.copy()
    changed[:, 4:] = HOME[:, 4:]
    changed[:, :4] = np.nan
    assert compare_backgrounds(changed, HOME).values["structure_disagreement"] == 0
    reference[:, :4] = np.nan
    assert compare_backgrounds(HOME, reference).values["structure_disagreement"] == 0


def test_a_view_without_structure_says_nothing() -> None:
    assert compare_backgrounds(HOME, flat_structure()).values == {}
    assert compare_backgrounds(HOME[:4], HOME).values == {}


def test_a_mask_hides_the_blocks_whose_centre_it_covers() -> None:
    visible = visible_blocks(2, 4, [Mask(0.0, 0.0, 0.5, 0.5)])
    assert visible.tolist() == [[False, False, True, True], [True, True, True, True]]


def test_blocks_with_little_energy_are_not_textured() -> None:
    half = HOME.copy()
    half[:, : COLUMNS // 4, 1] = 0.01
    assert not textured_blocks(half)[:, : COLUMNS // 4].any()


def test_what_moves_through_a_block_is_outvoted() -> None:
    random = np.random.default_rng(5)
    samples = []
    for _ in range(9):
        passing = HOME.copy()
        row, column = random.integers(0, ROWS - 4), random.integers(0, COLUMNS - 4)
        passing[row : row + 4, column : column + 4] = ELSEWHERE[row : row + 4, column : column + 4]
        samples.append(passing)
    learned = median_structure(samples)
    assert learned is not None
    assert compare_backgrounds(learned, HOME).values["structure_disagreement"] < 0.02


@pytest.mark.parametrize("seed", range(8))
def test_blocks_under_a_polygon_are_those_whose_centre_lies_inside(seed: int) -> None:
    chance = np.random.default_rng(seed)
    corners = chance.random((int(chance.integers(3, 9)), 2))
    rows, columns = 18, 32
    across, down = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
    places = np.stack([across.ravel(), down.ravel()], 1)
    inside = points_in_poly(places, corners).reshape(rows, columns)  # type: ignore[no-untyped-call]
    visible = visible_blocks(rows, columns, [Mask.polygon([(float(x), float(y)) for x, y in corners])])
    assert np.array_equal(visible, ~inside)
