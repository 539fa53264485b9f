"""Crops are what the branches will see in use."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from detectors.models.saliency_iqa.views import global_view, local_view
from domain.errors import ConfigError
from lab.training.saliency_iqa.crops import (
    CropView,
    as_input,
    centre_crops,
    cut_centre,
    load_or_cache_pictures,
    random_crops,
    salient_windows,
)


def picture(seed: int = 0, height: int = 512, width: int = 512) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_the_centre_crop_for_the_global_branch_is_the_detectors_global_view() -> None:
    pixels = picture()[None]
    trained_on = as_input(centre_crops(pixels, np.array([0]), CropView.GLOBAL.side), CropView.GLOBAL)
    seen = global_view(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255)
    assert trained_on.shape == seen.shape == (1, 3, 448, 448)
    assert (trained_on - seen).abs().max() <= 1.01 / 255


def test_local_crops_are_native_pixels() -> None:
    pixels = picture()[None]
    crop = random_crops(pixels, np.array([0]), 224, np.random.default_rng(1))[0]
    windows = np.lib.stride_tricks.sliding_window_view(pixels[0], (224, 224), axis=(0, 1))
    mirrored = crop[:, ::-1]
    corners = {crop[0, 0].tobytes(), mirrored[0, 0].tobytes()}
    places = [
        (row, column) for row in range(289) for column in range(289) if pixels[0, row, column].tobytes() in corners
    ]
    found = [windows[place].transpose(1, 2, 0) for place in places]
    assert any(np.array_equal(window, crop) or np.array_equal(window, mirrored) for window in found)


def test_crops_follow_from_the_seed_alone() -> None:
    pixels = picture()[None]
    first = random_crops(pixels, np.array([0]), 64, np.random.default_rng(3))
    assert np.array_equal(first, random_crops(pixels, np.array([0]), 64, np.random.default_rng(3)))


def test_other_sizes_are_cut_or_reflected_to_512() -> None:
    large, small = picture(1, 600, 520), picture(2, 300, 512)
    assert np.array_equal(cut_centre(large), large[44:556, 4:516])
    assert np.array_equal(cut_centre(small)[:300], small)
    assert np.array_equal(cut_centre(small)[300], small[298])


def test_the_cache_holds_the_decoded_pictures_in_rgb(tmp_path: Path) -> None:
    red = np.zeros((512, 512, 3), np.uint8)
    red[..., 2] = 255
    cv2.imwrite(str(tmp_path / "red.png"), red)
    rows = [tmp_path / "red.png"]
    cache = tmp_path / "cache.npy"
    assert load_or_cache_pictures(rows, cache)[0, 0, 0].tolist() == [255, 0, 0]
    (tmp_path / "red.png").unlink()
    assert load_or_cache_pictures(rows, cache)[0, 511, 511].tolist() == [255, 0, 0]


def test_a_cache_of_other_data_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "cache.npy", np.zeros((1, 2), np.uint8))
    with pytest.raises(ConfigError, match="made from other data"):
        load_or_cache_pictures([], tmp_path / "cache.npy")


def brightest(rgb: torch.Tensor) -> torch.Tensor:
    """A provider that finds the brightest part salient: (N, 1, 64, 64)."""
    return interpolate(rgb.mean(dim=1, keepdim=True), size=(64, 64), mode="area")


def with_a_bright_square(top: int, left: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    pixels = np.zeros((1, 512, 512, 3), np.uint8)
    pixels[0, top : top + 224, left : left + 224] = 255
    return pixels


def test_the_salient_window_is_the_detectors_own(tmp_path: Path) -> None:
    pixels = with_a_bright_square(96, 192)
    path = tmp_path / "windows.npy"
    assert salient_windows(pixels, brightest, path).tolist() == [[96, 192]]
    planes = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    assert local_view(planes, brightest(planes)).min() == 1
    assert salient_windows(np.zeros_like(pixels), brightest, path).tolist() == [[96, 192]]
    with pytest.raises(ConfigError, match="1 windows, not 2"):
        salient_windows(np.concatenate([pixels, pixels]), brightest, path)


def test_salient_crops_lie_near_the_window_and_inside_the_picture() -> None:
    pixels, first = with_a_bright_square(0, 192), np.array([0])
    windows = np.array([[0, 192]])
    crops = [
        random_crops(pixels, first, 224, np.random.default_rng(seed), windows=windows, salient=1.0)[0]
        for seed in range(20)
    ]
    shown = [(crop[..., 0] > 0).mean() for crop in crops]
    assert min(shown) >= (208 / 224) ** 2
    assert len({crop.tobytes() for crop in crops}) > 10
    anywhere = random_crops(pixels, first, 224, np.random.default_rng(0), windows=windows, salient=0.0)
    assert np.array_equal(anywhere, random_crops(pixels, first, 224, np.random.default_rng(0)))
