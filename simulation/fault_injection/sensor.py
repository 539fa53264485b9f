"""Plants in the sensor and the signal behind it: noise, snow, stripes, colour cast, a stuck infrared filter."""

import cv2
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
from simulation.fault_injection.light import amplify, luminance, to_light, to_picture

GAIN = {Strength.MILD: 1.0, Strength.MEDIUM: 2.0, Strength.SEVERE: 4.0}
_SNOW_SHARE = {Strength.MILD: 0.02, Strength.MEDIUM: 0.06, Strength.SEVERE: 0.2}
_STRIPE_LEVELS = {Strength.MILD: 8.0, Strength.MEDIUM: 16.0, Strength.SEVERE: 32.0}
_CAST = {Strength.MILD: 1.6, Strength.MEDIUM: 2.2, Strength.SEVERE: 3.5}
_INFRARED = {Strength.MILD: 0.4, Strength.MEDIUM: 0.8, Strength.SEVERE: 1.5}
_CAST_COLOURS = np.array([[1, 0, -1], [-1, 0, 1], [-0.5, 1, -0.5]])
"""Warm, cold and green: exponents of red, green and blue gain."""


def noise(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Amplify: photon and read noise grow with the gain, most visible in the dark parts; one pixel wide."""
    return to_picture(amplify(to_light(picture), GAIN[moment.strength], moment.momentary_random()))


def snow(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Sprinkle an analogue tuner's specks, white and black dashes 1 to 5 px long, over a share of the pixels."""
    rng = moment.momentary_random()
    height, width = picture.shape[:2]
    starts = (rng.random((height, width), dtype=np.float32) < _SNOW_SHARE[moment.strength] / 3).astype(np.uint8)
    dashes = cv2.dilate(starts, np.ones((1, 3), np.uint8)).astype(bool)
    specks = np.where(rng.random((height, width), dtype=np.float32) < 0.75, 235, 20).astype(np.uint8)
    return np.asarray(np.where(dashes[..., None], specks[..., None], picture), dtype=np.uint8)


def stripes(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Roll hum bars up the picture: ten periods a picture height, an amplitude in levels of 255."""
    height = picture.shape[0]
    phase = 2 * np.pi * (10 * np.arange(height) / height + 0.7 * moment.t_s)
    bars = _STRIPE_LEVELS[moment.strength] * np.sin(phase)
    return np.asarray(np.clip(picture + bars[:, None, None], 0, 255), dtype=np.uint8)


def colour_cast(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Miss the white balance: gains of the colours in linear light, warm, cold or green by the seed."""
    exponents = _CAST_COLOURS[moment.fixed_random().integers(len(_CAST_COLOURS))]
    gains = (_CAST[moment.strength] ** (exponents / 2)).astype(np.float32)
    return to_picture(to_light(picture) * gains)


def ir_cut(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Let infrared in by day: red and blue pixels see it most, so the picture turns magenta.

    Infrared is not in an RGB picture; luminance replaces it, plus what is green (leaves reflect infrared).
    """
    light = to_light(picture)
    infrared = 0.8 * luminance(light) + 0.2 * light[..., 1] + np.float32(0.02)
    leak = np.array([1.0, 0.25, 0.85], dtype=np.float32) * np.float32(_INFRARED[moment.strength])
    exposure = 1 / (1 + 0.5 * _INFRARED[moment.strength])
    return to_picture(((light + infrared[..., None] * leak) * exposure).astype(np.float32))


FAULT_INJECTORS = (
    FaultInjector(
        Fault.NOISE,
        SignalStage.SENSOR,
        describe_strengths(
            "high gain: about 6 levels of 255 at mid grey, 11 in the dark",
            "twice that: an unlit yard",
            "four times: only shapes are left",
        ),
        noise,
    ),
    FaultInjector(
        Fault.SNOW,
        SignalStage.SENSOR,
        describe_strengths("specks on 2 % of the pixels", "on 6 %", "on 20 %: no aerial"),
        snow,
    ),
    FaultInjector(
        Fault.STRIPES,
        SignalStage.SENSOR,
        describe_strengths("hum bars of ±8 levels", "of ±16 levels", "of ±32 levels"),
        stripes,
    ),
    FaultInjector(
        Fault.COLOUR_CAST,
        SignalStage.SENSOR,
        describe_strengths("red to blue off by 1.6 in linear light", "by 2.2", "by 3.5"),
        colour_cast,
    ),
    FaultInjector(
        Fault.IR_CUT,
        SignalStage.SENSOR,
        describe_strengths(
            "0.4 of the scene's light as infrared: the filter half out", "0.8: sun without filter", "1.5"
        ),
        ir_cut,
    ),
)
