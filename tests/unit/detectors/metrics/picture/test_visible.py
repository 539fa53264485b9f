"""What a mask hides of a picture, against scikit-image's drawing of the same polygon."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from skimage.draw import polygon2mask

from detectors.metrics.picture.visible import visible_area
from domain.cameras import Mask

HEIGHT, WIDTH = 108, 192


def hidden(*masks: Mask) -> NDArray[np.bool_]:
    area = visible_area(HEIGHT, WIDTH, masks)
    assert area is not None
    return np.asarray(area.pixels == 0)


@pytest.mark.parametrize("seed", range(8))
def test_a_polygon_hides_all_it_touches_and_hardly_more(seed: int) -> None:
    chance = np.random.default_rng(seed)
    angles = np.sort(chance.random(int(chance.integers(3, 9)))) * 2 * np.pi
    corners = np.stack([0.5 + 0.4 * np.cos(angles), 0.5 + 0.4 * np.sin(angles)], 1)
    fine: NDArray[np.bool_] = polygon2mask(  # type: ignore[no-untyped-call]
        (16 * HEIGHT, 16 * WIDTH), corners[:, ::-1] * (16 * HEIGHT, 16 * WIDTH) - 0.5
    )
    inside = fine.reshape(HEIGHT, 16, WIDTH, 16).any(axis=(1, 3))
    found = hidden(Mask.polygon([(float(x), float(y)) for x, y in corners]))
    assert not (inside & ~found).any()
    assert not (found & ~binary_dilation(inside, np.ones((5, 5)))).any()


def test_a_polygon_that_is_a_rectangle_hides_that_rectangle_and_a_pixel_beside_it() -> None:
    found = hidden(Mask.polygon([(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]))
    exact = hidden(Mask(0.25, 0.25, 0.5, 0.5))
    assert not (exact & ~found).any()
    assert not (found & ~binary_dilation(exact, np.ones((3, 3)), iterations=2)).any()


def test_a_polygon_at_the_edge_stays_within_the_picture() -> None:
    found = hidden(Mask.polygon([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]))
    assert found.all()
