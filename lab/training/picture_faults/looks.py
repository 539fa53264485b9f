"""Healthy looks that must not be called faults: weather, light, infrared, lenses, and dull scenes."""

import cv2
import numpy as np

from lab.training.picture_faults.light import Field, Light, between, clouds, luma, power, ramp, spread


def pale(light: Light, rng: np.random.Generator) -> Light:
    """Streets, car parks and corridors hold little colour; photographs are taken for theirs."""
    grey = luma(light)[..., None]
    return np.asarray(grey + rng.uniform(0.1, 0.7) * (light - grey), np.float32)


def overcast(light: Light, rng: np.random.Generator) -> Light:
    """Flat grey daylight, a little haze far away, colours pale."""
    through = rng.uniform(0.78, 1.0)
    grey = luma(light)[..., None]
    pale = grey + rng.uniform(0.2, 0.8) * (light - grey)
    compressed = power(np.clip(pale, 0, None), rng.uniform(0.7, 1.0))
    return np.asarray(compressed * through + (1 - through) * np.quantile(grey[::4, ::4], 0.9), np.float32)


def white_sky(light: Light, rng: np.random.Generator) -> Light:
    """The upper part is a clipped sky above roofs, poles and trees."""
    height, width = light.shape[:2]
    line = np.full(width, rng.uniform(0.1, 0.5) * height)
    for _ in range(int(rng.integers(2, 10))):
        left, wide = rng.uniform(-0.1, 1) * width, rng.uniform(0.01, 0.35) * width
        line[max(0, int(left)) : max(0, int(left + wide))] -= rng.uniform(-0.1, 0.3) * height
    trees = clouds((8, width), between(rng, 5, 40), rng)[0] * rng.uniform(0, 0.12) * height
    below = np.arange(height)[:, None] - (line + trees)[None, :]
    sky = np.clip(0.5 - below / max(1.0, 0.004 * width), 0, 1)[..., None].astype(np.float32)
    bright = rng.uniform(0.65, 1.8) * (1 + rng.uniform(-0.04, 0.04, 3))
    shaded = bright * (1 - rng.uniform(0, 0.3) * clouds((height, width), 3, rng))[..., None]
    return np.asarray(light * (1 - sky) + shaded * sky, np.float32)


def dusk(light: Light, rng: np.random.Generator) -> Light:
    """Little light left, blue or orange, exposure long but not long enough."""
    tint = np.array([0.85, 0.95, 1.15]) if rng.random() < 0.5 else np.array([1.2, 0.98, 0.75])
    tint = tint ** rng.uniform(0, 1)
    return np.asarray(light * tint * between(rng, 0.14, 0.6) * (0.4 / max(0.05, float(light.mean()))), np.float32)


def night(light: Light, rng: np.random.Generator) -> Light:
    """Street lamps and headlights: pools of light in the dark, lamps with their bloom."""
    height, width = light.shape[:2]
    lamps = np.zeros((height, width), np.float32)
    pools = np.full((height, width), rng.uniform(0.01, 0.12), np.float32)
    for _ in range(int(rng.integers(2, 12))):
        x, y = rng.uniform(0, width), rng.uniform(0, 0.6 * height)
        radius = width * between(rng, 0.003, 0.02)
        cv2.circle(lamps, (int(x), int(y)), max(1, int(radius)), float(between(rng, 1, 15)), -1)
        strength, reach = rng.uniform(0.1, 1.0), width * rng.uniform(0.08, 0.35)
        pools = pools + strength * _pool((height, width), x, y + 0.3 * height, reach)
    if rng.random() < 0.6:
        _headlights(lamps, rng)
    bloom = lamps + rng.uniform(0.5, 3) * spread(lamps, 0.008 * width) + rng.uniform(1, 6) * spread(lamps, 0.03 * width)
    sodium = np.array([1.0, rng.uniform(0.55, 0.95), rng.uniform(0.2, 0.95)])
    lit = light * pools[..., None] * rng.uniform(0.5, 1.6) * (0.3 / max(0.05, float(light.mean())))
    return np.asarray((lit + bloom[..., None]) * sodium, np.float32)


