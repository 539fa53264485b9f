"""Predictions against opinions with the fitted logistic, as a PNG."""

import math
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lab.training.measures.correlations import plcc, srocc
from lab.training.measures.logistic_fit import fit_logistic
from lab.training.paper_table import Scatter

SIDE_INCHES = 4.0
COLUMNS = 3


def write_scatter_plot(scatters: Sequence[Scatter], path: Path, title: str) -> None:
    """Write one panel a scatter, at most three in a row. Needs no display."""
    columns = min(COLUMNS, len(scatters))
    rows = math.ceil(len(scatters) / columns)
    with mpl.rc_context({"font.size": 9}):
        figure = Figure(figsize=(SIDE_INCHES * columns, SIDE_INCHES * rows), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(rows, columns, squeeze=False).flatten()
        for panel, scatter in zip(panels, scatters, strict=False):
            _draw_panel(panel, scatter)
        for panel in panels[len(scatters) :]:
            panel.set_axis_off()
        figure.suptitle(title)
        figure.savefig(path, format="png", dpi=120)


def _draw_panel(panel: Axes, scatter: Scatter) -> None:
    order = np.argsort(scatter.predicted)
    fitted = fit_logistic(scatter.predicted, scatter.labels)
    panel.scatter(scatter.predicted, scatter.labels, s=6, alpha=0.4, linewidths=0, color="tab:blue")
    panel.plot(scatter.predicted[order], fitted.fitted[order], color="tab:red", label=f"fitted {fitted.form}")
    panel.set_xlabel("predicted")
    panel.set_ylabel("labels")
    panel.set_title(
        f"{scatter.name}, n {len(scatter.labels)}\n"
        f"SROCC {srocc(scatter.predicted, scatter.labels):.3f}, PLCC {plcc(scatter.predicted, scatter.labels):.3f}"
    )
    panel.legend(loc="best", frameon=False)
