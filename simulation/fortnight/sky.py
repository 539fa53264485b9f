"""What sun and sky do to a scene: height of the sun, clouds, twilight, and their colour. Pure functions of time."""

import math
from dataclasses import dataclass

DAY_S = 86_400.0
LATITUDE_DEG = 50.0
DECLINATION_DEG = 6.0
"""Of the sun in the first half of April or September: twelve hours and a half of day."""
STREET_LIGHT = 0.02
"""Light of lamps by night, as a share of noon's."""
MOON = 2e-5


@dataclass(frozen=True, slots=True)
class Daylight:
    """Light on the scene as shares of a clear noon: `direct` from the sun, `diffuse` from the sky; `red` of its colour.

    `height_deg` is the sun's above the horizon, `azimuth_deg` from the south, westwards positive.
    """

    direct: float
    diffuse: float
    red: float
    height_deg: float
    azimuth_deg: float

    @property
    def total(self) -> float:
        return self.direct + self.diffuse


def daylight(at_s: float, cloud: float) -> Daylight:
    """Return the light `at_s` seconds after a midnight of the local sun, under `cloud` (0 clear … 1 overcast).

    Height by the usual spherical triangle; direct light falls with air mass (optical depth .25), diffuse light through
    twilight by a decade for 4 degrees, which fits the measurements in Kishida 1989 to within half a decade.
    """
    hour_angle = 2 * math.pi * (at_s / DAY_S - 0.5)
    latitude, declination = math.radians(LATITUDE_DEG), math.radians(DECLINATION_DEG)
    sine = math.sin(latitude) * math.sin(declination) + (
        math.cos(latitude) * math.cos(declination) * math.cos(hour_angle)
    )
    height = math.degrees(math.asin(sine))
    northwards = math.cos(hour_angle) * math.sin(latitude) - math.tan(declination) * math.cos(latitude)
    azimuth = math.degrees(math.atan2(math.sin(hour_angle), northwards))
    direct = 0.0 if height <= 0 else sine * math.exp(-0.25 / max(sine, 0.05)) * (1 - cloud) ** 1.5 * 1.2
    up = 0.02 + 0.2 * max(sine, 0.0)
    diffuse = up * (0.6 + 0.5 * cloud) if height > 0 else 0.012 * 10 ** (height / 4)
    return Daylight(direct, diffuse + MOON, min(0.5, 0.5 * math.exp(-max(height, 0) / 8)), height, azimuth)


def cloudiness(at_s: float, seed: int, overcast: float) -> float:
    """Return clouds over the sun in 0 … 1: waves of minutes to hours around `overcast`, steep at a cloud's rim."""
    phase = 1.7 * seed
    waves = (
        math.sin(at_s / 5400 + phase) + 0.7 * math.sin(at_s / 1310 + 2 * phase) + 0.5 * math.sin(at_s / 337 + 3 * phase)
    )
    return 1 / (1 + math.exp(-(4 * waves + 12 * (overcast - 0.5))))
