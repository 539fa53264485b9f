"""What the sensor and the camera's signal processor do: exposure, bloom, infrared leak, white balance, noise, tone."""

from dataclasses import dataclass

import cv2
import numpy as np

from lab.training.picture_faults.faults import Truth
from lab.training.picture_faults.light import Light, between, grain, luma, power, spread


@dataclass(frozen=True, slots=True)
class Processing:
    """One camera's signal processor: noise as it reaches the picture, and how the picture is finished."""

    noise: float
    denoise: float
    sharpen: float
    reach: float
    stretch: float
    saturation: float
    gamma: float
    black: float
    white: float

    @staticmethod
    def draw(rng: np.random.Generator) -> "Processing":
        """A healthy camera, cheap or dear."""
        return Processing(
            noise=between(rng, 0.0004, 0.006),
            denoise=rng.uniform(0, 0.9) if rng.random() < 0.4 else 0.0,
            sharpen=rng.uniform(0, 2.4) if rng.random() < 0.65 else 0.0,
            reach=rng.uniform(0.6, 1.6),
            stretch=rng.uniform(0.2, 0.95) if rng.random() < 0.3 else 0.0,
            saturation=rng.uniform(0.35, 1.35),
            gamma=rng.uniform(1.9, 2.6),
            black=rng.uniform(-0.02, 0.07),
            white=rng.uniform(0.86, 1.05),
        )


NEARLY_CLIPPED = 0.75
"""Of full well: nine tenths of white as shown, beyond the knee of a processor that bends before it clips."""
SLIGHT_LOSS, PLAIN_LOSS = 0.12, 0.34
"""Shares of what a healthy exposure shows that are clipped."""


def share_lost_to_light(light: Light, exposed: Light) -> float:
    """Share of what was below half of full well and is now clipped, or nearly: a white sky alone is no fault."""
    shown = luma(light[::4, ::4]) < 0.5
    clipped = luma(exposed[::4, ::4]) > NEARLY_CLIPPED
    return float(clipped[shown].mean()) if shown.any() else 0.0


