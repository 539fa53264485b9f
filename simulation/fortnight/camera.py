"""One camera of the fortnight: scene, sun, weather and traffic through exposure and sensor, at any moment.

Moments must be asked for in order, because exposure and the infrared filter have a state, as in a real camera.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.fault_injection.light import Light, to_light, to_picture
from simulation.films.clock_overlay import draw_clock
from simulation.films.scenes import SCENES
from simulation.fortnight.calendar import DAYS, Happening, Kind, overcast, traffic, weather
from simulation.fortnight.overlays import OVERLAYS, passer_by
from simulation.fortnight.sky import STREET_LIGHT, Daylight, cloudiness, daylight

START = datetime(2026, 4, 6, tzinfo=UTC)
"""The first midnight: a Monday."""
SIZE = (320, 180)
EXPOSED_MEAN = 0.16
"""Mean linear light that the exposure aims at: a mean of 43 % in the coded picture."""
INFRARED_ON, INFRARED_OFF = 60.0, 25.0
"""Gains between which the camera changes to infrared and back: far enough apart not to swing."""
MOST_GAIN = 160.0
_READ_NOISE, _SHOT_NOISE = 0.0006, 4e-5
_PTZ_STOP_S = 90.0
_SWITCH_S = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a camera hangs. `indoor`: lamps from 7 to 20 h, dark with infrared after; `lit`: lamps all night."""

    name: str
    scene: str
    indoor: bool = False
    lit: bool = False
    ptz: bool = False

    @property
    def infrared(self) -> bool:
        return not self.lit


PLACES: tuple[Place, ...] = (
    Place("gate", "gate"),
    Place("garden", "garden"),
    Place("garage", "garage", lit=True),
    Place("park", "park"),
    Place("workshop", "workshop", indoor=True),
    Place("gallery", "gallery", indoor=True),
    Place("counter", "counter", indoor=True, lit=True),
    Place("yard", "garden", ptz=True, lit=True),
)


