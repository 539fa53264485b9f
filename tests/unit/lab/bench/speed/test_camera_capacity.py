"""The capacity benchmark runs the product's own path and counts what it says it counts."""

from pathlib import Path

import pytest

from domain.errors import ConfigError
from lab.bench.speed import camera_capacity
from lab.bench.speed.metrics_cost import LARGE_CLIP
from tests.cameras.films import write_test_film


def test_cameras_a_core_follow_from_what_a_frame_costs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / LARGE_CLIP).parent.mkdir()
    write_test_film(tmp_path / LARGE_CLIP, frames=60, gop=25, size=(320, 240))
    monkeypatch.setattr(camera_capacity, "SIZES", {"1080p": (192, 144), "360p": (160, 120)})

    found = camera_capacity.run(cameras=2, seconds=12, rounds=1, data=tmp_path)

    for name in ("1080p", "360p"):
        assert 2 * 4 <= found[f"frames_{name}"] <= 2 * 6  # twelve seconds less six to warm up, of two cameras
        cost_ms = sum(found[f"ms_a_frame_{name}"].values())
        assert found[f"cameras_per_core_{name}"] == pytest.approx(1000 / cost_ms, rel=0.02)


def test_the_clip_it_needs_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="street-faces-1080p"):
        camera_capacity.run(data=tmp_path)
