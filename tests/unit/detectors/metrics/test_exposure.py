"""Exposure agrees with numpy and with FFmpeg's signalstats and blackframe."""

import numpy as np
import pytest
import torch

from tests.unit.detectors import ffmpeg_filters
from tests.unit.detectors.metrics.measured import black_share, clipped_share, luma_mean, luma_percentiles
from tests.unit.detectors.sample_pictures import luma, photograph


@pytest.mark.parametrize("name", ["camera", "moon", "page"])
def test_mean_and_percentiles_are_numpys_and_signalstats(name: str) -> None:
    picture = photograph(name)
    theirs = ffmpeg_filters.run_filter([picture], "signalstats")[0]
    assert float(luma_mean(luma(picture))) * 255 == pytest.approx(float(theirs["lavfi.signalstats.YAVG"]), abs=0.51)
    found = luma_percentiles(luma(picture), (0.05, 0.10, 0.90, 0.95))[0].numpy() * 255
    assert np.abs(found - np.percentile(picture, (5, 10, 90, 95))).max() <= 1.0
    assert abs(found[1] - float(theirs["lavfi.signalstats.YLOW"])) <= 1.0
    assert abs(found[2] - float(theirs["lavfi.signalstats.YHIGH"])) <= 1.0


@pytest.mark.parametrize(("share", "black"), [(0.97, False), (0.99, True)])
def test_a_picture_is_black_to_blackdetect_from_98_percent_on(share: float, black: bool) -> None:
    codes = np.full((100, 100), 120, np.uint8)
    codes.flat[: int(share * 10_000)] = 20
    theirs = ffmpeg_filters.run_filter([codes] * 3, "blackdetect", "d=0.01:pic_th=0.98:pix_th=0.1")
    assert any("lavfi.black_start" in answer for answer in theirs) is black
    assert float(black_share(luma(codes))) == pytest.approx(share, abs=1e-4)


def test_burnt_out_pixels_are_counted_where_nothing_is_masked() -> None:
    picture = torch.zeros(1, 1, 10, 10)
    picture[..., :5] = 1.0
    visible = torch.ones(1, 1, 10, 10, dtype=torch.bool)
    visible[..., :4] = False
    assert clipped_share(picture).item() == pytest.approx(0.5)
    assert clipped_share(picture, visible).item() == pytest.approx(1 / 6)
    assert luma_mean(picture, visible).item() == pytest.approx(1 / 6)


def test_a_picture_masked_whole_has_no_numbers() -> None:
    picture, nothing = torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    for value in (luma_mean(picture, nothing), black_share(picture, nothing)):
        assert torch.isnan(value).all()
    assert torch.isnan(luma_percentiles(picture, (0.5,), nothing)).all()