def headlights(light: Light, rng: np.random.Generator) -> Light:
    """Headlights towards the camera, day or dusk, with bloom."""
    height, width = light.shape[:2]
    lamps = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        _headlights(lamps, rng)
    bloom = lamps + 2 * spread(lamps, 0.01 * width) + rng.uniform(1, 5) * spread(lamps, 0.04 * width)
    return np.asarray(light * between(rng, 0.15, 1.0) + bloom[..., None], np.float32)


def sun(light: Light, rng: np.random.Generator) -> Light:
    """The sun in the frame: a disc, bloom, a veil that falls off, a ghost or two."""
    height, width = light.shape[:2]
    x, y = rng.uniform(0, width), rng.uniform(0, 0.5 * height)
    away = _distance((height, width), x, y) / width
    disc = np.clip((rng.uniform(0.02, 0.05) - away) * 200, 0, 1) * 5
    veil = rng.uniform(0.1, 0.7) * np.exp(-away / rng.uniform(0.04, 0.14)) + rng.uniform(0, 0.05)
    ghosts = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(0, 4))):
        along = rng.uniform(0.5, 2)
        at = (int(x + (width / 2 - x) * along), int(y + (height / 2 - y) * along))
        cv2.circle(ghosts, at, int(width * rng.uniform(0.01, 0.05)), float(rng.uniform(0.03, 0.2)), -1)
    added = disc + veil + spread(ghosts, 0.004 * width)
    return np.asarray(light * between(rng, 0.3, 1.0) + added[..., None] * (1, 0.96, 0.88), np.float32)


def snow(light: Light, rng: np.random.Generator) -> Light:
    """Snow on the ground: flat, bright lower parts, what stands up stays dark."""
    grey = luma(light)
    height, width = grey.shape
    ground = np.linspace(-0.4, 1.2, height, dtype=np.float32)[:, None] + 0.3 * (clouds((height, width), 5, rng) - 0.5)
    mask = ramp(ground, 0.1, 0.5) * ramp(spread(grey, 0.01 * width), 0.02, 0.25)
    white = rng.uniform(0.5, 0.95) * (0.75 + 0.25 * grey / max(0.05, float(grey.max())))
    tint = np.array([0.95, 0.98, 1.05])
    return np.asarray(light * (1 - 0.9 * mask[..., None]) + (white * mask)[..., None] * tint * 0.9, np.float32)


def infrared(light: Light, rng: np.random.Generator) -> Light:
    """Night by the camera's own infrared lamps: grey, bright in the middle and near, black behind."""
    height, width = light.shape[:2]
    mix = rng.dirichlet((2, 2, 1))
    grey = np.asarray(cv2.transform(light, mix.astype(np.float32)[None]), np.float32)
    grey = power(grey, rng.uniform(0.6, 1.1))
    away = _distance((height, width), rng.uniform(0.3, 0.7) * width, rng.uniform(0.35, 0.9) * height) / width
    lamp = np.exp(-((away / rng.uniform(0.25, 0.7)) ** 2)) + rng.uniform(0.0, 0.25)
    lit = grey * lamp
    lit = lit * between(rng, 0.1, 0.5) / max(0.02, float(lit.mean()))
    return np.repeat(np.asarray(lit, np.float32)[..., None], 3, axis=2)


def monochrome(light: Light, rng: np.random.Generator) -> Light:
    """A black-and-white camera, or one that lost its colour to a weak signal: healthy grey daylight."""
    del rng
    return np.repeat(luma(light)[..., None], 3, axis=2)


