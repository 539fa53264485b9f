"""A road, yard or car park painted into a scene: wide neutral surfaces in perspective, rare in photographs."""

import cv2
import numpy as np

from lab.training.picture_faults.light import Field, Light, between, clouds

LARGEST = 5000
"""Pixels from the picture's corner that a drawn point may lie away: OpenCV's lines overflow far beyond it."""


def road(light: Light, rng: np.random.Generator) -> Light:
    """`light` with one or two carriageways up to a horizon, lane marks, vehicles, posts; verges are the scene's."""
    height, width = light.shape[:2]
    horizon, vanishing = rng.uniform(0.12, 0.5) * height, rng.uniform(-0.1, 1.1) * width
    surface = _surface(light, rng)
    drawn = np.array(light, np.float32)
    for _ in range(1 if rng.random() < 0.55 else 2):
        left = rng.uniform(-0.9, 0.5) * width
        right = left + rng.uniform(0.5, 1.7) * width
        mask = np.zeros((height, width), np.float32)
        far = rng.uniform(0.004, 0.05) * width
        corners = [(left, height), (vanishing - far, horizon), (vanishing + far, horizon), (right, height)]
        cv2.fillPoly(mask, [np.array([_point(*one) for one in corners], np.int32)], 1.0, cv2.LINE_AA)
        drawn = drawn * (1 - mask[..., None]) + surface * mask[..., None]
        marks = _lane_marks((height, width), (left, right), (vanishing, horizon), rng)
        drawn = drawn * (1 - marks[..., None]) + rng.uniform(0.35, 1.1) * marks[..., None]
        for _ in range(int(rng.integers(0, 9))):
            _vehicle(drawn, (left, right), (vanishing, horizon), rng)
    for _ in range(int(rng.integers(0, 5))):
        _post(drawn, horizon, rng)
    return np.asarray(drawn, np.float32)


def _surface(light: Light, rng: np.random.Generator) -> Light:
    """Asphalt or concrete (H, W, 3): nearly neutral, its grain fine, patched, with a part of the scene's shadows."""
    height, width = light.shape[:2]
    fine = rng.normal(0, rng.uniform(0.02, 0.2), (height, width)).astype(np.float32)
    patches = 0.7 + 0.6 * clouds((height, width), between(rng, 2, 12), rng, stretch=between(rng, 0.3, 3))
    grey = between(rng, 0.06, 0.4) * (1 + cv2.GaussianBlur(fine, (0, 0), rng.uniform(0.4, 1.2))) * patches
    shadows = cv2.resize(light.mean(axis=2)[::4, ::4], (width, height), interpolation=cv2.INTER_LINEAR)
    share = rng.uniform(0, 0.4)
    grey = grey * (1 - share + share * np.clip(shadows / max(0.02, float(shadows.mean())), 0, 2))
    return np.asarray(grey[..., None] * (1 + rng.normal(0, 0.025, 3)), np.float32)


def _lane_marks(
    shape: tuple[int, int], ends: tuple[float, float], far: tuple[float, float], rng: np.random.Generator
) -> Field:
    """Solid and broken lines that meet at the vanishing point, wider the nearer they are."""
    height, width = shape
    marks = np.zeros(shape, np.float32)
    lanes = int(rng.integers(1, 5))
    thick = rng.uniform(0.004, 0.016) * width
    for lane in range(lanes + 1):
        foot = ends[0] + (ends[1] - ends[0]) * (0.06 + 0.88 * lane / lanes)
        broken = 0 < lane < lanes
        steps = 18 if broken else 1
        for step in range(steps):
            near, away = (np.array([step, step + (0.4 if broken else 1.0)]) / steps) ** 2
            one = (far[0] + (foot - far[0]) * near, far[1] + (height - far[1]) * near)
            other = (far[0] + (foot - far[0]) * away, far[1] + (height - far[1]) * away)
            cv2.line(marks, _point(*one), _point(*other), 1.0, max(1, round(thick * away)), cv2.LINE_AA)
    return marks * np.float32(rng.uniform(0.3, 1.0))


def _vehicle(drawn: Light, ends: tuple[float, float], far: tuple[float, float], rng: np.random.Generator) -> None:
    """A body, its windows and the shadow under it, smaller the farther it is."""
    height = drawn.shape[0]
    near = rng.uniform(0.05, 1) ** 2
    foot = ends[0] + (ends[1] - ends[0]) * rng.uniform(0.1, 0.9)
    x, y = far[0] + (foot - far[0]) * near, far[1] + (height - far[1]) * near
    wide = (ends[1] - ends[0]) * near * rng.uniform(0.1, 0.2)
    tall = wide * rng.uniform(0.6, 1.5)
    paint = 1 + rng.uniform(-0.5, 0.5, 3) * (rng.random() < 0.4)
    colour = tuple(float(one) for one in rng.uniform(0.02, 0.9) * paint)
    cv2.rectangle(drawn, _point(x - wide / 2, y - tall), _point(x + wide / 2, y), colour, -1)
    glass = tuple(0.3 * one for one in colour)
    cv2.rectangle(drawn, _point(x - 0.4 * wide, y - 0.9 * tall), _point(x + 0.4 * wide, y - 0.6 * tall), glass, -1)
    cv2.rectangle(drawn, _point(x - wide / 2, y - 0.12 * tall), _point(x + wide / 2, y), (0.02, 0.02, 0.02), -1)


def _post(drawn: Light, horizon: float, rng: np.random.Generator) -> None:
    height, width = drawn.shape[:2]
    x, foot = rng.uniform(0, width), rng.uniform(horizon, height)
    top = foot - rng.uniform(0.15, 0.8) * height
    grey = (float(between(rng, 0.02, 0.5)),) * 3
    thick = max(1, round(rng.uniform(0.002, 0.012) * width))
    cv2.line(drawn, _point(x, foot), _point(x, top), grey, thick, cv2.LINE_AA)
    if rng.random() < 0.6:
        cv2.line(drawn, _point(x, top), _point(x + rng.uniform(-0.1, 0.1) * width, top), grey, thick, cv2.LINE_AA)


def _point(x: float, y: float) -> tuple[int, int]:
    return int(np.clip(x, -LARGEST, LARGEST)), int(np.clip(y, -LARGEST, LARGEST))
