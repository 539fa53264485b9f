import numpy as np
import pytest
import skimage.data

from lab.training.augment.camera_degradations import DEGRADATIONS, degrade_randomly


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_every_degradation_changes_the_picture_and_keeps_its_size(name: str) -> None:
    picture = skimage.data.astronaut()[100:228, 150:306]  # type: ignore[no-untyped-call]
    worse = DEGRADATIONS[name](picture, np.random.default_rng(3))
    assert worse.shape == picture.shape
    assert worse.dtype == np.uint8
    assert np.abs(worse.astype(int) - picture).mean() > 0.5


def test_what_happens_follows_from_the_seed() -> None:
    picture = skimage.data.astronaut()[100:228, 150:306]  # type: ignore[no-untyped-call]
    first, again = (degrade_randomly(picture, np.random.default_rng(8)) for _ in range(2))
    assert first[1] == again[1]
    np.testing.assert_array_equal(first[0], again[0])
