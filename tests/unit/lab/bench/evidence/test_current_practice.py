"""Today's checks raise what they are known to raise, after they held for long enough."""

import numpy as np
import pytest

from lab.bench.evidence.current_practice import Luma, PracticeWatch

SIZE = (180, 320)


def textured(seed: int, mean: float = 120.0) -> Luma:
    """Return a picture full of edges that differs from one seed to the next."""
    rng = np.random.default_rng(seed)
    blocks = np.kron(rng.uniform(-60, 60, (45, 80)), np.ones((4, 4)))
    return np.asarray(np.clip(blocks * 0.3 + mean + rng.normal(0, 8, SIZE), 0, 255), dtype=np.uint8)


def raised(pictures: list[Luma], *, hold_s: float = 0.0) -> dict[str, list[float]]:
    watch = PracticeWatch(hold_s)
    for second, picture in enumerate(pictures):
        watch.add(float(second), picture)
    return watch.raised


def test_a_lively_picture_raises_nothing() -> None:
    assert raised([textured(second) for second in range(8)]) == {}


def test_black_is_seen_by_the_mean_and_by_blackdetect_after_two_seconds() -> None:
    found = raised([textured(0), textured(1), *[np.full(SIZE, 3, np.uint8)] * 6])
    assert found["mean too low"] == [4.0]
    assert found["blackdetect"] == [4.0]


def test_a_frozen_picture_is_seen_by_difference_and_by_freezedetect() -> None:
    found = raised([textured(0), *[textured(1)] * 8])
    assert found["no frame difference"][0] == 4.0
    assert found["freezedetect"][0] <= 6.0
    assert "mean too low" not in found


def test_a_smooth_picture_is_seen_by_the_laplacian() -> None:
    plain = np.tile(np.linspace(60, 200, SIZE[1]).astype(np.uint8), (SIZE[0], 1))
    assert "laplacian variance" in raised([plain + np.uint8(second) for second in range(6)])


@pytest.mark.parametrize(("bad_s", "expected"), [(20, []), (40, [30.0])])
def test_people_hear_only_after_the_hold(bad_s: int, expected: list[float]) -> None:
    dark = [textured(second, mean=15.0) for second in range(bad_s)]
    assert raised([*dark, *[textured(second) for second in range(5)]], hold_s=30).get("mean too low", []) == expected


def test_an_alarm_is_counted_once_until_it_ends() -> None:
    dark = [textured(second, mean=15.0) for second in range(5)]
    light = [textured(second) for second in range(3)]
    assert len(raised([*dark, *light, *dark])["mean too low"]) == 2
