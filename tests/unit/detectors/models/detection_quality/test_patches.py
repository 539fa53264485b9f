import pytest
import torch

from detectors.models.detection_quality.patches import CELLS, corners, cut_patches, density


def test_high_and_low_activations_count_alike() -> None:
    maps = torch.zeros(1, 1, 48, 48)
    maps[..., :24, 5] = 3.0
    maps[..., :24, 40] = -3.0
    grid = density(maps)[0]
    assert grid[0, 2].item() == pytest.approx(grid[0, 20].item())
    assert grid[0, 2] > 3 * grid[0, 10]


def test_the_density_sums_to_one_and_a_flat_picture_is_even() -> None:
    maps = torch.randn(2, 4, 30, 50, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(density(maps).sum(dim=(1, 2)), torch.ones(2, dtype=torch.float64))
    flat = density(torch.full((1, 4, 30, 50), 0.7))
    torch.testing.assert_close(flat, torch.full_like(flat, 1 / CELLS**2))


def test_what_is_masked_draws_no_patch() -> None:
    maps = torch.randn(1, 4, 48, 48, generator=torch.Generator().manual_seed(0))
    visible = torch.zeros(1, 1, 96, 96, dtype=torch.bool)
    visible[..., 48:, :] = True
    assert density(maps, visible)[0, : CELLS // 2].sum().item() == 0


def test_patches_lie_where_the_mass_reaches_its_quarters() -> None:
    grid = torch.zeros(1, CELLS, CELLS, dtype=torch.float64)
    grid[0, 2, 20] = 0.5  # the quarter
    grid[0, 20, 2] = 0.5  # three quarters
    ((first, second),) = corners(grid, 960, 1920).tolist()
    # cell (2, 20) is centred on row 2.5 * 960 / 24 = 100 and column 20.5 * 1920 / 24 = 1640;
    # cell (20, 2) on row 20.5 * 40 = 820 and column 2.5 * 80 = 200
    assert first == [0, 1640 - 112]
    assert second == [820 - 112, 200 - 112]


def test_a_patch_shows_the_picture_at_its_corner() -> None:
    rgb = torch.rand(2, 3, 300, 400)
    places = torch.tensor([[[10, 20], [76, 176]], [[0, 0], [5, 7]]])
    patches = cut_patches(rgb, places)
    assert patches.shape == (4, 3, 224, 224)
    torch.testing.assert_close(patches[1].contiguous(), rgb[0, :, 76:300, 176:400].contiguous())
    torch.testing.assert_close(patches[3].contiguous(), rgb[1, :, 5:229, 7:231].contiguous())


@pytest.mark.parametrize(("height", "width"), [(32, 32), (100, 300), (224, 40)])
def test_a_small_picture_is_mirrored_on(height: int, width: int) -> None:
    rgb = torch.rand(1, 3, height, width)
    patch = cut_patches(rgb, torch.zeros(1, 1, 2, dtype=torch.long))[0]
    assert patch.shape == (3, 224, 224)
    rows, columns = min(height, 224), min(width, 224)
    torch.testing.assert_close(patch[:, :rows, :columns].contiguous(), rgb[0, :, :rows, :columns].contiguous())
    if height < 224:
        torch.testing.assert_close(patch[:, height, 0], rgb[0, :, height - 2, 0])
