"""Plants before and on the lens: defocus, fog or film, covers, and a housing that moves or shakes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.faults import Fault
from simulation.fault_injection.injector import (
    FaultInjector,
    FaultMoment,
    Picture,
    SignalStage,
    Strength,
    describe_strengths,
)
from simulation.fault_injection.light import Light, add_sensor_noise, defocus, to_light, to_picture

DEFOCUS_RADIUS = {Strength.MILD: 0.004, Strength.MEDIUM: 0.008, Strength.SEVERE: 0.016}
_FOG_TRANSMISSION = {Strength.MILD: 0.35, Strength.MEDIUM: 0.2, Strength.SEVERE: 0.08}
_SHAKE = {Strength.MILD: 0.008, Strength.MEDIUM: 0.016, Strength.SEVERE: 0.032}
_MOVE = {
    Strength.MILD: (0.12, 0.02, 1.5, 1.0),
    Strength.MEDIUM: (0.30, 0.08, 3.0, 1.0),
    Strength.SEVERE: (0.55, 0.20, 6.0, 1.1),
}
"""Pan and tilt as shares of width and height, roll in degrees, zoom."""

MOVE_S = 0.6
"""A housing that is knocked or turned takes this long to come to rest."""


def blur(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Defocus: every point becomes a disc, in linear light, so that lamps grow into bright discs."""
    light = defocus(to_light(picture), DEFOCUS_RADIUS[moment.strength] * picture.shape[1])
    return to_picture(add_sensor_noise(light, 0.0015, 5e-5, moment.momentary_random()))


