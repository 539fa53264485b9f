"""Running extremes are scipy's."""

import numpy as np
import pytest
import torch
from scipy.ndimage import maximum_filter, minimum_filter

from detectors.metrics.functional.running_extremes import running_max, running_min


@pytest.mark.parametrize("side", [1, 3, 5, 15, 17])
def test_are_scipys_rank_filters(side: int) -> None:
    picture = np.random.default_rng(side).random((40, 33)).astype(np.float32)
    tensor = torch.from_numpy(picture)[None, None]
    assert np.array_equal(running_max(tensor, side)[0, 0].numpy(), maximum_filter(picture, side, mode="nearest"))
    assert np.array_equal(running_min(tensor, side)[0, 0].numpy(), minimum_filter(picture, side, mode="nearest"))
