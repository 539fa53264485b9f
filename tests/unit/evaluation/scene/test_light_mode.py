from collections.abc import Mapping
from datetime import timedelta

from domain.baselines import LightMode
from evaluation.policy import Policy
from evaluation.scene.light_mode import LightState, update_light
from tests.fakes.ports import START
from tests.unit.evaluation.camera_timeline import DAY, NIGHT

POLICY = Policy()
BLACK = {**DAY, "luma_mean": 0.0, "luma_p95": 0.0, "black_share": 1.0, "contrast_rms": 0.0, "saturation": 0.0}
UNLIT = {**NIGHT, "luma_mean": 0.05, "luma_p95": 0.10, "black_share": 0.7}


def seen(light: LightState, values: Mapping[str, float], seconds: int, since_s: float = 0.0) -> LightState:
    for second in range(seconds):
        light = update_light(light, values, START + timedelta(seconds=since_s + second), POLICY)
    return light


def test_the_first_picture_sets_the_mode_at_once_and_nothing_settles() -> None:
    light = seen(LightState(), NIGHT, 1)
    assert light.mode is LightMode.NIGHT
    assert not light.is_settling(START)


def test_a_headlight_or_a_passing_cloud_changes_no_mode() -> None:
    light = seen(seen(LightState(), DAY, 1), NIGHT, 15)
    assert light.mode is LightMode.DAY


def test_after_a_mode_change_the_picture_settles_for_two_minutes() -> None:
    light = seen(seen(LightState(), DAY, 1), NIGHT, 25)
    assert light.mode is LightMode.NIGHT
    assert light.is_settling(START + timedelta(seconds=100))
    assert not light.is_settling(START + timedelta(seconds=160))


def test_luma_between_the_bounds_keeps_the_mode_it_came_with() -> None:
    between = {**DAY, "luma_mean": 0.19}
    assert seen(seen(LightState(), DAY, 1), between, 500).mode is LightMode.DAY
    assert seen(seen(LightState(), UNLIT, 1), between, 500).mode is LightMode.NIGHT


def test_an_infrared_picture_is_night_however_bright_it_is() -> None:
    assert seen(LightState(), {**NIGHT, "luma_mean": 0.5}, 1).mode is LightMode.NIGHT


def test_a_grey_cover_or_fog_is_no_night_although_it_has_no_colour() -> None:
    fog = {**DAY, "saturation": 0.0, "contrast_rms": 0.03, "luma_mean": 0.5}
    assert seen(seen(LightState(), DAY, 1), fog, 500).mode is LightMode.DAY


def test_a_picture_gone_black_at_noon_is_not_night_for_an_hour() -> None:
    light = seen(seen(LightState(), DAY, 1), BLACK, 3500)
    assert light.mode is LightMode.DAY
    assert not light.unlit


def test_a_light_switched_off_becomes_an_unlit_night_in_the_end() -> None:
    light = seen(seen(LightState(), DAY, 1), BLACK, 3700)
    assert light.mode is LightMode.NIGHT
    assert light.unlit


def test_darkness_is_no_news_where_the_night_is_known_to_be_dark() -> None:
    light = seen(seen(LightState(dark_nights=True), DAY, 1), BLACK, 5)
    assert light.unlit


def test_unlit_time_is_counted_from_its_beginning_and_ends_with_light() -> None:
    light = seen(LightState(), UNLIT, 100)
    assert light.unlit_for_s(START + timedelta(seconds=99)) == 99
    assert seen(light, NIGHT, 1, since_s=100).unlit_for_s(START + timedelta(seconds=101)) == 0