def burn_out(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """The exposure fails: up to forty times the light, clipped, with what is clipped blooming over the rest."""
    width = light.shape[1]
    middle = max(0.02, float(np.median(luma(light[::4, ::4]))))
    exposed = light * between(rng, 0.25, 4.0) / middle
    veil = rng.uniform(0, 0.35) if rng.random() < 0.5 else 0.0
    exposed = exposed + rng.uniform(0.1, 0.6) * spread(np.clip(exposed - 1, 0, 1), 0.04 * width) + veil
    if rng.random() < 0.5:
        exposed = rng.uniform(0.9, 1.02) * (1 - np.exp(-rng.uniform(0.8, 1.6) * exposed))
    lost = share_lost_to_light(light, np.asarray(exposed, np.float32))
    truth.record("burnt_out", lost, SLIGHT_LOSS, PLAIN_LOSS)
    truth.hide("fog", "colour_cast")
    if lost > PLAIN_LOSS:
        truth.hide("defocus", "condensation")
    return np.asarray(exposed, np.float32)


def expose_by_itself(light: Light, rng: np.random.Generator) -> Light:
    """The camera sets its exposure by the light that reaches it, through whatever is on the lens."""
    reached = float(np.clip(light[::4, ::4], 0, 1.2).mean())
    return np.asarray(light * (between(rng, 0.1, 0.34) / max(0.01, reached)), np.float32)


def darken(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """The exposure fails the other way: what should be grey falls to a few levels."""
    bright = max(0.01, float(np.quantile(luma(light[::4, ::4]), 0.95)))
    dark = light * between(rng, 0.0008, 0.05) / bright
    top = float(np.quantile(luma(dark[::4, ::4]), 0.95)) ** (1 / 2.2)
    truth.record("too_dark", top, 0.27, 0.17)
    truth.hide("noise", "compression", "defocus", "colour_cast", "covered", "dirt", "fog", "purple")
    return np.asarray(dark, np.float32)


SLIGHT_PURPLE, PLAIN_PURPLE = 0.1, 0.3
"""Shares of the picture that turned purple."""


def leak_infrared(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """The infrared filter is out by day: leaves and dark cloth shine, red and blue gain what green does not.

    Leaves reflect several times as much infrared as green light, clear sky nearly none; the camera's white balance
    takes a part of the tint back.
    """
    red, green, blue = light[..., 0], light[..., 1], light[..., 2]
    leaves = np.clip(2 * green - red - blue, 0, None)
    sky = np.clip(blue - 0.5 * (red + green), 0, None)
    infrared = rng.uniform(0.4, 1.0) * luma(light) + rng.uniform(0, 4) * leaves + rng.uniform(0, 0.4) * red
    infrared = np.clip(infrared - rng.uniform(0, 1.5) * sky, 0, None) + rng.uniform(0, 0.15) * light.mean()
    gains = np.array([rng.uniform(0.7, 1.2), rng.uniform(0.05, 0.45), rng.uniform(0.5, 1.15)], np.float32)
    leaked = light + between(rng, 0.08, 1.6) * infrared[..., None] * gains
    before, after = light.mean(axis=(0, 1)), leaked.mean(axis=(0, 1))
    back = np.clip(before / np.maximum(after, 1e-4), 0.1, 1) ** rng.uniform(0, 0.8)
    leaked = leaked * (back / back[1])
    leaked = leaked * (light.mean() / max(1e-4, float(leaked.mean()))) * rng.uniform(0.9, 1.4)
    return _purple(light, leaked, truth)


def tint_purple(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """White balance lost to magenta: green falls behind."""
    behind = between(rng, 0.5, 0.95)
    gains = np.array([between(rng, 0.88, 1.15), behind, between(rng, 0.9, 1.25)], np.float32)
    return _purple(light, light * gains, truth)


def tint_neutrals(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """What should be grey turns purple, what is strongly coloured stays: the colour matrix fits the filter no more."""
    least, most = light.min(axis=2), light.max(axis=2)
    neutral = np.exp(-(((most - least) / (most + 0.02) / rng.uniform(0.2, 0.6)) ** 2))[..., None]
    if rng.random() < 0.4:
        neutral = neutral * np.clip(1.2 - most[..., None] * rng.uniform(0, 1.2), 0, 1)
    behind = rng.uniform(0.6, 0.97)
    gains = np.array([rng.uniform(0.92, 1.2), behind, rng.uniform(1.0, 1.5)], np.float32)
    return _purple(light, light * (1 + neutral * (gains - 1)), truth)


def _purple(before: Light, after: Light, truth: Truth) -> Light:
    """Record how much of the picture turned purple: as shown, green behind red and blue, and blue before grey."""
    tints = []
    for scene in (before, after):
        small = cv2.resize(np.clip(scene, 0, 1), None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
        red, green, blue = cv2.split(power(np.asarray(small, np.float32), 1 / 2.2))
        grey = 0.299 * red + 0.587 * green + 0.114 * blue + 0.1
        tints.append((((red + blue) / 2 - green) / grey, (blue - grey + 0.1) / grey))
    turned = (tints[1][0] > 0.035) & (tints[1][0] - tints[0][0] > 0.025) & (tints[1][1] > -0.02)
    truth.record("purple", float(turned.mean()), SLIGHT_PURPLE, PLAIN_PURPLE)
    truth.hide("colour_cast")
    return np.asarray(after, np.float32)


def cast(light: Light, truth: Truth, rng: np.random.Generator) -> Light:
    """White balance lost to blue, yellow, green, orange or cyan."""
    gains = np.array(
        {
            "blue": (0.55, 0.85, 1.5),
            "yellow": (1.15, 1.05, 0.4),
            "green": (0.6, 1.25, 0.6),
            "orange": (1.5, 0.85, 0.4),
            "cyan": (0.45, 1.1, 1.15),
            "red": (1.7, 0.65, 0.6),
        }[str(rng.choice(["blue", "yellow", "green", "orange", "cyan", "red"]))]
    )
    power = rng.uniform(0.3, 1.6)
    truth.record("colour_cast", power, 0.2, 0.5)
    truth.hide("purple")
    return np.asarray(light * gains**power, np.float32)


def expose(light: Light, processing: Processing, truth: Truth, rng: np.random.Generator, *, noisy: bool) -> Light:
    """Full well, shot and read noise (before any denoising), white balance, tone, sharpening: (H, W, 3) in 0 to 1."""
    clipped = np.clip(np.asarray(light, np.float32), 0, 1)
    noise = processing.noise
    if noisy:
        noise = between(rng, 0.012, 0.3)
    shape = clipped.shape
    coarse = rng.random() < 0.35
    seeds = _grain((shape[0], shape[1], 3), rng, coarse=coarse)
    if rng.random() < 0.4:
        seeds = 0.3 * seeds + 0.95 * seeds[..., :1]
    deviation = cv2.sqrt(clipped * (0.12 * noise) + 0.25 * noise**2)
    exposed = np.clip(clipped + deviation * seeds, 0, 1)
    if processing.denoise > 0 and (not noisy or rng.random() < 0.25):
        exposed = _denoise(exposed, processing.denoise)
    finished = power(exposed, 1 / processing.gamma)
    if noisy:
        clean = power(clipped, 1 / processing.gamma)
        left = float(np.std((finished - clean)[::2, ::2])) * 255 * (0.8 if coarse else 1.0)
        truth.record("noise", left, 7, 16)
        truth.hide("compression")
    if processing.stretch > 0:
        low, high = (float(one) for one in np.quantile(finished[::4, ::4], (0.01, 0.99)))
        low, high = processing.stretch * low, 1 - processing.stretch * (1 - high)
        finished = (finished - low) / max(0.2, high - low)
    if processing.sharpen > 0:
        reach = processing.reach * shape[1] / 352
        finished = finished + processing.sharpen * (finished - cv2.GaussianBlur(finished, (0, 0), reach))
    grey = luma(finished)[..., None]
    finished = grey + processing.saturation * (finished - grey)
    return np.asarray(np.clip(processing.black + (processing.white - processing.black) * finished, 0, 1), np.float32)


def _grain(shape: tuple[int, int, int], rng: np.random.Generator, *, coarse: bool) -> Light:
    if not coarse:
        return grain(shape, rng)
    small = grain((-(-shape[0] // 2), -(-shape[1] // 2), 3), rng)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR) * 1.6, np.float32)


def _denoise(exposed: Light, strength: float) -> Light:
    root = cv2.sqrt(np.asarray(exposed, np.float32))
    smooth = cv2.bilateralFilter(root, 5, 0.12 * strength, 2.0)
    return np.asarray(smooth**2, np.float32)
