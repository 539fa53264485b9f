"""Weather, traffic and night life over a scene, in linear light (H, W, 3); each returns new light and changes none."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.fault_injection.light import Light, to_light
from simulation.films.sprites import Sprite, horse, motorcycle, walker
from simulation.fortnight.calendar import Happening, Kind

Overlay: TypeAlias = Callable[[Light, Happening, float, float], Light]
"""(light, what happens, seconds after the first midnight, light of the scene's surroundings) -> light."""


def _moment(happening: Happening, at_s: float) -> np.random.Generator:
    return np.random.default_rng((happening.seed, round(at_s * 10) & 0xFFFFFFFF))


def _blend(light: Light, mask: NDArray[np.float32], value: float) -> Light:
    return np.asarray(light + mask[..., None] * (np.float32(value) - light), dtype=np.float32)


def rain(light: Light, happening: Happening, at_s: float, around: float) -> Light:
    """Streaks of falling drops and a little scattered light; the ground is darker for being wet."""
    height, width = light.shape[:2]
    rng = _moment(happening, at_s)
    streaks = np.zeros((height, width), dtype=np.float32)
    for x, y in rng.uniform((0, 0), (width, height), (int(120 * happening.strength), 2)):
        cv2.line(streaks, (int(x), int(y)), (int(x) + 1, int(y) + height // 14), 0.25, 1, cv2.LINE_AA)
    wet = light.copy()
    wet[height // 2 :] *= np.float32(1 - 0.3 * happening.strength)
    veil = np.float32(0.06 * happening.strength)
    return _blend(np.asarray(wet * (1 - veil) + around * 0.4 * veil, np.float32), streaks, 0.6 * around)


def mist(light: Light, happening: Happening, at_s: float, around: float) -> Light:
    """Thin mist (Koschmieder): it comes and goes over its hours, thickest far away, at the top of the picture."""
    along = (at_s - happening.start_s) / (happening.end_s - happening.start_s)
    thickness = 0.35 * happening.strength * np.sin(np.pi * along)
    depth = np.linspace(1.0, 0.2, light.shape[0], dtype=np.float32)[:, None, None]
    passes = np.exp(-thickness * depth * 2)
    return np.asarray(light * passes + np.float32(0.45 * around) * (1 - passes), dtype=np.float32)


def snowfall(light: Light, happening: Happening, at_s: float, around: float) -> Light:
    """Flakes: many small, a few near and out of focus."""
    height, width = light.shape[:2]
    rng = _moment(happening, at_s)
    flakes = np.zeros((height, width), dtype=np.float32)
    for x, y in rng.uniform((0, 0), (width, height), (int(260 * happening.strength), 2)):
        cv2.circle(flakes, (int(x), int(y)), 1, 0.7, -1, cv2.LINE_AA)
    near = np.zeros_like(flakes)
    for x, y in rng.uniform((0, 0), (width, height), (int(6 * happening.strength), 2)):
        cv2.circle(near, (int(x), int(y)), height // 22, 0.35, -1, cv2.LINE_AA)
    flakes = np.maximum(flakes, cv2.GaussianBlur(near, (0, 0), height / 90))
    return _blend(light, flakes, 0.8 * around)


def snow_cover(light: Light, happening: Happening, at_s: float, around: float) -> Light:
    """Snow lies on the ground and on ledges; it comes within two hours and goes within six."""
    height, width = light.shape[:2]
    since, left = at_s - happening.start_s, happening.end_s - at_s
    depth = float(np.clip(min(since / 7200, left / 21_600), 0, 1))
    rough = np.random.default_rng(happening.seed).standard_normal((12, 20)).astype(np.float32)
    slope = np.linspace(-2.2, 2.6, height, dtype=np.float32)[:, None]
    field = cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC) + slope
    lies = np.clip(field * 2 + 3 * depth - 1.5, 0, 1) * depth * 0.8
    texture = 0.85 + 0.15 * light.mean(axis=2) / max(float(light.mean()), 1e-6) / 2
    white = np.asarray(np.clip(0.75 * around * texture, 0, None)[..., None], dtype=np.float32)
    return np.asarray(light + lies[..., None] * (white - light), dtype=np.float32)


def _stand(light: Light, sprite: Sprite, height_px: int, at: tuple[int, int], gain: float) -> None:
    """Paste a sprite into the light, in place; `at` is its left edge and its lowest row."""
    left, foot = at
    figure = sprite.scale(max(4, height_px))
    rows, columns = figure.alpha.shape[:2]
    x0, y0 = max(0, left), max(0, foot - rows)
    x1, y1 = min(light.shape[1], left + columns), min(light.shape[0], foot)
    if x0 >= x1 or y0 >= y1:
        return
    inside = slice(y0 - foot + rows, y1 - foot + rows), slice(x0 - left, x1 - left)
    behind = light[y0:y1, x0:x1]
    stands = to_light(figure.colour[inside]) * np.float32(gain)
    light[y0:y1, x0:x1] = behind + figure.alpha[inside] * (stands - behind)


def crowd(light: Light, happening: Happening, at_s: float, around: float) -> Light:
    """Twenty to sixty people who walk at their own pace; nearer ones are larger."""
    filled = light.copy()
    height, width = light.shape[:2]
    rng = np.random.default_rng(happening.seed)
    count = 20 + int(40 * happening.strength)
    for depth, phase, speed, shade in sorted(rng.uniform((0, 0, 0.01, 0.5), (1, 1, 0.05, 1.2), (count, 4)).tolist()):
        across = (phase + speed * (at_s - happening.start_s) / 10) % 1.2 - 0.1
        tall, foot = round(height * (0.16 + 0.30 * depth)), round(height * (0.60 + 0.42 * depth))
        figure = walker() if speed > 0.02 else walker().mirror()
        _stand(filled, figure, tall, (round(across * width), foot), around * shade)
    return filled


def lorry(light: Light, happening: Happening, _at_s: float, around: float) -> Light:
    """A lorry that stops before the camera: a ribbed side of one colour, a fifth to two fifths of the view."""
    height, width = light.shape[:2]
    rng = np.random.default_rng(happening.seed)
    wide = round(width * (0.35 + 0.20 * happening.strength))
    tall = round(height * (0.55 + 0.20 * happening.strength))
    left = int(rng.uniform(-0.1, 0.55) * width)
    top = round(height * 0.9) - tall
    colour = rng.uniform(0.15, 0.8, 3).astype(np.float32) * np.float32(around)
    parked = light.copy()
    x0, x1, y0, y1 = max(0, left), min(width, left + wide), max(0, top), top + tall
    ribs = (0.92 + 0.08 * np.cos(np.arange(x0, x1) * 2 * np.pi / 9)).astype(np.float32)[None, :, None]
    parked[y0:y1, x0:x1] = colour * ribs
    parked[max(y0, y1 - tall // 6) : y1, x0:x1] *= np.float32(0.15)
    return parked


def headlights(light: Light, happening: Happening, at_s: float, _around: float) -> Light:
    """A car that comes nearer and turns away: two lamps that clip, their halos, and light on the road."""
    height, width = light.shape[:2]
    along = float((at_s - happening.start_s) / (happening.end_s - happening.start_s))
    x, y = width * (0.2 + 0.6 * along), height * (0.45 + 0.25 * along)
    gap, size = width * (0.02 + 0.05 * along), width * (0.004 + 0.010 * along)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    glow = np.zeros((height, width), dtype=np.float32)
    for lamp in (x - gap, x + gap):
        far = np.hypot(columns - lamp, rows - y) / size
        glow += np.minimum(0.12 / np.maximum(far, 0.4) ** 2, 1.0)
    road = np.exp(-(((columns - x) / (0.2 * width)) ** 2) - ((rows - y - 0.15 * height) / (0.12 * height)) ** 2)
    return np.asarray(light * (1 + 2 * road[..., None]) + glow[..., None], dtype=np.float32)


def insects(light: Light, happening: Happening, at_s: float, _around: float) -> Light:
    """Insects in the infrared lamp: bright streaks out of focus, none at most moments, never twice in one place."""
    height, width = light.shape[:2]
    rng = _moment(happening, at_s)
    drawn = np.zeros((height, width), dtype=np.float32)
    for _ in range(int(rng.poisson(1.5 * happening.strength))):
        x, y, angle, length = rng.uniform((0, 0, 0, 10), (width, height, 6.3, 60))
        end = (int(x + length * np.cos(angle)), int(y + length * np.sin(angle)))
        cv2.line(drawn, (int(x), int(y)), end, 0.8, max(1, height // 60), cv2.LINE_AA)
    return np.asarray(light + cv2.GaussianBlur(drawn, (0, 0), height / 120)[..., None], dtype=np.float32)


def web(light: Light, happening: Happening, at_s: float, _around: float) -> Light:
    """Threads of a spider before the lens, lit by the infrared lamp, soft, swaying with the wind."""
    height, width = light.shape[:2]
    rng = np.random.default_rng(happening.seed)
    drawn = np.zeros((height, width), dtype=np.float32)
    sway = 3 * np.sin(at_s / 2.3) * height / 180
    for _ in range(3 + int(4 * happening.strength)):
        x0, x1 = rng.uniform(-0.1, 1.1, 2) * width
        y0, y1 = rng.uniform(-0.1, 0.5, 2) * height
        cv2.line(drawn, (int(x0), int(y0)), (int(x1 + sway), int(y1 + sway)), 0.25, 1, cv2.LINE_AA)
    return np.asarray(light + cv2.GaussianBlur(drawn, (0, 0), height / 110)[..., None], dtype=np.float32)


OVERLAYS: Mapping[Kind, Overlay] = {
    Kind.SNOW_COVER: snow_cover,
    Kind.LORRY: lorry,
    Kind.CROWD: crowd,
    Kind.MIST: mist,
    Kind.RAIN: rain,
    Kind.SNOWFALL: snowfall,
    Kind.HEADLIGHTS: headlights,
    Kind.INSECTS: insects,
    Kind.WEB: web,
}
"""In the order in which they are laid over each other."""


def passer_by(light: Light, seed: int, at_s: float, around: float) -> Light:
    """Return the light with one or no passer-by, as at most moments of a day."""
    rng = np.random.default_rng((seed, round(at_s * 10) & 0xFFFFFFFF))
    if rng.random() < 0.7:
        return light
    passed = light.copy()
    height, width = light.shape[:2]
    sprite = (walker, walker, motorcycle, horse)[int(rng.integers(4))]()
    _stand(passed, sprite, round(height * 0.4), (int(rng.uniform(-0.1, 0.9) * width), round(height * 0.95)), around)
    return passed
