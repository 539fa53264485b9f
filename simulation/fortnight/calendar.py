"""What happens at each camera and when: weather of the place, traffic of the camera. One seed, one fortnight."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

DAYS = 14
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


class Kind(StrEnum):
    """Healthy things that look like faults."""

    RAIN = "rain"
    MIST = "mist"
    SNOWFALL = "snowfall"
    SNOW_COVER = "snow on the ground"
    CROWD = "crowd"
    LORRY = "lorry"
    HEADLIGHTS = "headlights"
    INSECTS = "insects"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Happening:
    """One of them from `start_s` to `end_s` after the first midnight; `strength` in 0 … 1, `seed` its own look."""

    kind: Kind
    start_s: float
    end_s: float
    strength: float
    seed: int

    def covers(self, at_s: float) -> bool:
        return self.start_s <= at_s < self.end_s


def weather(seed: int, days: int = DAYS) -> tuple[Happening, ...]:
    """Return what all outdoor cameras share: rain on five days, mist at three dawns, a day and night of snow."""
    rng = np.random.default_rng((seed, 1))
    found: list[Happening] = []
    for day in range(days):
        midnight = day * DAY_S
        if day % 3 == 1:
            begin = midnight + rng.uniform(6, 18) * HOUR_S
            found.append(_happening(Kind.RAIN, begin, rng.uniform(1, 5), rng))
        if day % 4 == 2:
            begin = midnight + rng.uniform(4.5, 5.5) * HOUR_S
            found.append(_happening(Kind.MIST, begin, rng.uniform(2, 4), rng))
        if day == 9:
            found.append(_happening(Kind.SNOWFALL, midnight + 14 * HOUR_S, 7, rng))
            found.append(_happening(Kind.SNOW_COVER, midnight + 17 * HOUR_S, 26, rng))
    return tuple(found)


def traffic(seed: int, *, outdoor: bool, infrared: bool, days: int = DAYS) -> tuple[Happening, ...]:
    """Return what one camera sees of people, lorries, headlights and, by infrared, of insects and webs."""
    rng = np.random.default_rng((seed, 2))
    found: list[Happening] = []
    for day in range(days):
        midnight = day * DAY_S
        found += [
            _happening(Kind.CROWD, midnight + rng.uniform(8, 19) * HOUR_S, rng.uniform(0.2, 0.8), rng)
            for _ in range(int(rng.integers(1, 3)))
        ]
        if outdoor:
            found += [
                _happening(Kind.LORRY, midnight + rng.uniform(6, 20) * HOUR_S, rng.uniform(0.02, 0.5), rng)
                for _ in range(int(rng.integers(1, 4)))
            ]
            found += [
                _happening(Kind.HEADLIGHTS, midnight + hour * HOUR_S, rng.uniform(0.003, 0.05), rng)
                for hour in (19.5 + rng.uniform(0, 4), 20 + rng.uniform(0, 3), rng.uniform(0, 5))
            ]
        if infrared:
            found.append(_happening(Kind.INSECTS, midnight + 20 * HOUR_S, 8, rng))
            if day % 5 in (2, 3):
                found.append(_happening(Kind.WEB, midnight + 19 * HOUR_S, 11, rng))
    return tuple(found)


def overcast(seed: int, at_s: float) -> float:
    """Return how overcast the day is, 0 … 1, from one day to the next without a jump."""
    days = np.random.default_rng((seed, 3)).uniform(0.1, 0.95, DAYS + 2)
    day = min(max(at_s / DAY_S, 0.0), DAYS)
    return float(np.interp(day, np.arange(DAYS + 2), days))


def _happening(kind: Kind, start_s: float, hours: float, rng: np.random.Generator) -> Happening:
    return Happening(kind, start_s, start_s + hours * HOUR_S, float(rng.uniform(0.3, 1)), int(rng.integers(1 << 30)))
