"""The table of a folder of stills: one picture a camera, no past."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from domain.errors import ConfigError
from lab.bench.evidence import road_cameras


def write(folder: Path, labels: dict[str, str]) -> Path:
    """A healthy camera (scikit-image's photograph of a launch pad), and one burnt out."""
    rows = ["file\tlabel"] + [f"{name}\t{label}" for name, label in labels.items()]
    (folder / road_cameras.LABELS).write_text("\n".join(rows) + "\n", encoding="utf-8")
    healthy = np.asarray(skimage.data.rocket(), np.uint8)  # type: ignore[no-untyped-call]
    cv2.imwrite(str(folder / "healthy.png"), healthy[:, :, ::-1])
    cv2.imwrite(str(folder / "white.png"), np.clip(healthy[:, :, ::-1].astype(int) * 6 + 120, 0, 255))
    return folder


def test_the_faulty_camera_is_called_and_counted_beside_its_label(tmp_path: Path) -> None:
    found = road_cameras.run(write(tmp_path, {"healthy.png": "healthy", "white.png": "fault: burnt out"}))
    assert (found["faulty_called"], found["faulty"]) == (1, 1)
    assert found["healthy"] == 1
    white = next(one for one in found["cameras"] if one["name"] == "white.png")
    assert white["called"]
    assert len(white["likeliest"]) == road_cameras.SHOWN
    assert all(0 <= value <= 1 for value in white["likeliest"].values())
    assert "faulty cameras called: 1 of 1" in road_cameras.as_table(found)


def test_a_marginal_camera_counts_apart(tmp_path: Path) -> None:
    found = road_cameras.run(write(tmp_path, {"white.png": "marginal: rather bright"}))
    assert (found["faulty"], found["healthy"], found["marginal"]) == (0, 0, 1)


def test_a_folder_without_labels_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"labels\.tsv"):
        road_cameras.run(tmp_path)


def test_a_label_of_no_known_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="sunny"):
        road_cameras.run(write(tmp_path, {"healthy.png": "sunny"}))
