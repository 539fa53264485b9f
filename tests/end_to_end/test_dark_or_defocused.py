"""On real clips: a night that is merely dark and a day that is out of focus get different answers."""

from pathlib import Path

import pytest

from domain.errors import ConfigError
from lab.bench.evidence import dark_or_defocused

pytestmark = pytest.mark.data

BLUR_BEGINS, BLUR_ENDS = 0.30, 0.35
"""The sharpness under which the rule for blur holds, and from which on it no longer does."""
NIGHT, DAY = "night-highway-headlights.mp4", "tud-campus.mp4"


def test_a_dark_night_and_a_defocused_day_are_distinguished(data_folder: Path) -> None:
    found = dark_or_defocused.run(data_folder, nights=[NIGHT], days=[DAY])
    (night,), (day,) = found["dark"], found["defocused"]
    assert night["told"] == ()
    assert (day["told"], day["headline"]) == (("blur",), "blur")
    dark, soft = night["medians"], day["medians"]
    assert dark["luma_mean"] < 0.5 * soft["luma_mean"]
    assert dark["sharpness"] > BLUR_ENDS
    assert soft["sharpness"] < BLUR_BEGINS
    assert dark["image_quality"] > soft["image_quality"]
    assert dark["detectability"] > soft["detectability"]


def test_a_missing_clip_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=NIGHT):
        dark_or_defocused.run(tmp_path, nights=[NIGHT], days=[])
