"""The plot is a PNG with a panel a scatter, and shows points and curve."""

from pathlib import Path

import cv2
import numpy as np

from lab.training.paper_table import Scatter
from lab.training.plots import write_scatter_plot


def test_each_scatter_has_its_panel_with_points_and_curve(tmp_path: Path) -> None:
    predicted = np.linspace(0, 100, 60)
    scatters = [Scatter(f"method {number}", predicted, 90 / (1 + np.exp((50 - predicted) / 9))) for number in range(4)]
    write_scatter_plot(scatters, tmp_path / "plot.png", "four methods")
    picture = cv2.imread(str(tmp_path / "plot.png"))
    assert picture is not None
    assert picture.shape[:2] == (960, 1440)
    reds = (picture[..., 2] > 150) & (picture[..., 0] < 80) & (picture[..., 1] < 80)
    panels = [reds[:480, :480], reds[:480, 480:960], reds[:480, 960:], reds[480:, :480]]
    assert all(panel.sum() > 100 for panel in panels)
    assert not reds[480:, 480:].any()
