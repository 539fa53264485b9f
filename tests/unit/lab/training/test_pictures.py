"""Files are decoded to RGB and judged at their own size, in their order."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from torch import Tensor

from detectors.models.pictures import Pictures
from domain.errors import ConfigError
from domain.metrics import MetricSpec
from lab.training.pictures import decode_picture, score_pictures


class AreaDetector:
    """Scores a picture by its size."""

    name = "area"
    metrics: tuple[MetricSpec, ...] = ()
    fingerprint = "test"

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        height, width = pictures.luma.shape[-2:]
        return {"area": pictures.luma.new_full((len(pictures),), height * width)}


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(ConfigError, match=r"text\.jpg is not a picture"):
        decode_picture(tmp_path / "text.jpg")


def test_every_picture_is_judged_at_its_own_size_in_order(tmp_path: Path) -> None:
    sizes = [(4, 6)] * 17 + [(8, 6), (4, 6)]
    for number, size in enumerate(sizes):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((*size, 3), np.uint8))
    paths = [tmp_path / f"{number}.png" for number in range(len(sizes))]
    assert score_pictures(AreaDetector(), "area", paths).tolist() == [height * width for height, width in sizes]
