"""Edge widths are those of FFmpeg's blurdetect."""

import numpy as np
import pytest
import torch

from tests.unit.detectors import ffmpeg_filters
from tests.unit.detectors.metrics.measured import edge_widths
from tests.unit.detectors.sample_pictures import blurred, luma, photograph


@pytest.mark.parametrize("name", ["camera", "coins", "moon", "brick", "page"])
@pytest.mark.parametrize("sigma", [0, 1, 2, 4])
def test_widths_are_within_a_twelfth_of_blurdetects(name: str, sigma: float) -> None:
    picture = blurred(photograph(name), sigma)
    theirs = float(ffmpeg_filters.run_filter([picture], "blurdetect", "block_pct=100")[0]["lavfi.blur"])
    assert float(edge_widths(luma(picture))) == pytest.approx(theirs, rel=1 / 12)


def test_a_wider_slope_is_a_wider_edge() -> None:
    def slope(width: int) -> float:
        ramp = 20 + 200 / (1 + np.exp((64 - np.arange(128)) * 4 / width))
        return float(edge_widths(luma(np.tile(ramp, (64, 1)).round().astype(np.uint8))))

    assert slope(3) + 2 < slope(5)
    assert slope(5) + 2 < slope(8)


def test_a_flat_picture_has_no_edges_to_measure() -> None:
    assert torch.isnan(edge_widths(torch.full((1, 1, 64, 64), 0.5))).all()


def test_masked_edges_do_not_count() -> None:
    sharp, soft = photograph(), blurred(photograph(), 4)
    half = np.concatenate([sharp[:, :256], soft[:, 256:]], axis=1)
    visible = torch.ones(1, 1, 512, 512, dtype=torch.bool)
    visible[..., :270] = False
    seen = float(edge_widths(luma(half), visible))
    alone = float(edge_widths(luma(np.ascontiguousarray(soft[:, 262:]))))
    assert seen == pytest.approx(alone, rel=0.1)