def low_contrast(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Blend with scattered air light: I = J·t + A·(1 - t) (Koschmieder 1924), and scatter a little sideways.

    One transmission for the whole picture models film, condensation or fog close to the lens.
    """
    left = _FOG_TRANSMISSION[moment.strength]
    light = defocus(to_light(picture), 0.002 * picture.shape[1])
    air = np.float32(0.45)
    return to_picture(add_sensor_noise(light * left + air * (1 - left), 0.0015, 5e-5, moment.momentary_random()))


def cover_lens(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Put spray, tape or a hand on the lens; what shines through tape or fingers is far out of focus."""
    veil, light, seen = _COVERS[moment.strength](picture, moment)
    scene = to_light(picture)
    if moment.strength is not Strength.MILD:
        scene = defocus(scene, 0.05 * picture.shape[1])
    covered_light = veil * (0.9 + 0.1 * light) + scene * seen
    return to_picture(add_sensor_noise(covered_light.astype(np.float32), 0.002, 1e-4, moment.momentary_random()))


def _spray(picture: Picture, moment: FaultMoment) -> tuple[Light, np.float32, NDArray[np.float32]]:
    """Blobs of grey paint with soft rims over four fifths of the view."""
    height, width = picture.shape[:2]
    rough = moment.fixed_random().standard_normal((9, 16)).astype(np.float32)
    field = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    edge = np.quantile(field, 0.8)
    seen = np.clip((field - edge) / 1.2 + 0.5, 0, 1)[..., None].astype(np.float32)
    paint = np.array([0.10, 0.10, 0.11], dtype=np.float32)
    return np.asarray(paint * (1 - seen), dtype=np.float32), _glow(picture), seen


def _tape(picture: Picture, _moment: FaultMoment) -> tuple[Light, np.float32, NDArray[np.float32]]:
    """Milky tape over all of the lens: an even light, a shadow of the scene."""
    return _even(picture, (0.16, 0.14, 0.11), fall=0.35), _glow(picture), np.float32(0.06).reshape(1, 1, 1)


def _hand(picture: Picture, _moment: FaultMoment) -> tuple[Light, np.float32, NDArray[np.float32]]:
    """A hand pressed on the lens: dim skin, a little light leaking in at one edge."""
    return _even(picture, (0.055, 0.028, 0.020), fall=0.7), _glow(picture), np.float32(0.01).reshape(1, 1, 1)


_COVERS = {Strength.MILD: _spray, Strength.MEDIUM: _tape, Strength.SEVERE: _hand}


def _even(picture: Picture, colour: tuple[float, float, float], *, fall: float) -> Light:
    """Return a plain of colour whose light falls by `fall` from the upper left to the lower right."""
    height, width = picture.shape[:2]
    y = np.linspace(0, 0.5, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 0.5, width, dtype=np.float32)[None, :]
    return np.asarray((1 - fall * (x + y))[..., None] * np.array(colour, dtype=np.float32), dtype=np.float32)


def _glow(picture: Picture) -> np.float32:
    """Return the scene's mean light: a cover lit by it follows its drift."""
    return np.float32(to_light(picture[::8, ::8]).mean())


def camera_moved(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Turn the housing: pan, tilt, roll, zoom; it takes `MOVE_S`, then stays.

    What a real camera would newly see is the old scene mirrored at its border: unseen there, and lit alike.
    """
    done = float(np.clip(moment.t_s / MOVE_S, 0, 1))
    pan, tilt, roll_deg, zoom = _MOVE[moment.strength]
    sign = 1 if moment.fixed_random().random() < 0.5 else -1
    return _warp(picture, (sign * pan * done, tilt * done), roll_deg * done, 1 + (zoom - 1) * done)


def shake(picture: Picture, _onset: Picture, moment: FaultMoment) -> Picture:
    """Shake a mast: three sines between 1.3 and 6 Hz along both axes, the amplitude as a share of the width."""
    phases = moment.fixed_random().uniform(0, 2 * np.pi, (3, 2))
    hertz = np.array([1.3, 2.9, 6.1])[:, None]
    swing = np.sin(2 * np.pi * hertz * moment.t_s + phases).sum(axis=0) / 1.7
    x, y = _SHAKE[moment.strength] * swing * (1.0, 0.6 * picture.shape[1] / picture.shape[0])
    return _warp(picture, (float(x), float(y)), 0.0, 1.0)


def _warp(picture: Picture, shift: tuple[float, float], roll_deg: float, zoom: float) -> Picture:
    """Return the view shifted by shares of width and height, rolled and zoomed about the centre."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), roll_deg, zoom)
    matrix[:, 2] += (shift[0] * width, shift[1] * height)
    return np.asarray(
        cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT_101),
        dtype=np.uint8,
    )


FAULT_INJECTORS = (
    FaultInjector(
        Fault.BLUR,
        SignalStage.LIGHT,
        describe_strengths(
            "a disc of confusion of 0.4 % of the width in radius (2.6 px of 640)",
            "0.8 %: faces are gone",
            "1.6 %: people are blobs",
        ),
        blur,
    ),
    FaultInjector(
        Fault.LOW_CONTRAST,
        SignalStage.LIGHT,
        describe_strengths(
            "transmission .35: haze or a greasy dome", "transmission .2: fog", "transmission .08: protective film"
        ),
        low_contrast,
    ),
    FaultInjector(
        Fault.COVERED,
        SignalStage.LIGHT,
        describe_strengths(
            "spray over four fifths of the view", "milky tape over all of it", "a hand pressed on the lens"
        ),
        cover_lens,
    ),
    FaultInjector(
        Fault.CAMERA_MOVED,
        SignalStage.LIGHT,
        describe_strengths(
            "panned by 12 % of the width, rolled by 1.5°",
            "panned by 30 %, tilted by 8 %, rolled by 3°",
            "panned by 55 %, tilted by 20 %, rolled by 6°, zoomed by 1.1",
        ),
        camera_moved,
    ),
    FaultInjector(
        Fault.SHAKE,
        SignalStage.LIGHT,
        describe_strengths("swings of 0.8 % of the width", "1.6 %: a mast in wind", "3.2 %: a loose bracket"),
        shake,
    ),
)
