"""What the recipe does to a picture, and what it says is wrong with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data

from detectors.models.picture_faults.kinds import KINDS
from lab.training.picture_faults import coding, lens, sensor
from lab.training.picture_faults.camera import LOOKS, STEPS, Emphasis, look_at, shoot
from lab.training.picture_faults.faults import UNSURE, Truth
from lab.training.picture_faults.light import Light, Pixels, disc, linear, luma, streak
from lab.training.picture_faults.material import SEEN, SHAPES, draw_shard, load_shard, shard_numbers, store_shard
from lab.training.picture_faults.roads import road


def photograph() -> Pixels:
    """(512, 512, 3): the astronaut's portrait that scikit-image ships (NASA, public domain)."""
    return np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]


def scene(seed: int = 0) -> Light:
    return linear(photograph()[:288, :352], np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("amount", "slight", "plain", "expected"),
    [
        (0.1, 0.2, 0.4, 0.0),
        (0.3, 0.2, 0.4, UNSURE),
        (0.4, 0.2, 0.4, 1.0),
        (0.5, 0.7, 0.4, UNSURE),
        (0.3, 0.7, 0.4, 1.0),
    ],
)
def test_a_fault_is_there_not_there_or_too_slight_to_say(
    amount: float, slight: float, plain: float, expected: float
) -> None:
    truth = Truth()
    truth.record("fog", amount, slight, plain)
    assert truth.row()[KINDS.index("fog")] == expected


def test_what_a_plain_fault_hides_nobody_can_say_but_a_plain_fault_stays() -> None:
    truth = Truth()
    truth.record("defocus", 1.0, 0.1, 0.2)
    truth.hide("defocus", "fog")
    assert truth.targets == {"defocus": 1.0, "fog": UNSURE}


@pytest.mark.parametrize("kernel", [disc(0.4), disc(3.5), disc(12), streak(5, 0.3, 0.4), streak(60, 1.2, -0.5)])
def test_a_lens_takes_no_light(kernel: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    assert kernel.sum() == pytest.approx(1, abs=1e-4)
    assert kernel.min() >= 0


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(12))
def test_every_shot_is_a_picture_with_a_truth_for_every_kind(shape: str, seed: int) -> None:
    shot = shoot(photograph(), photograph()[::-1], shape, np.random.default_rng(seed))
    assert shot.picture.dtype == np.uint8
    assert shot.picture.shape[2] == 3
    row = shot.truth.row()
    assert row.shape == (len(KINDS),)
    assert set(row.tolist()) <= {0.0, 1.0, UNSURE}
    if not shot.faults:
        assert 1.0 not in row


@pytest.mark.parametrize("emphasis", [Emphasis.OVERCAST, Emphasis.FIRST_DAY])
def test_what_is_emphasised_is_drawn_with_its_truth(emphasis: Emphasis) -> None:
    drawn = [shoot(photograph(), photograph(), "11:9", np.random.default_rng(seed), emphasis) for seed in range(16)]
    assert any(shot.faults for shot in drawn)
    assert any(not shot.faults for shot in drawn)
    for shot in drawn:
        assert set(shot.truth.row().tolist()) <= {0.0, 1.0, UNSURE}
        assert shot.faults or 1.0 not in shot.truth.row()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_healthy_camera_shows_a_photograph_as_it_is(shape: str) -> None:
    picture = look_at(photograph(), shape, np.random.default_rng(2))
    assert picture.shape[1] / picture.shape[0] == pytest.approx(SEEN[shape][0] / SEEN[shape][1], rel=0.2)
    assert abs(float(picture.mean()) - float(photograph().mean())) < 60


@pytest.mark.parametrize("name", [name for name, (_, change) in LOOKS.items() if change is not None])
def test_every_healthy_look_is_light_of_the_scenes_size(name: str) -> None:
    change = LOOKS[name][1]
    assert change is not None
    lit = change(scene(), np.random.default_rng(3))
    assert lit.shape == scene().shape
    assert np.isfinite(lit).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_road_is_nearly_neutral_and_leaves_the_scene_beside_it(seed: int) -> None:
    before = np.full((288, 352, 3), (0.05, 0.4, 0.05), np.float32)
    paved = road(before, np.random.default_rng(seed))
    assert paved.shape == before.shape
    assert np.isfinite(paved).all()
    changed_places = np.abs(paved - before).max(axis=2) > 0.01
    assert 0.02 < changed_places.mean() < 0.95
    colours = paved[changed_places]
    assert np.median(colours.max(axis=1) - colours.min(axis=1)) < 0.05


