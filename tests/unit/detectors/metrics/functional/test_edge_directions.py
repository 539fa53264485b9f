"""Block structure says where edges run, and stays when light and sensor change."""

import numpy as np
import pytest
import torch
from skimage.feature import hog

from tests.unit.detectors.metrics.measured import block_structure, texture_share
from tests.unit.detectors.sample_pictures import blurred, luma, noisy, photograph


@pytest.mark.parametrize(("degrees", "bin_"), [(0, 0), (45, 2), (90, 4), (135, 6)])
def test_an_orientation_falls_into_its_bin(degrees: float, bin_: int) -> None:
    y, x = np.mgrid[0:180, 0:320].astype(float)
    along = x * np.cos(np.radians(degrees)) + y * np.sin(np.radians(degrees))
    picture = (128 + 60 * np.sin(along / 3)).astype(np.uint8)
    histogram = block_structure(luma(picture))[0, 4:-4, 4:-4, 2:].mean(dim=(0, 1))
    assert int(histogram.argmax()) == bin_
    assert float(histogram[bin_]) > 0.8


def test_orientations_are_those_of_scikit_images_hog() -> None:
    picture = photograph()
    theirs = hog(
        picture,
        orientations=8,
        pixels_per_cell=(512, 512),
        cells_per_block=(1, 1),
        feature_vector=True,
        block_norm="L1",
    )
    blocks = block_structure(luma(picture))[0]
    ours = (blocks[..., 1:2] * blocks[..., 2:]).sum(dim=(0, 1))
    # Theirs has hard bins from 0, ours soft bins around multiples of 22.5 degrees; both see the same main direction.
    assert int(theirs.argmax()) in {int(ours.argmax()), (int(ours.argmax()) - 1) % 8}


def test_light_and_noise_leave_it_and_another_view_does_not() -> None:
    picture = photograph()
    darker = noisy((picture * 0.6).astype(np.uint8), 3)
    other = np.ascontiguousarray(np.roll(picture, 90, axis=1))
    blocks = block_structure(luma(picture, darker, other))

    def agreement(index: int) -> float:
        textured = blocks[0, ..., 1] > 2
        left, right = blocks[0, ..., 2:][textured], blocks[index, ..., 2:][textured]
        return float((torch.cosine_similarity(left, right, dim=1) > 0.8).float().mean())

    assert agreement(1) > 0.75
    assert agreement(2) < 0.4


def test_blur_takes_texture_away() -> None:
    shares = texture_share(block_structure(luma(photograph("brick"), blurred(photograph("brick"), 12))))
    assert shares[0] > 0.7
    assert shares[1] < 0.3 * shares[0]


def test_masked_blocks_are_missing_throughout() -> None:
    visible = torch.ones(1, 1, 512, 512, dtype=torch.bool)
    visible[..., :256, :] = False
    blocks = block_structure(luma(photograph()), visible)[0]
    assert torch.isnan(blocks[:9]).all()
    assert not torch.isnan(blocks[9:]).any()
