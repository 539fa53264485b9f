"""The branches look where the paper says: the resized centre, and the window of largest saliency."""

import pytest
import torch
from torch.nn.functional import interpolate

from detectors.models.pictures import Pictures
from detectors.models.saliency_iqa.views import (
    global_view,
    global_view_of_pictures,
    local_view,
    local_view_of_pictures,
    window_lines,
    window_sums,
)


def test_windows_step_by_32_and_end_flush_with_the_border() -> None:
    starts = window_lines(300)[:, 0].tolist()
    assert starts == [0, 32, 64, 76]
    assert window_lines(224)[:, 0].tolist() == [0]
    assert window_lines(288)[:, 0].tolist() == [0, 32, 64]


def test_a_short_side_is_reflected_around_the_picture() -> None:
    lines = window_lines(222)
    assert lines.shape == (1, 224)
    assert lines[0, :3].tolist() == [1, 0, 1]
    assert lines[0, -3:].tolist() == [220, 221, 220]
    assert set(window_lines(3)[0].tolist()) == {0, 1, 2}


def test_window_sums_equal_a_search_on_the_resized_map() -> None:
    saliency = torch.rand(2, 1, 9, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    full = interpolate(saliency, size=(270, 480), mode="bilinear", align_corners=False)[:, 0]
    expected = torch.stack(
        [
            torch.stack(
                [full[:, top : top + 224, left : left + 224].sum(dim=(1, 2)) for left in [*range(0, 256, 32), 256]]
            )
            for top in (0, 32, 46)
        ]
    ).permute(2, 0, 1)
    found = window_sums(saliency, 270, 480)
    largest = expected.amax(dim=(1, 2), keepdim=True)
    assert (found * 1e-6 - expected / largest).abs().max() < 1e-6


def test_the_local_view_is_the_most_salient_window_at_native_size() -> None:
    pictures = torch.rand(2, 3, 320, 480, generator=torch.Generator().manual_seed(0))
    saliency = torch.zeros(2, 1, 320, 480)
    saliency[0, 0, 90:110, 470:480] = 1.0
    saliency[1, 0, 310:, :10] = 1.0
    views = local_view(pictures, saliency)
    assert torch.equal(views[0], pictures[0, :, 0:224, 256:480])
    assert torch.equal(views[1], pictures[1, :, 96:320, 0:224])


def test_a_tie_takes_the_first_window_in_raster_order() -> None:
    pictures = torch.rand(1, 3, 256, 288)
    flat = local_view(pictures, torch.ones(1, 1, 8, 9))
    assert torch.equal(flat[0], pictures[0, :, :224, :224])
    nothing = local_view(pictures, torch.zeros(1, 1, 8, 9))
    assert torch.equal(nothing[0], pictures[0, :, :224, :224])


@pytest.mark.parametrize(("height", "width"), [(480, 854), (1080, 1920), (352, 288), (64, 2000)])
def test_the_global_view_is_the_centre_of_the_picture_resized_to_480(height: int, width: int) -> None:
    across = torch.linspace(0, 1, width).expand(1, 3, height, width)
    view = global_view(across)
    shorter = min(height, width)
    half_pixels = 0.5 * (448 / 480) * shorter
    expected_left = 0.5 - half_pixels / width
    assert view.shape == (1, 3, 448, 448)
    assert view[0, 0, 224, 0].item() == pytest.approx(expected_left, abs=2 / width)
    assert view[0, 0, 224, -1].item() == pytest.approx(1 - expected_left, abs=2 / width)


def test_the_global_view_equals_the_papers_resize_then_crop_where_both_are_exact() -> None:
    picture = torch.rand(1, 3, 960, 960, generator=torch.Generator().manual_seed(0))
    papers = interpolate(picture, size=(480, 480), mode="bilinear", antialias=True)[..., 16:464, 16:464]
    assert (global_view(picture) - papers)[..., 1:-1, 1:-1].abs().max() < 1e-5


def test_the_window_is_sought_and_cut_on_the_device_without_asking_for_a_value() -> None:
    """A tensor on the meta device has no values: whatever waited for one would fail here."""
    pictures = torch.empty(2, 3, 1080, 1920, device="meta")
    window = local_view(pictures, torch.empty(2, 1, 36, 64, dtype=torch.float64, device="meta"))
    assert window.device.type == "meta"
    assert window.shape == (2, 3, 224, 224)


@pytest.mark.parametrize(("height", "width"), [(300, 500), (32, 700), (225, 224)])
def test_the_last_row_and_column_end_at_the_border(height: int, width: int) -> None:
    for length in (height, width):
        lines = window_lines(length)
        starts = lines[:, 0].tolist()
        assert lines[-1].max().item() == length - 1
        assert starts == sorted(set(starts))
        if length >= 224:
            assert starts[-1] == length - 224
            assert all(start % 32 == 0 for start in starts[:-1])


def test_windows_that_differ_by_rounding_only_are_a_tie() -> None:
    pictures = torch.rand(1, 3, 224, 288, generator=torch.Generator().manual_seed(3))
    saliency = torch.ones(1, 1, 224, 288, dtype=torch.float64)
    saliency[..., 200:] += 1e-9
    assert torch.equal(local_view(pictures, saliency)[0], pictures[0, :, :, :224])
    saliency[..., 250:] += 1e-2
    assert torch.equal(local_view(pictures, saliency)[0], pictures[0, :, :, 64:])


@pytest.mark.parametrize(("height", "width"), [(240, 320), (331, 777), (100, 150)])
@pytest.mark.parametrize("halved", [True, False])
def test_views_of_a_stream_are_those_of_its_rgb(height: int, width: int, halved: bool) -> None:
    """Chroma of half the size is cut at its own samples for the whole view: that may move colours by a pixel."""
    down, across = torch.linspace(0, 6, height).view(-1, 1), torch.linspace(0, 9, width).view(1, -1)
    waves = (torch.sin(3 * down) * torch.cos(2 * across)).view(1, 1, height, width)
    rgb = torch.cat([0.5 + 0.2 * waves, 0.5 + 0.1 * waves, 0.5 - 0.1 * waves], dim=1)
    full = Pictures.from_rgb(rgb)
    assert full.chroma is not None
    chroma = interpolate(full.chroma, size=(-(-height // 2), -(-width // 2)), mode="area") if halved else full.chroma
    pictures = Pictures(full.luma, chroma, full.matrix)
    saliency = torch.rand(1, 1, 20, 30, generator=torch.Generator().manual_seed(3))
    assert torch.allclose(local_view_of_pictures(pictures, saliency), local_view(pictures.rgb, saliency), atol=1e-4)
    difference = (global_view_of_pictures(pictures) - global_view(pictures.rgb)).abs()
    assert difference.max() < (0.05 if halved else 1e-5)
    assert difference.mean() < 0.01
