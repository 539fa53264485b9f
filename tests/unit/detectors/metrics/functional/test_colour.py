"""Colour cues agree with numpy and FFmpeg's signalstats; magenta must be all over."""

import numpy as np
import pytest
import torch
from skimage import data

from detectors.models.pictures import rgb_to_luma_chroma
from domain.frames import ColorMatrix
from tests.unit.detectors import ffmpeg_filters
from tests.unit.detectors.metrics.measured import magenta, mean_chroma, saturation

BT601 = ColorMatrix.BT601


def colours(picture: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    rgb = torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)[None]
    return rgb_to_luma_chroma(rgb, BT601)


def test_saturation_and_lean_are_signalstats_averages() -> None:
    picture = np.ascontiguousarray(data.astronaut())  # type: ignore[no-untyped-call]
    theirs = ffmpeg_filters.run_filter([picture], "signalstats", pixel_format="yuv444p")[0]
    _, chroma = colours(picture)
    blue, red = (mean_chroma(chroma)[0] * 224 + 128).tolist()
    assert float(saturation(chroma)) * 224 == pytest.approx(float(theirs["lavfi.signalstats.SATAVG"]), abs=1.0)
    assert blue == pytest.approx(float(theirs["lavfi.signalstats.UAVG"]), abs=1.0)
    assert red == pytest.approx(float(theirs["lavfi.signalstats.VAVG"]), abs=1.0)


def test_magenta_all_over_counts_and_a_magenta_thing_does_not() -> None:
    plain = np.tile(np.linspace(40, 200, 128, dtype=np.uint8)[:, None, None], (1, 128, 3))
    tinted, thing = plain.astype(float), plain.copy()
    tinted[..., 1] *= 0.7
    thing[:64, :64] = (255, 0, 255)
    scores = [float(magenta(*colours(picture), BT601)) for picture in (plain, tinted.astype(np.uint8), thing)]
    assert scores[0] == pytest.approx(0, abs=0.01)
    assert scores[1] > 0.15
    assert scores[2] == pytest.approx(0, abs=0.01)


def test_a_grey_picture_has_no_colour() -> None:
    _, chroma = colours(np.full((32, 32, 3), 90, np.uint8))
    assert float(saturation(chroma)) == pytest.approx(0, abs=1e-6)