@pytest.mark.parametrize("name", STEPS)
def test_every_degradation_names_its_fault_within_a_few_draws(name: str) -> None:
    kinds = {
        "cover": {"covered", "covered_part"}, "motion": {"motion_blur"}, "leak": {"purple"}, "tint": {"purple"},
        "cast": {"colour_cast"}, "neutral_tint": {"purple"}, "wet_film": {"condensation"},
        "wet_dome": {"condensation"},
    }.get(name, {name})  # fmt: skip
    named = set()
    for seed in range(25):
        truth = Truth()
        STEPS[name](scene(), truth, np.random.default_rng(seed))
        named |= {kind for kind, value in truth.targets.items() if value == 1.0}
    assert named & kinds
    assert named <= kinds


def fine_detail(light: Light) -> float:
    return float(np.abs(np.diff(luma(light), axis=1)).mean())


def test_defocus_takes_detail_and_keeps_the_light() -> None:
    truth = Truth()
    blurred = lens.defocus(scene(), truth, np.random.default_rng(1))
    assert fine_detail(blurred) < 0.7 * fine_detail(scene())
    assert blurred.mean() == pytest.approx(scene().mean(), rel=0.02)


def test_burning_out_is_named_by_the_share_of_what_was_shown_that_clips() -> None:
    for seed in range(10):
        truth = Truth()
        light = sensor.burn_out(scene(), truth, np.random.default_rng(seed))
        share = sensor.share_lost_to_light(scene(), light)
        assert truth.targets.get("burnt_out", 0.0) == (1.0 if share >= 0.34 else UNSURE if share > 0.12 else 0.0)


@pytest.mark.parametrize("fault", ["leak", "tint", "neutral_tint"])
def test_purple_is_named_by_the_share_of_the_picture_that_turned_so(fault: str) -> None:
    grey = np.full((96, 128, 3), 0.25, np.float32)
    named = []
    for seed in range(12):
        truth = Truth()
        turned = STEPS[fault](grey, truth, np.random.default_rng(seed))
        purple = (turned[..., 0] + turned[..., 2]) / 2 > 1.2 * turned[..., 1]
        bluish = turned[..., 2] > turned[..., 1]
        if truth.targets.get("purple", 0.0) == 0.0:
            assert not (purple & bluish).all()
        named.append(truth.targets.get("purple", 0.0))
    assert 1.0 in named


def test_a_wet_dome_takes_detail_or_puts_it_elsewhere() -> None:
    lost: dict[float, list[float]] = {}
    for seed in range(30):
        truth = Truth()
        wet = STEPS["wet_dome"](scene(), truth, np.random.default_rng(seed))
        assert wet.shape == scene().shape
        assert np.isfinite(wet).all()
        said = truth.targets.get("condensation", 0.0)
        lost.setdefault(said, []).append(np.corrcoef(luma(wet).ravel(), luma(scene()).ravel())[0, 1])
    assert np.mean(lost[1.0]) < np.mean(lost.get(UNSURE, []) + lost.get(0.0, []))


def test_a_white_sky_alone_is_no_burnt_out_picture() -> None:
    healthy = np.full((96, 128, 3), 0.2, np.float32)
    healthy[:60] = 3.0
    assert sensor.share_lost_to_light(healthy, 1.5 * healthy) == 0.0
    assert sensor.share_lost_to_light(healthy, 6 * healthy) == 1.0


def changed(one: Pixels, other: Pixels) -> float:
    return float((np.abs(one.astype(int) - other).max(axis=2) > 24).mean())


def test_lost_slices_tear_the_picture_and_a_whole_stream_does_not() -> None:
    pictures = coding.move_scene(photograph()[:288, :352], 4, np.random.default_rng(2), farthest=0.03)
    units = coding.encode(pictures, "libx264", 24, slices=4)
    whole = coding.decode(units, "libx264")
    assert len(whole) == len(pictures)
    assert changed(whole[-1], pictures[-1]) < 0.02
    damage = []
    for seed in range(6):
        torn = coding.decode(coding.lose(units, np.random.default_rng(seed)), "libx264")
        damage.append(changed(torn[-1], whole[-1]) if torn else 0.0)
    assert max(damage) > 0.08


@pytest.mark.parametrize("degrade", [coding.tear, coding.compress])
def test_what_the_network_does_keeps_the_size(degrade: Callable[..., Pixels]) -> None:
    picture = photograph()[:240, :320]
    for seed in range(4):
        assert degrade(picture, Truth(), np.random.default_rng(seed)).shape == picture.shape


def test_a_shard_is_drawn_from_its_number_alone_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.training.picture_faults.material.SHARD", 3)
    path = tmp_path / "astronaut.png"
    cv2.imwrite(str(path), photograph())
    shard = draw_shard([path], 1, seed=4)
    width, height = SEEN[SHAPES[1]]
    assert shard.pictures.shape == (3, height, width, 3)
    store_shard(shard, tmp_path / "shards", 1)
    assert shard_numbers(tmp_path / "shards") == [1]
    again, kept = draw_shard([path], 1, seed=4), load_shard(tmp_path / "shards", 1)
    for other in (again, kept):
        assert np.array_equal(shard.pictures, other.pictures)
        assert np.array_equal(shard.targets, other.targets)
        assert shard.faults == other.faults
