"""Plants of exposure: black, too dark, too bright, glare. All in linear light."""

import numpy as np

from domain.faults import Fault
from simulation.fault_injection.injector import (
    FaultInjector,
    FaultMoment,
    Picture,
    SignalStage,
    Strength,
    describe_strengths,
)
from simulation.fault_injection.light import add_sensor_noise, to_light, to_picture

_BLACK = {Strength.MILD: 1 / 200, Strength.MEDIUM: 1 / 1000, Strength.SEVERE: 0.0}
_DARK_STOPS = {Strength.MILD: 2.5, Strength.MEDIUM: 3.25, Strength.SEVERE: 4.0}
_BRIGHT_STOPS = {Strength.MILD: 1.75, Strength.MEDIUM: 2.5, Strength.SEVERE: 3.5}
_GLARE_RADIUS = {Strength.MILD: 0.05, Strength.MEDIUM: 0.09, Strength.SEVERE: 0.16}
_GLARE_VEIL = {Strength.MILD: 0.04, Strength.MEDIUM: 0.1, Strength.SEVERE: 0.22}


def black(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Take (nearly) all light away; read noise remains except at the severest, where the signal itself is zero."""
    left = _BLACK[moment.strength]
    if left == 0:
        return np.zeros_like(picture)
    return to_picture(add_sensor_noise(to_light(picture) * left, 0.0006, 1e-6, moment.momentary_random()))


def too_dark(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Underexpose by stops; the read noise that gain would have hidden shows."""
    light = to_light(picture) * 2.0 ** -_DARK_STOPS[moment.strength]
    return to_picture(add_sensor_noise(light, 0.0012, 5e-5, moment.momentary_random()))


def too_bright(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Overexpose by stops; what passes white is lost."""
    return to_picture(to_light(picture) * np.float32(2.0 ** _BRIGHT_STOPS[moment.strength]))


def glare(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Shine a lamp into the lens: a clipped disc, a halo falling with r², and a veil over the whole picture.

    The halo is the r⁻² wing of a lens's point spread (Stiles and Holladay's veiling glare).
    """
    height, width = picture.shape[:2]
    where = moment.fixed_random().uniform((0.3, 0.25), (0.7, 0.6))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    radius = _GLARE_RADIUS[moment.strength] * width
    distance = np.hypot(x - where[0] * width, y - where[1] * height) / radius
    halo = np.minimum(1.5 / np.maximum(distance, 0.5) ** 2, 4.0) + _GLARE_VEIL[moment.strength]
    lamp = halo[..., None] * np.array([1.0, 0.97, 0.9], dtype=np.float32)
    return to_picture(to_light(picture) + lamp.astype(np.float32))


FAULT_INJECTORS = (
    FaultInjector(
        Fault.BLACK,
        SignalStage.LIGHT,
        describe_strengths(
            "1/200 of the light, sensor noise", "1/1000 of the light, sensor noise", "no signal level at all"
        ),
        black,
    ),
    FaultInjector(
        Fault.TOO_DARK,
        SignalStage.LIGHT,
        describe_strengths("2.5 stops under", "3.25 stops under", "4 stops under: only lamps and white walls are left"),
        too_dark,
    ),
    FaultInjector(
        Fault.TOO_BRIGHT,
        SignalStage.LIGHT,
        describe_strengths("1.75 stops over", "2.5 stops over", "3.5 stops over: only shadows keep detail"),
        too_bright,
    ),
    FaultInjector(
        Fault.GLARE,
        SignalStage.LIGHT,
        describe_strengths(
            "a lamp of 5 % of the width in radius, light veil",
            "a lamp of 9 %, the contrast around it gone",
            "a lamp of 16 %, most of the picture veiled",
        ),
        glare,
    ),
)
