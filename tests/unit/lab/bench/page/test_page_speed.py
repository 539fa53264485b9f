"""The measurement of the page, in small: live cameras in a real browser, and nothing left behind by their updates."""

import pytest

from lab.bench.page.browser import explain_missing_browser
from lab.bench.page.page_speed import run
from tests.unit.api.conftest import absent

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_a_small_wall_is_measured_and_a_day_of_updates_leaves_nothing_behind() -> None:
    if reason := explain_missing_browser():
        absent(reason)
    found = run(cameras=100, seconds=1.0, turns=1, step_s=300)
    assert found["api_failures"] == []
    assert found["nodes"] < 3000
    assert found["day_updates"] == 288
    assert found["day_node_growth"] <= 20  # a site's line more or less
    assert found["day_heap_growth_mb"] < 1.0
    for name in ("first_paint_s", "cameras_shown_s", "fault_visible_s", "year_chart_s"):
        assert found[name]["n"] == 1
        assert found[name]["max"] > 0
    assert len(found["promises"]) == 8
    assert all(answer.startswith(("kept: ", "NOT KEPT: ")) for answer in found["promises"].values())
