"""The teacher is a switch, its maps land on the network's grid, and what is missing is named."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from detectors.models.saliency.spectral_residual import spectral_residual
from detectors.models.sgdnet.teachers import TeacherName, make_teacher, resize_to_grid
from detectors.models.weights import WeightsUnavailable
from domain.errors import ConfigError


def test_the_spectral_residual_teaches_its_own_map_averaged_over_the_grid() -> None:
    rgb = torch.rand(2, 3, 96, 128, generator=torch.Generator().manual_seed(0))
    guide = make_teacher("spectral_residual")
    assert guide is not None
    maps = guide.maps(rgb, ("a", "b"), (3, 4))
    own = spectral_residual(rgb)
    assert own.shape == (2, 1, 48, 64)
    assert maps[1, 0, 2, 3].item() == pytest.approx(own[1, 0, 32:48, 48:64].mean().item(), abs=1e-6)
    assert guide.fingerprint == "spectral_residual"


def test_maps_of_a_folder_are_found_by_name_and_resized(tmp_path: Path) -> None:
    halves = np.zeros((60, 80), np.uint8)
    halves[:, 40:] = 255
    cv2.imwrite(str(tmp_path / "ss01 (1).png"), halves)
    guide = make_teacher("maps", tmp_path)
    assert guide is not None
    maps = guide.maps(torch.rand(1, 3, 96, 128), ("ss01 (1)",), (3, 4))
    assert maps[0, 0].tolist() == [[0.0, 0.0, 1.0, 1.0]] * 3
    with pytest.raises(ConfigError, match="no saliency map other"):
        guide.maps(torch.rand(1, 3, 96, 128), ("other",), (3, 4))


def test_a_map_smaller_than_the_grid_is_interpolated() -> None:
    small = torch.tensor([[[[0.0, 1.0]]]])
    assert resize_to_grid(small, (2, 4))[0, 0].tolist() == [[0.0, 0.25, 0.75, 1.0]] * 2


def test_none_teaches_nothing_and_others_are_refused(tmp_path: Path) -> None:
    assert make_teacher("none") is None
    with pytest.raises(ConfigError, match="known are dinet, maps, spectral_residual, none"):
        make_teacher("salgan")
    with pytest.raises(ConfigError, match="no saliency maps at"):
        make_teacher("maps", tmp_path / "absent")
    with pytest.raises(WeightsUnavailable, match="DINet is off"):
        make_teacher(TeacherName.DINET)
