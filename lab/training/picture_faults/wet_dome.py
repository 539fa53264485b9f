"""A dome or window full of water: packed small drops, a glare that lies over everything, clear patches between."""

import cv2
import numpy as np

from lab.training.picture_faults.faults import Truth
from lab.training.picture_faults.lens import refracting_drops
from lab.training.picture_faults.light import (
    Field,
    Light,
    apply_kernel,
    between,
    clouds,
    disc,
    ramp,
    spread,
    streak,
)

SLIGHT_WATER, PLAIN_WATER = 0.1, 0.42
"""Shares of the picture's detail that the water takes, or puts elsewhere."""


def wet_dome(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """Water on the dome, in front of a lens that focuses far beyond it; the scene still shows between.

    Each small drop is a bright or dark blot with a soft edge; water that runs smears and takes light away; what is
    bright, mostly the sky, glares over the rest.
    """
    width = light.shape[1]
    where = _coverage(light.shape[:2], rng)[..., None]
    seen = _ghost(light, rng)
    wet = apply_kernel(seen, disc(between(rng, 0.004, 0.03) * width))
    if rng.random() < 0.6:
        count = int(between(rng, 40, 450))
        wet, _ = refracting_drops(wet, rng, count=count, largest=between(rng, 0.008, 0.04))
    if rng.random() < 0.4:
        lean = rng.normal(0, 0.4)
        wet = apply_kernel(wet, streak(width * between(rng, 0.02, 0.16), np.pi / 2 + lean, rng.uniform(-0.2, 0.2)))
    wet = wet * _mottle(light.shape[:2], rng)[..., None]
    through = rng.uniform(0.4, 0.95)
    glare = 0.6 * spread(light, between(rng, 0.05, 0.35) * width) + 0.4 * light.mean(axis=(0, 1))
    wet = wet * through + glare * (1 - through) * rng.uniform(0.6, 1.6)
    if rng.random() < 0.45:
        wet = wet * rng.uniform(0.2, 0.9)
    mixed = np.asarray(light * (1 - where) + wet * where, np.float32)
    if rng.random() < 0.35:
        mixed, _ = refracting_drops(mixed, rng, count=int(rng.integers(3, 25)), largest=between(rng, 0.02, 0.09))
    truth.record("condensation", _detail_lost(light, mixed), SLIGHT_WATER, PLAIN_WATER)
    truth.hide("defocus", "fog", "drops", "dirt", "motion_blur")
    return mixed


def _coverage(shape: tuple[int, int], rng: np.random.Generator) -> Field:
    """Where the glass is wet, 0 to 1: all over, in patches, or the lower or upper part, with runs wiped through it."""
    height, width = shape
    share = rng.uniform(0.3, 1.1)
    field = clouds(shape, between(rng, 1.2, 10), rng, stretch=between(rng, 0.5, 4))
    if rng.random() < 0.4:
        rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
        field = 0.5 * field + 0.5 * (rows if rng.random() < 0.5 else 1 - rows)
    wet = ramp(field, 1 - share - 0.2, 1 - share + 0.2)
    for _ in range(int(rng.integers(0, 5)) if rng.random() < 0.4 else 0):
        run = np.zeros(shape, np.float32)
        x = rng.uniform(0, width)
        ends = (int(x), int(rng.uniform(-0.2, 0.5) * height)), (int(x + rng.normal(0, 0.05) * width), height)
        cv2.line(run, *ends, 1.0, max(1, int(width * rng.uniform(0.005, 0.05))))
        wet = wet * (1 - rng.uniform(0.3, 1) * spread(run, 0.004 * width))
    return np.asarray(np.clip(wet, 0, 1), np.float32)


def _ghost(light: Light, rng: np.random.Generator) -> Light:
    """The picture shifted over itself, as a film of uneven thickness bends it."""
    height, width = light.shape[:2]
    if rng.random() < 0.5:
        return light
    reach, cells = between(rng, 0.002, 0.02) * width, between(rng, 5, 40)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    x = columns + 2 * reach * (clouds((height, width), cells, rng) - 0.5)
    y = rows + 2 * reach * (clouds((height, width), cells, rng) - 0.5)
    return np.asarray(cv2.remap(light, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)


def _mottle(shape: tuple[int, int], rng: np.random.Generator) -> Field:
    """Light that fine drops gather or lose, around 1."""
    depth = rng.uniform(0, 0.5)
    fine = clouds(shape, between(rng, 10, 60), rng, stretch=between(rng, 0.7, 2.5))
    return np.asarray(1 + depth * 2 * (fine - 0.5), np.float32)


def _detail_lost(before: Light, after: Light) -> float:
    """Share of the picture's detail that is gone or moved, 0 to 1: what is left lies where it lay."""
    details = []
    for light in (before, after):
        grey = np.sqrt(np.clip(light.mean(axis=2), 0, 1)).astype(np.float32)
        details.append(grey - spread(grey, 0.02 * light.shape[1]))
    kept = float((details[0] * details[1]).mean() / max(1e-9, float(np.square(details[0]).mean())))
    return float(np.clip(1 - kept, 0, 1))
