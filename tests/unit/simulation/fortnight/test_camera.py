"""The fortnight's cameras do what cameras do: day and night, infrared, tours; one moment is one picture."""

import numpy as np
import pytest
from numpy.typing import NDArray

from simulation.fortnight.calendar import DAY_S, HOUR_S, Happening, Kind, traffic, weather
from simulation.fortnight.camera import PLACES, FortnightCamera, Place
from simulation.fortnight.overlays import OVERLAYS
from simulation.fortnight.sky import cloudiness, daylight

OUTDOOR = PLACES[0]


def colour(picture: NDArray[np.uint8]) -> float:
    return float(np.ptp(picture[30:].astype(float), axis=2).mean())


def test_one_seed_and_moment_is_one_picture() -> None:
    first, second = (FortnightCamera(OUTDOOR, 3).picture_at(10 * HOUR_S) for _ in range(2))
    assert first.shape == (180, 320, 3)
    assert np.array_equal(first, second)


def test_it_turns_to_infrared_at_dusk_and_back_at_dawn_and_only_then() -> None:
    camera = FortnightCamera(OUTDOOR, 3)
    modes = []
    for hour in np.arange(7.5, 33, 0.25):
        camera.picture_at(hour * HOUR_S)
        modes.append(camera.by_infrared)
    assert np.count_nonzero(np.diff(modes)) == 2
    night = camera_at(OUTDOOR, 24 * HOUR_S)
    assert colour(night) < 2 < colour(camera_at(OUTDOOR, 12 * HOUR_S))


def camera_at(place: Place, at_s: float) -> NDArray[np.uint8]:
    return FortnightCamera(place, 3).picture_at(at_s)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_every_place_shows_something_by_day_and_by_night(place: Place) -> None:
    for at_s in (12 * HOUR_S, 26 * HOUR_S):
        picture = camera_at(place, at_s)
        assert 25 < picture.mean() < 190
        assert picture.std() > 12


def test_a_tour_stops_at_three_views() -> None:
    place = Place("tour", "gate", ptz=True, lit=True)
    views = [camera_at(place, 12 * HOUR_S + stop * 90.0).astype(float) for stop in range(4)]
    assert np.abs(views[0] - views[1]).mean() > 15
    assert np.abs(views[0] - views[3]).mean() < 15


@pytest.mark.parametrize("kind", list(Kind))
def test_each_overlay_changes_the_light_and_leaves_its_argument(kind: Kind) -> None:
    light = np.full((180, 320, 3), 0.1, dtype=np.float32) + np.linspace(0, 0.2, 320, dtype=np.float32)[None, :, None]
    before = light.copy()
    happening = Happening(kind, 0.0, 8 * HOUR_S, 1.0, 5)
    drawn = [OVERLAYS[kind](light, happening, at_s, 0.3) for at_s in (3 * HOUR_S, 3 * HOUR_S + 10, 3 * HOUR_S + 20)]
    assert np.array_equal(light, before)
    assert any(not np.allclose(each, light) for each in drawn)
    assert all(np.isfinite(each).all() and each.min() >= 0 for each in drawn)


def test_noon_is_brightest_and_midnight_dark() -> None:
    by_hour = [daylight(hour * HOUR_S, 0.2).total for hour in range(24)]
    assert int(np.argmax(by_hour)) == 12
    assert by_hour[0] < 1e-3 * by_hour[12]
    assert daylight(18 * HOUR_S, 0.2).azimuth_deg > 45
    clouds = [cloudiness(minute * 60, 2, 0.5) for minute in range(600)]
    assert min(clouds) < 0.2
    assert max(clouds) > 0.8


def test_the_calendar_holds_what_the_place_can_show() -> None:
    shared = weather(1)
    assert {each.kind for each in shared} == {Kind.RAIN, Kind.MIST, Kind.SNOWFALL, Kind.SNOW_COVER}
    indoors = {each.kind for each in traffic(2, outdoor=False, infrared=False)}
    assert indoors == {Kind.CROWD}
    assert all(
        0 <= each.start_s < 15 * DAY_S and each.end_s > each.start_s for each in traffic(2, outdoor=True, infrared=True)
    )
