import pytest
import torch

from detectors.models.detection_quality.patches import CELLS, DRAWS, corners, cut_patches, density


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


def test_patches_lie_where_the_activations_are() -> None:
    grid = torch.zeros(1, CELLS, CELLS, dtype=torch.float64)
    grid[0, 2, 20] = 1.0
    # cell (2, 20) of 24 spans rows 80 to 120 and columns 1600 to 1680 of 960 x 1920; a window is centred in it
    found = corners(grid, 960, 1920)[0].tolist()
    assert found
    for top, left in found:
        assert top == 0
        assert 1600 - 112 - 4 <= left <= 1680 - 112 + 4


def test_in_an_even_picture_no_patch_lies_on_the_border() -> None:
    even = torch.full((1, CELLS, CELLS), 1 / CELLS**2, dtype=torch.float64)
    places = corners(even, 1080, 1920)[0]
    # the paper's two patches: the middle column and a third of the height, a quarter and two thirds
    assert places[:2].tolist() == [[248, 848], [608, 368]]
    assert len({tuple(place) for place in places.tolist()}) == len(DRAWS)


def test_a_small_change_moves_the_patches_a_little() -> None:
    generator = torch.Generator().manual_seed(3)
    grid = torch.rand(1, CELLS, CELLS, generator=generator, dtype=torch.float64) ** 4
    before = corners(grid / grid.sum(), 1080, 1920)
    moves = []
    for _ in range(50):
        changed = grid * (1 + 0.05 * torch.randn(grid.shape, generator=generator, dtype=torch.float64))
        moves.append((corners(changed / changed.sum(), 1080, 1920) - before).abs().max().item())
    assert max(moves) <= 80, "neighbouring frames show the regressor the same places"


def test_patches_keep_to_the_grid_of_the_codec_and_to_the_picture() -> None:
    generator = torch.Generator().manual_seed(4)
    for height, width in ((1080, 1920), (500, 333), (224, 225), (100, 300)):
        grid = torch.rand(3, CELLS, CELLS, generator=generator, dtype=torch.float64)
        places = corners(grid / grid.sum(dim=(1, 2), keepdim=True), height, width)
        assert (places % 8 == 0).all()
        assert (places[..., 0] <= max(0, height - 224)).all()
        assert (places[..., 1] <= max(0, width - 224)).all()
        assert (places >= 0).all()


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