def fisheye(light: Light, rng: np.random.Generator) -> Light:
    """A hemispheric lens: straight lines bend, black around the image circle."""
    height, width = light.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    radius = rng.uniform(0.42, 0.62) * (height if rng.random() < 0.6 else width)
    dx, dy = (columns - width / 2) / radius, (rows - height / 2) / radius
    away = np.hypot(dx, dy)
    bend = np.tan(np.clip(away, 0, 1) * 1.15) / np.maximum(away, 1e-3) / np.tan(1.15)
    x, y = width / 2 + dx * bend * width / 2, height / 2 + dy * bend * height / 2
    seen = cv2.remap(light, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    return np.asarray(seen * np.clip((1 - away) * 60, 0, 1)[..., None], np.float32)


def thermal(light: Light, rng: np.random.Generator) -> Light:
    """A thermal camera: few pixels, smooth, grey or grey turned round."""
    height, width = light.shape[:2]
    grey = power(luma(light), 0.45)
    small = cv2.resize(grey, (int(rng.integers(120, 260)), int(rng.integers(100, 200))), interpolation=cv2.INTER_AREA)
    grey = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    low, high = np.quantile(grey, (0.01, 0.99))
    grey = np.clip((grey - low) / max(0.05, high - low), 0, 1)
    grey = 1 - grey if rng.random() < 0.5 else grey
    return np.repeat(np.asarray((0.1 + 0.8 * grey) ** 2.2, np.float32)[..., None], 3, axis=2)


def bare(light: Light, rng: np.random.Generator) -> Light:
    """A wall, a floor or an empty road: one surface with fine grain, light from a side, few edges."""
    height, width = light.shape[:2]
    colour = light[:: max(1, height // 8), :: max(1, width // 8)].reshape(-1, 3)
    base = colour[int(rng.integers(len(colour)))] * 0.5 + 0.5 * float(rng.uniform(0.08, 0.5))
    grain = rng.normal(0, rng.uniform(0.05, 0.3), (height, width)).astype(np.float32)
    surface = (1 + cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.5, 0.9)))[..., None]
    shade = (0.6 + 0.8 * clouds((height, width), between(rng, 1.2, 3), rng))[..., None]
    wall = base * surface * shade
    mask = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, 7))):
        ends = (rng.uniform(-0.2, 1.2, (2, 2)) * (width, height)).astype(int)
        cv2.line(mask, tuple(ends[0].tolist()), tuple(ends[1].tolist()), 1.0, int(rng.integers(1, 9)), cv2.LINE_AA)
    wall = wall * (1 - mask[..., None]) + mask[..., None] * rng.uniform(0.02, 0.9)
    keep = np.zeros((height, width), np.float32)
    if rng.random() < 0.7:
        at = rng.uniform(0.1, 0.9, 2) * (width, height)
        box = (rng.uniform(0.1, 0.45, 2) * (width, height) / 2).astype(int)
        left, top = (at - box).astype(int).tolist()
        right, bottom = (at + box).astype(int).tolist()
        cv2.rectangle(keep, (left, top), (right, bottom), 1.0, -1)
    return np.asarray(wall * (1 - keep[..., None]) + light * keep[..., None], np.float32)


def foreground(light: Light, other: Light, rng: np.random.Generator) -> Light:
    """Something that belongs there stands near and sharp: a lorry, a pillar, a sign, a wall's edge."""
    height, width = light.shape[:2]
    mask = np.zeros((height, width), np.float32)
    left, wide = rng.uniform(-0.1, 0.8) * width, rng.uniform(0.03, 0.4) * width
    top = rng.uniform(-0.2, 0.6) * height
    lean = rng.uniform(-0.08, 0.08) * width
    corners = np.array([(left, height), (left + lean, top), (left + wide + lean, top), (left + wide, height)])
    cv2.fillPoly(mask, [corners.astype(np.int32).reshape(-1, 1, 2)], 1.0, cv2.LINE_AA)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), 0.6), np.float32)[..., None]
    return np.asarray(light * (1 - soft) + other * soft, np.float32)


def _headlights(lamps: Field, rng: np.random.Generator) -> None:
    height, width = lamps.shape
    x, y, apart = rng.uniform(0, width), rng.uniform(0.3, 1) * height, width * rng.uniform(0.02, 0.12)
    for side in (-0.5, 0.5):
        at = (int(x + side * apart), int(y))
        cv2.circle(lamps, at, max(1, int(0.12 * apart)), float(rng.uniform(1, 10)), -1)


def _pool(shape: tuple[int, int], x: float, y: float, radius: float) -> Field:
    return np.asarray(np.exp(-((_distance(shape, x, y) / radius) ** 2)), np.float32)


def _distance(shape: tuple[int, int], x: float, y: float) -> Field:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return np.asarray(np.hypot(columns - x, rows - y), np.float32)
