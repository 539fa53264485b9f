"""Masks may cover much of the picture, and not all of it; shares are worked out by hand."""

import pytest

from domain.cameras import Mask
from domain.errors import ConfigError
from domain.masks import check_masks

TRIANGLE = Mask.polygon([(0, 0), (1, 0), (0, 1)])


@pytest.mark.parametrize(
    "masks",
    [
        [],
        [Mask(0, 0, 1, 0.98)],
        [Mask(0, 0, 0.98, 1)],
        [Mask(0, 0, 1, 0.5), Mask(0, 0.6, 1, 0.4)],
        [TRIANGLE],
        [Mask(0.1, 0.1, 5, 5)],
        [Mask.polygon([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0.9), (0.9, 0.9), (0.9, 0.1), (0, 0.1)])],
        [Mask(0, 0, 0, 0)] * 64,
    ],
)
def test_masks_that_leave_something_are_taken_until_one_covers_the_rest(masks: list[Mask]) -> None:
    check_masks(masks)
    with pytest.raises(ConfigError, match="cover the whole picture"):
        check_masks([*masks[:63], Mask(0, 0, 1, 1)])


@pytest.mark.parametrize(
    "masks",
    [
        [Mask(0, 0, 1, 1)],
        [Mask(0, 0, 1, 0.996)],
        [Mask(0, 0, 0.5, 1), Mask(0.5, 0, 0.5, 1)],
        [Mask(0, 0, 9, 9)],
        [Mask(n / 8, 0, 0.125, 1) for n in range(8)],
        [TRIANGLE, Mask.polygon([(1, 1), (1, 0), (0, 1)]), Mask(0, 0, 0.1, 0.1)],
        [Mask.polygon([(0, 0), (1, 0), (1, 1), (0, 1)])],
    ],
)
def test_masks_over_the_whole_picture_are_refused(masks: list[Mask]) -> None:
    with pytest.raises(ConfigError, match="cover the whole picture, so that nothing would be judged"):
        check_masks(masks)


def test_more_masks_than_64_are_refused() -> None:
    with pytest.raises(ConfigError, match="at most 64 masks are possible; join those that touch"):
        check_masks([Mask(0, 0, 0.1, 0.1)] * 65)