@dataclass
class FortnightCamera:
    """`picture_at` draws; `exposure_gain` and `by_infrared` are what the camera has set itself to.

    `seed` is the camera's own, `weather_seed` that of all outdoor cameras of its place.
    """

    place: Place
    seed: int
    weather_seed: int = 1
    days: int = DAYS
    size: tuple[int, int] = SIZE
    exposure_gain: float = 1.0
    by_infrared: bool = False
    happenings: tuple[Happening, ...] = field(init=False)
    _ambient_gain: float = 1.0
    _last_s: float = -1e9

    def __post_init__(self) -> None:
        shared = () if self.place.indoor else weather(self.weather_seed, self.days)
        own = traffic(self.seed, outdoor=not self.place.indoor, infrared=self.place.infrared, days=self.days)
        self.happenings = (*shared, *own)

    def picture_at(self, at_s: float) -> NDArray[np.uint8]:
        """Return the (H, W, 3) RGB picture `at_s` seconds after the first midnight.

        Within `_SWITCH_S` of the moment before, a change to infrared shows from the next picture on; after a longer
        time it is over by now.
        """
        before = self.by_infrared
        picture = self._draw(at_s)
        if self.by_infrared is not before and at_s - self._last_s > _SWITCH_S:
            picture = self._draw(at_s)
        self._last_s = at_s
        return picture

    def _draw(self, at_s: float) -> NDArray[np.uint8]:
        sky = daylight(at_s % 86_400, cloudiness(at_s, self.seed, overcast(self.weather_seed, at_s)))
        light = self._lit_scene(sky, at_s)
        around = float(light.mean()) * 3
        light = passer_by(light, self.seed, at_s, around)
        for happening in self._now(at_s):
            light = OVERLAYS[happening.kind](light, happening, at_s, around)
        light = self._expose(light)
        picture = self._develop(light, at_s)
        draw_clock(picture, START + timedelta(seconds=at_s))
        return picture

    def _now(self, at_s: float) -> Sequence[Happening]:
        order = list(OVERLAYS)
        found = [each for each in self.happenings if each.covers(at_s) and self._visible(each)]
        return sorted(found, key=lambda each: order.index(each.kind))

    def _visible(self, happening: Happening) -> bool:
        return self.by_infrared or happening.kind not in (Kind.INSECTS, Kind.WEB)

    def _lit_scene(self, sky: Daylight, at_s: float) -> Light:
        """Return the scene in the light of sun, sky and lamps, or in the camera's own infrared."""
        albedo = self._albedo(at_s)
        ambient = self._ambient(sky, at_s)
        self._ambient_gain = EXPOSED_MEAN / max(float(albedo.mean()) * ambient, 1e-7)
        if self.by_infrared:
            grey = albedo.mean(axis=2, keepdims=True)
            own = _infrared_lamp(self.size)[..., None]
            return np.asarray(np.repeat(grey * (own + np.float32(ambient)), 3, axis=2), dtype=np.float32)
        if self.place.indoor:
            return np.asarray(albedo * np.float32(ambient), dtype=np.float32)
        shade = _shadow(self.size, sky.azimuth_deg, self.seed)[..., None]
        warm = np.array([1, 1 - 0.5 * sky.red, 1 - sky.red], dtype=np.float32)
        blue = np.array([0.9, 1.0, 1.12], dtype=np.float32)
        lamps = STREET_LIGHT * self.place.lit * np.array([1, 0.9, 0.7], dtype=np.float32)
        field_ = sky.direct * shade * warm + sky.diffuse * blue + lamps * _infrared_lamp(self.size)[..., None] * 2
        return np.asarray(albedo * field_, dtype=np.float32)

    def _ambient(self, sky: Daylight, at_s: float) -> float:
        if not self.place.indoor:
            return sky.total + STREET_LIGHT * self.place.lit
        hour = at_s % 86_400 / 3600
        return 0.05 * (self.place.lit or 7 <= hour < 20) + 0.02 * sky.total + 1e-6

    def _albedo(self, at_s: float) -> Light:
        if not self.place.ptz:
            return _view(self.place.scene, self.size, 0)
        return _view(self.place.scene, self.size, int(at_s // _PTZ_STOP_S) % 3)

    def _expose(self, light: Light) -> Light:
        """Let the exposure follow, all the way by the time of the next moment; change to infrared and back."""
        wanted = EXPOSED_MEAN / max(float(light.mean()), 1e-7)
        if self.place.infrared:
            self.by_infrared = self._ambient_gain > (INFRARED_OFF if self.by_infrared else INFRARED_ON)
        self.exposure_gain = min(wanted, MOST_GAIN)
        return np.asarray(light * np.float32(self.exposure_gain), dtype=np.float32)

    def _develop(self, light: Light, at_s: float) -> NDArray[np.uint8]:
        """Return the coded picture: noise of the gain, half of it taken away by the camera's own denoiser."""
        if self.by_infrared:
            light = np.asarray(np.repeat(light.mean(axis=2, keepdims=True), 3, axis=2), dtype=np.float32)
        gain = self.exposure_gain / (4 if self.by_infrared else 1)
        spread = 0.5 * np.sqrt(_SHOT_NOISE * gain * np.maximum(light, 0) + (_READ_NOISE * np.sqrt(gain)) ** 2)
        noise = _noise(self.size, np.random.default_rng((self.seed, round(at_s * 10) & 0xFFFFFFFF)))
        if self.by_infrared:
            noise = np.repeat(noise[..., :1], 3, axis=2)
        return to_picture(np.asarray(light + noise * spread, dtype=np.float32))


@cache
def _view(scene: str, size: tuple[int, int], stop: int) -> Light:
    """Return the reflectance of a scene: its photograph, whose own light is taken for reflectance, at one PTZ stop."""
    turned = SCENES[scene].view(stop / 2)
    return to_light(np.asarray(cv2.resize(turned, size, interpolation=cv2.INTER_AREA), dtype=np.uint8))


@cache
def _infrared_lamp(size: tuple[int, int]) -> NDArray[np.float32]:
    """Return the light of the camera's own lamp, brightest a little under the middle."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    across, down = (x - width / 2) / (0.5 * width), (y - 0.6 * height) / (0.55 * height)
    return np.asarray(0.02 * (np.exp(-(across**2) - down**2) + 0.08), dtype=np.float32)


def _shadow(size: tuple[int, int], azimuth_deg: float, seed: int) -> NDArray[np.float32]:
    """Return where the sun reaches (1) and where a wall shades the view (0.05): an edge that wanders by day."""
    width, height = size
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    edge = 0.5 + (azimuth_deg / 90 + 0.3 * np.sin(seed)) * 0.8
    reached = 1 / (1 + np.exp(-((x + 0.4 * y) - edge) * 60))
    return np.asarray(0.05 + 0.95 * reached, dtype=np.float32)


@cache
def _noise_fields(size: tuple[int, int]) -> NDArray[np.float32]:
    return np.random.default_rng(7).standard_normal((6, size[1], size[0], 3)).astype(np.float32)


def _noise(size: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a fresh-looking field of noise: one of six, shifted, for drawing new ones takes half of all time."""
    fields = _noise_fields(size)
    rolled = np.roll(fields[int(rng.integers(len(fields)))], tuple(rng.integers(0, size, 2)[::-1]), axis=(0, 1))
    return np.asarray(rolled, dtype=np.float32)
