"""What one camera shows alone is its own; what all show is the hour and the weather."""

import math
from collections.abc import Mapping

import numpy as np
import pytest

from detectors.metric_table import read_every_metric
from domain.faults import Fault
from evaluation.fleet import COMPARED, LEAST_CAMERAS, PIXELS, RULES, SignScale, compare_cameras, score_cameras

USUAL: Mapping[str, tuple[float, float]] = {
    **{"luma_mean": (0.45, 0.07), "luma_p05": (0.12, 0.05), "contrast_rms": (0.2, 0.03), "haze": (0.1, 0.04)},
    **{"clipped_share": (0.02, 0.01), "sharpness": (0.75, 0.04), "edge_width": (4.0, 0.5)},
    **{"texture_share": (0.8, 0.08), "local_contrast": (20.0, 4.0), "purple_share": (0.03, 0.02)},
    **{"lean_blue": (0.0, 0.01), "saturation": (0.1, 0.03), "noise_floor": (1.2, 0.3), "noise_sigma": (4.0, 1.0)},
}
"""Mean and deviation of a site's cameras by day, about as pictures of outdoor cameras measure."""
WORSE: Mapping[Fault, Mapping[str, float]] = {
    Fault.TOO_BRIGHT: {"clipped_share": 0.4, "luma_mean": 0.85, "haze": 0.5, "luma_p05": 0.5},
    Fault.BLUR: {"sharpness": 0.35, "edge_width": 12.0, "texture_share": 0.3, "local_contrast": 5.0},
    Fault.LOW_CONTRAST: {"contrast_rms": 0.05, "haze": 0.45, "luma_p05": 0.45, "texture_share": 0.3},
    Fault.IR_CUT: {"purple_share": 0.5, "lean_blue": 0.1, "saturation": 0.35, "magenta": 0.1},
}
MODEL = [metric for metric in COMPARED if metric.startswith("picture_fault_")]


def site(count: int, *, seed: int = 1, pixels: float = 352 * 288, model: bool = False) -> dict[str, dict[str, float]]:
    """`count` healthy cameras."""
    rng = np.random.default_rng(seed)
    cameras = {}
    for place in range(count):
        numbers = {metric: max(0.0, float(rng.normal(*usual))) for metric, usual in USUAL.items()}
        if model:
            numbers |= {metric: float(1 / (1 + np.exp(-rng.normal(-7, 1)))) for metric in MODEL}
        cameras[f"camera {place}"] = {**numbers, PIXELS: pixels}
    return cameras


def name_calls(cameras: Mapping[str, Mapping[str, float]]) -> dict[str, list[Fault]]:
    return {name: [one.fault for one in found] for name, found in compare_cameras(cameras).items()}


@pytest.mark.parametrize("count", [LEAST_CAMERAS, 20, 200])
@pytest.mark.parametrize("fault", WORSE)
def test_the_one_faulty_camera_of_a_site_is_called_and_no_other(count: int, fault: Fault) -> None:
    cameras = site(count)
    cameras["camera 3"] |= WORSE[fault]
    assert name_calls(cameras) == {"camera 3": [fault]}


def test_the_finding_says_what_it_means_with_its_numbers_and_how_many_were_compared() -> None:
    cameras = site(20)
    cameras["camera 3"] |= WORSE[Fault.BLUR]
    ((finding,),) = compare_cameras(cameras).values()
    assert "softer than the site's other cameras" in finding.reason
    assert "sharpness 0.35, edge_width 12" in finding.reason
    assert "compared with 19 others" in finding.reason


def test_the_finding_names_its_numbers_in_a_guards_words() -> None:
    cameras = site(20)
    cameras["camera 3"] |= WORSE[Fault.BLUR]
    ((finding,),) = compare_cameras(cameras, read_every_metric()).values()
    assert "(sharpness 35 %, width of edges 12 px, " in finding.reason


@pytest.mark.parametrize("fault", WORSE)
def test_what_all_or_many_show_is_the_weather_or_the_hour(fault: Fault) -> None:
    cameras = site(20)
    for name in list(cameras)[:8]:
        cameras[name] |= WORSE[fault]
    assert not compare_cameras(cameras)
    for name in cameras:
        cameras[name] |= WORSE[fault]
    assert not compare_cameras(cameras)


@pytest.mark.parametrize("fault", WORSE)
def test_two_of_a_kind_among_twenty_are_both_called(fault: Fault) -> None:
    cameras = site(20)
    cameras["camera 3"] |= WORSE[fault]
    cameras["camera 7"] |= WORSE[fault]
    assert name_calls(cameras) == {"camera 3": [fault], "camera 7": [fault]}


@pytest.mark.parametrize("metric", USUAL)
@pytest.mark.parametrize("factor", [-50.0, 50.0])
def test_one_number_alone_calls_nobody_however_far_it_is(metric: str, factor: float) -> None:
    cameras = site(20, model=True)
    middle, spread = USUAL[metric]
    cameras["camera 3"][metric] = max(1e-6, middle + factor * spread)
    assert not compare_cameras(cameras)


