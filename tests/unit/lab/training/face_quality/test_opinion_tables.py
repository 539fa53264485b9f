"""What the opinions themselves show, on opinions made so that the answer is known."""

from pathlib import Path

import numpy as np
import pytest

from detectors.models.face_quality.network import OVERALL_WEIGHTS
from lab.training.face_quality.opinion_tables import NAMES, equation_1, explained_share, figure_7, figure_8
from lab.training.paper_table import ReproductionOptions
from tests.unit.lab.training.face_quality.faces import bench, drawing


@pytest.fixture
def setting(tmp_path: Path) -> ReproductionOptions:
    """Forty faces whose overall opinion is exactly the paper's regression on the other five."""
    parts = np.random.default_rng(5).uniform(1, 5, (40, 5))
    parts[:, 1] = parts[:, 0]  # sharpness rated like noise
    opinions = np.column_stack([parts, parts @ np.array(OVERALL_WEIGHTS)])
    opinions[:, 5] = opinions[:, 5].clip(1, 5)
    bench(tmp_path / "sfiqa-bench", [drawing()[:32, :32]] * 40, opinions.tolist())
    return ReproductionOptions(tmp_path, tmp_path / "runs")


def test_the_fit_finds_what_the_opinions_were_made_of(setting: ReproductionOptions) -> None:
    fitted, published = equation_1(setting).rows
    assert fitted.paper["r_squared"] == 0.9778
    assert fitted.ours["r_squared"] == pytest.approx(1.0, abs=1e-6)
    assert fitted.ours["colourfulness"] == pytest.approx(OVERALL_WEIGHTS[2], abs=1e-3)
    assert published.ours["r_squared"] == pytest.approx(1.0, abs=1e-6)


def test_the_mean_alone_explains_nothing() -> None:
    labels = np.array([1.0, 2.0, 4.0])
    assert explained_share(np.full(3, labels.mean()), labels) == pytest.approx(0.0)


def test_dimensions_rated_alike_correlate_fully(setting: ReproductionOptions) -> None:
    rows = {row.name: row.ours for row in figure_8(setting).rows}
    assert list(rows) == list(NAMES)
    assert rows["noise"]["sharpness"] == pytest.approx(1.0)
    assert abs(rows["noise"]["contrast"]) < 0.5


def test_the_shares_of_a_dimension_add_up(setting: ReproductionOptions) -> None:
    sums = [sum(row.ours.values()) for row in figure_7(setting).rows]
    assert sums
    assert sums == pytest.approx([1.0] * len(sums))
