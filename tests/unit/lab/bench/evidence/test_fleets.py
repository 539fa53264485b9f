"""Made sites and the fleets drawn from them."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data

from lab.bench.evidence import fleet_pictures, fleets
from lab.bench.evidence.fleet_pictures import KINDS, MadeCamera, MadeSite

NUMBERS = {
    **{"luma_mean": 0.45, "luma_p05": 0.12, "contrast_rms": 0.2, "haze": 0.1, "clipped_share": 0.02},
    **{"sharpness": 0.75, "edge_width": 4.0, "texture_share": 0.8, "local_contrast": 20.0, "purple_share": 0.03},
    **{"lean_blue": 0.0, "saturation": 0.1, "noise_floor": 1.2, "noise_sigma": 4.0, "pixels": 101376.0},
}
SOFT = {"sharpness": 0.3, "edge_width": 15.0, "texture_share": 0.2, "local_contrast": 4.0}


def sites(healthy: int = 250) -> dict[int, list[MadeCamera]]:
    """One site, its cameras alike but for a little, and of each kind one that is as soft as can be."""
    rng = np.random.default_rng(3)
    cameras = [
        MadeCamera(0, "", 0.0, {key: value * float(rng.uniform(0.95, 1.05)) for key, value in NUMBERS.items()})
        for _ in range(healthy)
    ]
    planted = [MadeCamera(0, kind, 1.0, {**NUMBERS, **SOFT}) for kind in KINDS for _ in range(3)]
    slight = [MadeCamera(0, "fog", -1.0, NUMBERS), MadeCamera(0, "noise", 0.0, NUMBERS)]
    return {0: [*cameras, *planted, *slight]}


def test_calls_are_counted_by_kind_headline_and_size() -> None:
    found = fleets.count_calls(sites(), cameras=400)
    assert [(row["cameras"], row["faulty"]) for row in found["fleets"]] == list(fleets.SHAPES)
    assert all(row["healthy_called"] == 0 and row["healthy"] >= 180 for row in found["fleets"])
    rows = {(row["kind"], row["plain"]): row for row in found["kinds"]}
    soft, purple = rows["defocus", True], rows["leak", True]
    assert soft["right"] == soft["n"] > 0
    assert purple["right"] == 0
    assert purple["other"] == purple["n"] > 0
    assert rows["noise", False]["n"] == 0
    assert "defocus plain" in fleets.as_table({"held_out": found})


def test_a_site_too_small_for_a_fleet_gives_none() -> None:
    assert not list(fleets.draw_fleets(sites(30), 50, 5, 4, 0))
    assert all(len(fleet.cameras) == 20 for fleet in fleets.draw_fleets(sites(30), 20, 2, 4, 0))


def test_a_site_is_drawn_alike_each_time_and_its_makers_differ() -> None:
    one, other = MadeSite.draw(5), MadeSite.draw(5)
    assert one == other
    assert len(set(one.processors)) == len(fleet_pictures.SHARES)
    assert MadeSite.draw(6).processors != one.processors
    assert [number for number in range(20) if MadeSite.draw(number).foggy] == [8, 17]


def test_a_camera_is_measured_as_the_product_does_with_its_size() -> None:
    by = fleet_pictures.build_fleet_scorer()
    picture = np.asarray(skimage.data.rocket(), np.uint8)[:240, :320]  # type: ignore[no-untyped-call]
    numbers = fleet_pictures.measure(picture, by)
    assert numbers["pixels"] == 320 * 240
    assert 0 < numbers["sharpness"] < 1
    assert 0 <= numbers["picture_fault_defocus"] <= 1


def test_a_purple_photograph_is_known_by_its_colour() -> None:
    grey = np.full((400, 400, 3), 120, np.uint8)
    assert fleet_pictures.purple_share(grey) == pytest.approx(0.0)
    grey[:200] = (160, 90, 170)
    assert fleet_pictures.purple_share(grey) > 0.4


def test_measured_sites_are_kept_and_read_again(tmp_path: Path) -> None:
    (tmp_path / "007.json").write_text('[{"site": 7, "fault": "", "plain": 0.0, "numbers": {"haze": 0.1}}]')
    assert fleet_pictures.load_sites(tmp_path) == {7: [MadeCamera(7, "", 0.0, {"haze": 0.1})]}