@pytest.mark.parametrize("metric", MODEL)
def test_the_model_alone_calls_nobody_by_comparison(metric: str) -> None:
    cameras = site(20, model=True)
    cameras["camera 3"] |= {"sharpness": 0.75, "edge_width": 4.0, "texture_share": 0.8, "local_contrast": 20.0}
    cameras["camera 3"][metric] = 0.4
    assert not compare_cameras(cameras)


def test_where_the_model_stands_out_too_less_is_enough() -> None:
    softer = {"sharpness": 0.66, "edge_width": 5.0, "texture_share": 0.65, "local_contrast": 14.0}
    cameras = site(20, model=True)
    cameras["camera 3"] |= softer
    assert not compare_cameras(cameras)
    cameras["camera 3"]["picture_fault_defocus"] = 0.85
    assert name_calls(cameras) == {"camera 3": [Fault.BLUR]}


def test_where_image_quality_stands_out_with_the_model_still_less_is_enough() -> None:
    """It names no fault: without a model that does, or numbers that agree, it calls nobody."""
    softer = {"sharpness": 0.68, "edge_width": 4.8, "texture_share": 0.69, "local_contrast": 15.0}
    cameras = site(20, model=True)
    for place, numbers in enumerate(cameras.values()):
        numbers["image_quality"] = 55.0 + place % 7
    cameras["camera 3"] |= {**softer, "picture_fault_defocus": 0.4}
    assert not compare_cameras(cameras)
    cameras["camera 3"]["image_quality"] = 20.0
    assert name_calls(cameras) == {"camera 3": [Fault.BLUR]}
    cameras["camera 5"]["image_quality"] = 5.0
    assert name_calls(cameras) == {"camera 3": [Fault.BLUR]}
    del cameras["camera 3"]["picture_fault_defocus"], cameras["camera 3"]["picture_fault_condensation"]
    assert not compare_cameras(cameras)


def test_a_burnt_out_camera_that_never_reaches_white_is_called_by_light_and_lost_texture() -> None:
    cameras = site(20, model=True)
    cameras["camera 3"] |= {"luma_mean": 0.85, "texture_share": 0.3, "picture_fault_burnt_out": 0.3}
    assert name_calls(cameras) == {"camera 3": [Fault.TOO_BRIGHT]}


def test_a_small_picture_is_not_called_soft_beside_large_ones() -> None:
    """Edges of a small picture are as wide in pixels and hold less detail; those of a size are compared among them."""
    large = site(30, pixels=1920 * 1080)
    soft = {"sharpness": 0.45, "edge_width": 9.0, "texture_share": 0.5, "local_contrast": 9.0}
    for name in list(large)[:2]:
        large[name] |= {**soft, PIXELS: 352 * 240}
    assert not compare_cameras(large)
    small = {f"small {name}": numbers for name, numbers in site(12, seed=2).items()}
    both = large | small
    both["camera 0"][PIXELS] = both["camera 1"][PIXELS] = 352 * 288
    assert set(compare_cameras(both)) == {"camera 0", "camera 1"}


def test_a_few_cameras_say_nothing_and_a_camera_without_the_number_is_not_compared() -> None:
    cameras = site(LEAST_CAMERAS - 1)
    cameras["camera 3"] |= WORSE[Fault.IR_CUT]
    assert not compare_cameras(cameras)
    assert not score_cameras(cameras)
    cameras = site(LEAST_CAMERAS)
    cameras["camera 3"] |= WORSE[Fault.IR_CUT]
    del cameras["camera 1"]["purple_share"]
    assert not compare_cameras(cameras)


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_that_is_none_is_missing_and_blinds_no_other_camera(number: float) -> None:
    cameras = site(20, model=True)
    for place, numbers in enumerate(cameras.values()):
        numbers["image_quality"] = 50.0 + place
    cameras["camera 3"] |= WORSE[Fault.BLUR]
    cameras["camera 5"]["sharpness"] = cameras["camera 6"]["image_quality"] = number
    cameras["camera 7"][MODEL[0]] = cameras["camera 8"][PIXELS] = number
    assert name_calls(cameras) == {"camera 3": [Fault.BLUR]}


def test_lamplight_is_not_compared() -> None:
    cameras = site(LEAST_CAMERAS + 1)
    cameras["camera 3"] |= WORSE[Fault.IR_CUT]
    cameras["camera 3"]["luma_mean"] = 0.1
    assert not compare_cameras(cameras)


def test_cameras_alike_to_a_hair_are_not_distinguished_by_a_hair() -> None:
    first, *_ = site(1).values()
    cameras = {f"camera {place}": dict(first) for place in range(20)}
    for metric, (_, spread) in USUAL.items():
        cameras["camera 3"][metric] += 0.2 * spread
        cameras["camera 7"][metric] -= 0.2 * spread
    assert not compare_cameras(cameras)


def test_healthy_sites_of_any_size_are_left_alone() -> None:
    calls = [compare_cameras(site(count, seed=seed, model=True)) for count in (8, 9, 20, 60) for seed in range(30)]
    assert sum(bool(one) for one in calls) == 0


def test_every_number_of_a_rule_is_measured_among_the_compared() -> None:
    for rule in RULES:
        assert len(rule.signs) >= 2
        assert {sign.metric for sign in rule.signs} <= set(COMPARED)
        assert all(sign.scale is SignScale.LOGIT for group in rule.votes for sign in group)
