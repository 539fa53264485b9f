"""A fault injector: a pure function that puts one fault into one picture, the same for the same seed and moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from domain.faults import Fault

Picture: TypeAlias = NDArray[np.uint8]
"""(H, W, 3) RGB, gamma-coded, full range."""


class Strength(StrEnum):
    MILD = "mild"
    MEDIUM = "medium"
    SEVERE = "severe"


class SignalStage(StrEnum):
    """Where on a picture's way the fault sits; a film adds its sensor noise and its clock between the stages."""

    LIGHT = "light"
    """Before the sensor: scene, lens, exposure. Sensor noise comes on top."""
    SENSOR = "sensor"
    """In the sensor and its amplifier, before the clock is burnt in."""
    RECORDER = "recorder"
    """After the clock: encoder, cable, recorder."""


@dataclass(frozen=True, slots=True)
class FaultMoment:
    """The moment of a picture within a fault: `t_s` seconds since it began, at one strength, with one seed."""

    t_s: float
    strength: Strength
    seed: int = 0

    def fixed_random(self) -> np.random.Generator:
        """Return a generator that is the same at every moment of this fault, such as for the place of dirt."""
        return np.random.default_rng(self.seed)

    def momentary_random(self) -> np.random.Generator:
        """Return a generator that differs at every moment, such as for noise."""
        return np.random.default_rng((self.seed, round(self.t_s * 1000) & 0xFFFFFFFF))


InjectFault: TypeAlias = Callable[[Picture, Picture, FaultMoment], Picture]
"""(the healthy picture of now, the healthy picture at which the fault began, the moment) -> the faulty picture."""


@dataclass(frozen=True, slots=True)
class FaultInjector:
    """One fault that can be injected; `meaning` says for each strength what it would be at a real camera."""

    fault: Fault
    stage: SignalStage
    meaning: Mapping[Strength, str]
    paint: InjectFault

    def __call__(self, picture: Picture, onset: Picture, moment: FaultMoment) -> Picture:
        """Return `picture` with the fault in it; the arguments are left as they are."""
        return self.paint(picture, onset, moment)


def describe_strengths(mild: str, medium: str, severe: str) -> Mapping[Strength, str]:
    """Return the three meanings under their strengths."""
    return {Strength.MILD: mild, Strength.MEDIUM: medium, Strength.SEVERE: severe}
