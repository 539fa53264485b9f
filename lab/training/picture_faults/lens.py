"""What happens in front of the sensor: focus, motion, water, dirt, webs, fog and covers, all in linear light."""

import cv2
import numpy as np

from lab.training.picture_faults.faults import Truth
from lab.training.picture_faults.light import (
    Field,
    Light,
    apply_kernel,
    between,
    clouds,
    disc,
    luma,
    ramp,
    spread,
    streak,
)

PLAIN_DEFOCUS, SLIGHT_DEFOCUS = 0.010, 0.004
"""Radius of the disc over the picture's width: 3.5 and 1.4 pixels of 352."""


def defocus(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """A disc of 0.5 to 5 % of the width, in a third of the pictures wider towards one side."""
    width = light.shape[1]
    share = between(rng, 0.005, 0.05)
    truth.record("defocus", share, SLIGHT_DEFOCUS, PLAIN_DEFOCUS)
    blurred = apply_kernel(light, disc(share * width))
    if rng.random() > 0.3:
        return blurred
    more = apply_kernel(light, disc(1.6 * share * width))
    side = _gradient(light.shape[:2], rng)[..., None]
    return np.asarray(blurred * (1 - side) + more * side, np.float32)


def motion(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """The camera moves by 1 to 12 % of the width while the shutter is open."""
    share = between(rng, 0.01, 0.12)
    truth.record("motion_blur", share, 0.008, 0.022)
    truth.hide("defocus")
    return apply_kernel(light, streak(share * light.shape[1], rng.uniform(0, np.pi), rng.uniform(-0.5, 0.5)))


def condensation(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """Water on glass or dome: blur and veil that differ from place to place, runs, and a bent picture."""
    height, width = light.shape[:2]
    stretch = between(rng, 1, 5) if rng.random() < 0.5 else 1.0
    wet = clouds((height, width), between(rng, 1.5, 8), rng, stretch=stretch)
    share = rng.uniform(0.35, 1.0)
    edge = rng.uniform(0.05, 0.3)
    mask = ramp(wet, 1 - share - edge, 1 - share + edge)
    if share > 0.9:
        mask = np.maximum(mask, rng.uniform(0.5, 1))
    bent = light
    if rng.random() < 0.6:
        bent = _bent(light, rng.uniform(0.002, 0.03) * width, between(rng, 4, 16), rng, stretch)
    radius = between(rng, 0.008, 0.05)
    soft, softer = apply_kernel(bent, disc(radius * width)), spread(bent, 2 * radius * width)
    if rng.random() < 0.35:
        soft = apply_kernel(
            soft, streak(width * between(rng, 0.03, 0.2), rng.uniform(0, np.pi), rng.uniform(-0.3, 0.3))
        )
    depth = clouds((height, width), between(rng, 2, 10), rng)[..., None]
    blurred = soft * (1 - depth) + softer * depth
    through = rng.uniform(0.25, 0.95)
    veil = light.mean(axis=(0, 1)) * rng.uniform(0.5, 1.6)
    hazy = blurred * through + (1 - through) * (0.6 * veil + 0.4 * spread(light, 0.15 * width))
    if rng.random() < 0.4:
        hazy = hazy * rng.uniform(0.12, 0.8)
    truth.record("condensation", float(mask.mean()), 0.15, 0.35)
    truth.hide("defocus", "fog", "drops", "dirt", "motion_blur")
    mixed = light * (1 - mask[..., None]) + hazy * mask[..., None]
    if rng.random() < 0.4:
        mixed, _ = refracting_drops(mixed, rng, count=int(rng.integers(5, 60)), largest=0.03)
    return np.asarray(mixed, np.float32)


def wet_film(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """A thin film of water over the whole glass: a little blur and a veil everywhere, smears in places, less light."""
    height, width = light.shape[:2]
    radius, through = rng.uniform(0.004, 0.016), rng.uniform(0.35, 0.9)
    soft = apply_kernel(light, disc(radius * width))
    veil = 0.5 * light.mean(axis=(0, 1)) * rng.uniform(0.6, 1.8) + 0.5 * spread(light, 0.12 * width)
    hazy = soft * through + veil * (1 - through)
    smear = spread(hazy, between(rng, 0.01, 0.05) * width)
    if rng.random() < 0.5:
        smear = smear * rng.uniform(0.4, 1.1)
    share = rng.uniform(0.05, 0.5)
    where = ramp(clouds((height, width), between(rng, 2, 7), rng, stretch=between(rng, 0.5, 3)), 1 - share, 1.2 - share)
    wet = hazy * (1 - where[..., None]) + smear * where[..., None]
    plain = radius >= 0.0065 and through <= 0.78
    truth.record("condensation", 1.0 if plain else 0.5, 0.2, 1.0)
    truth.hide("defocus", "fog", "drops", "dirt", "motion_blur")
    return np.asarray(wet * rng.uniform(0.4, 1.05), np.float32)


def drops(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """Drops on the glass: each a small, blurred, upside-down wide view with a soft edge."""
    mixed, share = refracting_drops(light, rng, count=int(between(rng, 4, 90)), largest=between(rng, 0.025, 0.13))
    truth.record("drops", share, 0.03, 0.09)
    truth.hide("condensation", "dirt")
    return mixed


def dirt(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """Dust, mud and droppings out of focus: they take light away and scatter a little of their own colour."""
    height, width = light.shape[:2]
    if rng.random() < 0.5:
        field = clouds((height, width), between(rng, 3, 25), rng, stretch=between(rng, 0.6, 2.5))
        share = rng.uniform(0.06, 0.6)
        mask = ramp(field, 1 - share, 1 - share + rng.uniform(0.05, 0.3))
    else:
        mask = _specks((height, width), rng)
    opaque = rng.uniform(0.35, 0.95)
    mask = mask * opaque
    colour = np.array([1.0, rng.uniform(0.75, 1), rng.uniform(0.5, 1)]) * light.mean() * rng.uniform(0.05, 1.2)
    truth.record("dirt", float(mask.mean()), 0.03, 0.11)
    truth.hide("drops", "condensation", "covered_part")
    return np.asarray(light * (1 - mask[..., None]) + colour * mask[..., None], np.float32)


def web(light: Light, truth: Truth, rng: np.random.Generator, *, lit: bool) -> Light:
    """Threads a hand's breadth from the lens, wide and soft; by infrared light bright, by day a grey veil."""
    height, width = light.shape[:2]
    threads = np.zeros((height, width), np.float32)
    centre = rng.uniform(-0.2, 1.2, 2) * (width, height)
    spokes = int(rng.integers(4, 14))
    angles = np.sort(rng.uniform(0, 2 * np.pi, spokes))
    thickness = int(max(1, width * between(rng, 0.002, 0.012)))
    ends = [centre + 1.6 * width * np.array([np.cos(a), np.sin(a)]) for a in angles]
    for end in ends:
        _line(threads, [centre, (centre + end) / 2 + rng.normal(0, 0.03 * width, 2), end], thickness, rng)
    for ring in np.cumsum(rng.uniform(0.03, 0.15, int(rng.integers(0, 14)))):
        for one, other in zip(angles, np.roll(angles, -1), strict=True):
            near = [centre + ring * width * np.array([np.cos(a), np.sin(a)]) for a in (one, other)]
            _line(threads, [near[0], (near[0] + near[1]) / 2 * 0.97 + centre * 0.03, near[1]], thickness, rng)
    soft = spread(threads, width * between(rng, 0.002, 0.012))
    soft = soft / max(1e-3, float(soft.max()))
    strength = rng.uniform(0.35, 1.0)
    glow = (rng.uniform(0.5, 2.0) if lit else rng.uniform(0.7, 1.6)) * max(0.05, float(light.mean()))
    mask = (soft * strength)[..., None]
    truth.record("dirt", float((soft > 0.3).mean()) * strength, 0.015, 0.05)
    truth.hide("drops", "condensation", "covered_part", "fog")
    return np.asarray(light * (1 - 0.8 * mask) + glow * mask, np.float32)


def fog(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """Fog, denser with distance (upwards), or an even film: the light let through, and a veil in place of the rest."""
    height, width = light.shape[:2]
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    thickness = between(rng, 0.25, 5)
    if rng.random() < 0.55:
        horizon = rng.uniform(-0.5, 0.3)
        distance = np.minimum(1 / np.maximum(rows - horizon, 0.12), 6.0)
        through = np.exp(-thickness * 0.5 * distance / distance.mean() - 0.35 * thickness)
    else:
        through = np.full((height, 1), np.exp(-0.7 * thickness), np.float32)
    through = np.broadcast_to(through, (height, width))
    if rng.random() < 0.3:
        through = through ** (0.7 + 0.6 * clouds((height, width), between(rng, 1.5, 4), rng))
    bright = np.quantile(luma(light[::4, ::4]), 0.9)
    tint = 1 + rng.normal(0, 0.03, 3)
    veil = tint * float(np.clip(bright * rng.uniform(0.5, 1.3), 0.04, 0.95))
    truth.record("fog", float(through.mean()), 0.72, 0.42)
    truth.hide("condensation", "defocus")
    clear = light if rng.random() < 0.6 else apply_kernel(light, disc(between(rng, 0.002, 0.012) * width))
    return np.asarray(clear * through[..., None] + veil * (1 - through[..., None]), np.float32)


def cover(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """Hand, cloth, bag, paper or paint at the lens: out of focus, lit from behind or by the scene, its edge soft."""
    height, width = light.shape[:2]
    whole = rng.random() < 0.45
    near = between(rng, 0.008, 0.09) * width
    mask = np.ones((height, width), np.float32) if whole else _shape((height, width), rng)
    mask = np.clip(spread(mask, near), 0, 1)
    surface, opaque = _surface(light, near, rng)
    share = float(mask.mean()) * (1 if opaque > 0.8 else opaque)
    if share > 0.86:
        truth.record("covered", share * opaque, 0.5, 0.72)
        truth.hide_all_but("covered", "covered_part")
        truth.hide("covered_part")
    else:
        truth.record("covered_part", share, 0.10, 0.28)
        truth.hide("dirt", "defocus", "condensation", "fog", "drops")
        if share > 0.7:
            truth.hide("covered")
    mask = (mask * opaque)[..., None]
    return np.asarray(light * (1 - mask) + surface * mask, np.float32)


def _surface(light: Light, near: float, rng: np.random.Generator) -> tuple[Light, float]:
    """What the cover looks like (H, W, 3), and how opaque it is."""
    height, width = light.shape[:2]
    scene = float(light.mean())
    kind = rng.choice(["hand", "cloth", "bag", "paper", "paint", "dark"])
    folds = clouds((height, width), between(rng, 1.5, 9), rng, stretch=between(rng, 0.4, 3))
    shade = (1 - rng.uniform(0.1, 0.7) * folds)[..., None]
    if kind == "hand":
        colour, glow, opaque = np.array([0.6, 0.33, 0.22]) * rng.uniform(0.3, 1.2), rng.uniform(0.1, 1.2), 1.0
    elif kind == "cloth":
        colour, glow, opaque = rng.uniform(0.05, 0.9, 3), rng.uniform(0.1, 1.0), rng.uniform(0.85, 1.0)
    elif kind == "bag":
        colour, glow, opaque = rng.uniform(0.7, 1.0, 3), rng.uniform(0.6, 1.6), rng.uniform(0.45, 0.95)
    elif kind == "paper":
        colour, glow, opaque = np.array([1, 0.97, 0.9]) * rng.uniform(0.7, 1), rng.uniform(0.3, 1.5), 1.0
    elif kind == "paint":
        colour, glow, opaque = rng.uniform(0.0, 0.9, 3), rng.uniform(0.05, 1.3), rng.uniform(0.9, 1.0)
    else:
        colour, glow, opaque = np.ones(3), rng.uniform(0.002, 0.08), 1.0
    surface = np.asarray(shade * colour * glow * scene, np.float32)
    if rng.random() < 0.5:
        weave = rng.normal(0, 0.25, (height, width, 1)).astype(np.float32)
        surface = surface * np.clip(1 + spread(weave[..., 0], max(0.6, 0.25 * near))[..., None] * 2, 0.2, 2)
    if kind == "bag":
        surface = 0.6 * surface + 0.4 * spread(light, max(near, 0.05 * width))
    return np.asarray(surface, np.float32), float(opaque)


def _shape(shape: tuple[int, int], rng: np.random.Generator) -> Field:
    """What part of the picture a cover hides: fingers, a hanging edge, a patch, or paint in splashes."""
    height, width = shape
    mask = np.zeros(shape, np.float32)
    kind = rng.choice(["fingers", "edge", "patch", "splash"])
    if kind == "fingers":
        angle, start = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.8, 2) * (width, height)
        along = np.array([np.cos(angle), np.sin(angle)])
        aside = np.array([-along[1], along[0]])
        thick = int(width * rng.uniform(0.1, 0.22))
        for finger in range(int(rng.integers(1, 6))):
            tip = start + aside * finger * thick * 1.15 + along * rng.uniform(-0.1, 0.1) * width
            cv2.line(mask, _point(tip), _point(tip + along * 2 * width), 1.0, thick)
    elif kind == "edge":
        wave = clouds(shape, between(rng, 1.5, 5), rng)
        mask = ramp(_gradient(shape, rng) + 0.25 * (wave - 0.5), (cut := rng.uniform(0.25, 0.75)), cut + 0.04)
    elif kind == "patch":
        corners = rng.uniform(-0.1, 1.1, (int(rng.integers(4, 8)), 2)) * (width, height)
        cv2.fillPoly(mask, [cv2.convexHull(corners.astype(np.int32).reshape(-1, 1, 2))], 1.0)
    else:
        share = rng.uniform(0.3, 0.8)
        mask = ramp(clouds(shape, between(rng, 2, 7), rng), 1 - share, 1.04 - share)
    return mask


def refracting_drops(light: Light, rng: np.random.Generator, *, count: int, largest: float) -> tuple[Light, float]:
    """`light` through `count` drops, the largest with a radius of this share of the width; and the share they cover."""
    height, width = light.shape[:2]
    blurred = spread(light, width * between(rng, 0.003, 0.03))
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    x, y = columns.copy(), rows.copy()
    alpha = np.zeros((height, width), np.float32)
    shade = np.ones((height, width), np.float32)
    soft = between(rng, 0.08, 0.6)
    bend = -rng.uniform(1.0, 5.0) if rng.random() < 0.75 else rng.uniform(0.1, 0.5)
    for _ in range(count):
        radius = width * largest * between(rng, 0.25, 1.0)
        cx, cy = rng.uniform(0, width), rng.uniform(0, height)
        tall = between(rng, 0.8, 2.0)
        top, bottom = max(0, int(cy - 1.7 * tall * radius)), min(height, int(cy + 1.7 * tall * radius) + 1)
        left, right = max(0, int(cx - 1.7 * radius)), min(width, int(cx + 1.7 * radius) + 1)
        if top >= bottom or left >= right:
            continue
        box = np.s_[top:bottom, left:right]
        away = np.hypot((columns[box] - cx), (rows[box] - cy) / tall) / radius
        inside = ramp(1 + soft / 2 - away, 0, soft)
        x[box] = np.where(inside > 0, cx + (columns[box] - cx) * bend, x[box])
        y[box] = np.where(inside > 0, cy + (rows[box] - cy) * bend, y[box])
        rim = 1 - rng.uniform(0, 0.5) * ramp(away, 0.5, 1.0) + rng.uniform(0, 0.35) * ramp(1 - away, 0.3, 1.0)
        shade[box] = np.where(inside > 0, rim, shade[box])
        alpha[box] = np.maximum(alpha[box], inside)
    seen = cv2.remap(blurred, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT) * shade[..., None]
    mask = (alpha * rng.uniform(0.75, 1.0))[..., None]
    return np.asarray(light * (1 - mask) + seen * mask, np.float32), float(alpha.mean())


def _bent(light: Light, reach: float, cells: float, rng: np.random.Generator, stretch: float) -> Light:
    height, width = light.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    x = (columns + reach * 2 * (clouds((height, width), cells, rng, stretch=stretch) - 0.5)).astype(np.float32)
    y = (rows + reach * 2 * (clouds((height, width), cells, rng, stretch=stretch) - 0.5)).astype(np.float32)
    return np.asarray(cv2.remap(light, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)


def _specks(shape: tuple[int, int], rng: np.random.Generator) -> Field:
    height, width = shape
    mask = np.zeros(shape, np.float32)
    largest = between(rng, 0.01, 0.09)
    for _ in range(int(between(rng, 3, 150))):
        radius = width * largest * between(rng, 0.2, 1)
        axes = (max(1, int(radius)), max(1, int(radius * between(rng, 0.5, 2))))
        at = _point(rng.uniform(0, 1, 2) * (width, height))
        cv2.ellipse(mask, at, axes, float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(0.4, 1)), -1)
    return np.clip(spread(mask, width * between(rng, 0.003, 0.02)), 0, 1)


def _gradient(shape: tuple[int, int], rng: np.random.Generator) -> Field:
    """0 to 1 across the picture in a random direction."""
    height, width = shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    field = columns / width * np.cos(angle) + rows / height * np.sin(angle)
    return np.asarray((field - field.min()) / (field.max() - field.min()), np.float32)


def _line(field: Field, points: list[np.ndarray], thickness: int, rng: np.random.Generator) -> None:
    time = np.linspace(0, 1, 12)[:, None]
    path = (1 - time) ** 2 * points[0] + 2 * time * (1 - time) * points[1] + time**2 * points[2]
    corners = np.rint(path).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(field, [corners], False, float(rng.uniform(0.4, 1)), thickness)


def _point(at: np.ndarray) -> tuple[int, int]:
    return int(at[0]), int(at[1])
