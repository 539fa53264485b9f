"""The page's section of figures: renewed between its marks, the rest untouched, and what it works out for a site."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ConfigError
from lab.bench.cluster.growth.capacity import check_capacity, fit_capacity
from lab.bench.cluster.growth.growth_page import BEGIN, END, render_figures, update_page
from tests.unit.lab.bench.cluster.growth.test_capacity import point


def found() -> dict[str, Any]:
    points = [point(1), point(4), point(16), point(16, workers=2)]
    capacity = fit_capacity(points)
    return {
        "size": "768x432 yuv420p",
        "frames_per_s_per_camera": 1.0,
        "seconds_per_point": 20.0,
        "cores": 2,
        "load_before": 0.3,
        "points": [asdict(each) for each in points],
        "capacity": asdict(capacity),
        "checked": [asdict(each) for each in check_capacity(capacity, points, 2)],
    }


def test_only_what_stands_between_the_marks_is_renewed_however_often(tmp_path: Path) -> None:
    page = tmp_path / "capacity.md"
    page.write_text(f"# Before\n\n{BEGIN}\nold figures\n{END}\n\nafter\n", encoding="utf-8")
    update_page(page, found())
    once = page.read_text(encoding="utf-8")
    assert once.startswith(f"# Before\n\n{BEGIN}\n")
    assert once.endswith(f"{END}\n\nafter\n")
    assert "old figures" not in once
    update_page(page, found())
    assert page.read_text(encoding="utf-8") == once


def test_a_page_without_marks_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "capacity.md"
    page.write_text("# Nothing here\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="between which the figures belong"):
        update_page(page, found())


def test_what_a_hundred_cameras_need_is_worked_out() -> None:
    text = render_figures(found())
    # 100 frames/s at 40 ms on one thread each, seven tenths busy: 4 / .7 = 5.7 workers; 100 * 300 kB = 28.6 MiB/s;
    # for 21 minutes 35.2 GiB; the broker .1 + 100 * 2 ms, Postgres .02 + 100 * 1 ms; 60.48 GB in 7 days are 56 GiB.
    assert "| 100 | 6 | 29 | 35 | 0.3 | 0.1 | 56 |" in text
    assert "| 16 x 2 | cores | 1.01 | 1.01 | +0 % |" in text
