"""Colour cues agree with numpy and FFmpeg's signalstats; magenta must be all over."""

import numpy as np
import pytest
import torch
from skimage import data

from detectors.models.pictures import rgb_to_luma_chroma
from domain.frames import ColorMatrix
from tests.unit.detectors import ffmpeg_filters
from tests.unit.detectors.metrics.measured import magenta, mean_chroma, purple_share, saturation

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


@pytest.mark.parametrize(
    ("above", "below", "share"),
    [
        ((150, 130, 160), (110, 95, 120), 1.0),
        ((120, 160, 220), (110, 95, 120), 0.5),
        ((150, 130, 160), (60, 140, 60), 0.5),
        ((120, 160, 220), (60, 140, 60), 0.0),
        ((230, 150, 90), (140, 100, 60), 0.0),
        ((128, 126, 129), (90, 88, 90), 0.0),
    ],
    ids=["all of it", "not the blue sky", "not the lawn", "sky and lawn", "an orange evening", "white balance"],
)
def test_purple_is_what_has_less_green_than_red_and_blue(
    above: tuple[int, int, int], below: tuple[int, int, int], share: float
) -> None:
    picture = np.empty((96, 128, 3), np.uint8)
    picture[:48], picture[48:] = above, below
    assert float(purple_share(*colours(picture), BT601)) == pytest.approx(share, abs=0.03)


def test_purple_is_asked_of_what_is_not_masked() -> None:
    picture = np.full((96, 128, 3), (150, 130, 160), np.uint8)
    picture[:, :64] = (60, 140, 60)
    visible = torch.zeros(1, 1, 96, 128)
    visible[..., 64:] = 1
    assert float(purple_share(*colours(picture), BT601, visible)) == pytest.approx(1.0)


def test_a_grey_picture_has_no_colour() -> None:
    _, chroma = colours(np.full((32, 32, 3), 90, np.uint8))
    assert float(saturation(chroma)) == pytest.approx(0, abs=1e-6)
