"""One camera's picture of a scene, in the camera's order: scene, lens, sensor, processor, encoder; and its truth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import cv2
import numpy as np

from lab.training.picture_faults import coding, lens, looks, overlays, sensor
from lab.training.picture_faults.faults import Truth
from lab.training.picture_faults.light import Light, Pixels, between, levels, linear
from lab.training.picture_faults.roads import road
from lab.training.picture_faults.sensor import Processing
from lab.training.picture_faults.wet_dome import wet_dome

LOOKS: Mapping[str, tuple[float, Callable[[Light, np.random.Generator], Light] | None]] = MappingProxyType(
    {
        "day": (0.29, None),
        "overcast": (0.22, looks.overcast),
        "white sky": (0.11, looks.white_sky),
        "dusk": (0.07, looks.dusk),
        "night": (0.08, looks.night),
        "infrared": (0.07, looks.infrared),
        "headlights": (0.02, looks.headlights),
        "sun": (0.03, looks.sun),
        "snow": (0.02, looks.snow),
        "grey": (0.02, looks.monochrome),
        "fisheye": (0.02, looks.fisheye),
        "thermal": (0.01, looks.thermal),
        "bare": (0.04, looks.bare),
    }
)


class Emphasis(StrEnum):
    """What the pictures show more often than others: nothing, grey daylight, or what a camera's first day asks."""

    NONE = "none"
    OVERCAST = "overcast"
    FIRST_DAY = "first day"


LOOK_WEIGHTS: Mapping[Emphasis, Mapping[str, float]] = MappingProxyType(
    {
        Emphasis.NONE: {name: share for name, (share, _) in LOOKS.items()},
        Emphasis.OVERCAST: {
            **{"day": 0.25, "overcast": 0.4, "white sky": 0.2, "dusk": 0.05, "infrared": 0.04, "night": 0.06}
        },
        Emphasis.FIRST_DAY: {
            **{"day": 0.46, "overcast": 0.18, "white sky": 0.08, "dusk": 0.08, "night": 0.05, "sun": 0.04},
            **{"snow": 0.04, "grey": 0.03, "bare": 0.02, "infrared": 0.02},
        },
    }
)
FAULT_WEIGHTS: Mapping[Emphasis, Mapping[tuple[str, ...], float]] = MappingProxyType(
    {
        Emphasis.OVERCAST: {
            **{("neutral_tint",): 0.14, ("tint",): 0.05, ("wet_film",): 0.15, ("condensation",): 0.1},
            **{("burnt_out",): 0.1, ("fog",): 0.04, ("defocus",): 0.03, ("drops",): 0.03, (): 0.36},
        },
        Emphasis.FIRST_DAY: {
            **{("wet_dome",): 0.16, ("condensation",): 0.04, ("wet_film",): 0.05, ("defocus",): 0.07},
            **{("defocus", "wet_dome"): 0.03, ("defocus", "fog"): 0.03, ("fog",): 0.07, ("burnt_out",): 0.09},
            **{("leak",): 0.06, ("tint",): 0.04, ("neutral_tint",): 0.08, ("noise",): 0.02, ("compression",): 0.01},
            **{("drops",): 0.02, ("cast",): 0.02, (): 0.4},
        },
    }
)
"""Weights of the faults where there is an emphasis; those that hide best in grey daylight, those of the first day."""
DARK_LOOKS = frozenset({"night", "infrared", "headlights"})
GREY_LOOKS = frozenset({"infrared", "grey", "thermal"})

LENS: Mapping[str, float] = MappingProxyType(
    {
        **{"defocus": 1.3, "motion_blur": 0.6, "condensation": 1.7, "drops": 1.1},
        **{"dirt": 1.0, "web": 0.7, "fog": 1.3, "cover": 1.6},
    }
)
SENSOR: Mapping[str, float] = MappingProxyType(
    {"burnt_out": 1.2, "too_dark": 0.8, "leak": 0.7, "tint": 0.5, "cast": 0.8, "noise": 0.9}
)
CODING: Mapping[str, float] = MappingProxyType({"compression": 0.7, "torn": 1.1})

SIZES: Mapping[str, tuple[tuple[int, int], ...]] = MappingProxyType(
    {
        "11:9": ((352, 288), (352, 288), (352, 288), (352, 240), (448, 366)),
        "4:3": ((320, 240), (384, 288), (448, 336), (448, 336), (416, 312)),
        "16:9": ((448, 252), (448, 252), (480, 270), (426, 240), (384, 216)),
    }
)
"""Width and height in pixels of the cameras, by the shape of their picture; larger ones are seen reduced anyway."""
FAULTY = 0.62
SECOND = 0.28
PAVED: Mapping[Emphasis, float] = MappingProxyType(
    {Emphasis.NONE: 0.3, Emphasis.OVERCAST: 0.3, Emphasis.FIRST_DAY: 0.12}
)
"""Share of the pictures into which a road or a yard is painted."""
UNBALANCED: Mapping[Emphasis, float] = MappingProxyType(
    {Emphasis.NONE: 0.035, Emphasis.OVERCAST: 0.035, Emphasis.FIRST_DAY: 0.015}
)
"""How far a healthy camera's white balance is off: deviation of the logarithm of each colour's light."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture (H, W, 3), its truth, the look it was taken in and the degradations that were applied."""

    picture: Pixels
    truth: Truth
    look: str
    faults: tuple[str, ...]


def shoot(
    photograph: Pixels, other: Pixels, shape: str, rng: np.random.Generator, emphasis: Emphasis = Emphasis.NONE
) -> Shot:
    """A picture of `photograph`'s scene; `other` lends what may stand in the foreground."""
    truth, faults = Truth(), _draw_faults(rng, emphasis)
    width, height = SIZES[shape][int(rng.integers(len(SIZES[shape])))]
    if faults == ("slate",):
        truth.targets["slate"] = 1.0
        drawn = overlays.slate((height, width), rng)
        sent = _encode(_even(drawn), (), truth, rng)
        truth.settle()
        return Shot(sent, truth, "slate", faults)
    odds = LOOK_WEIGHTS[emphasis]
    look = str(rng.choice(list(odds), p=list(odds.values())))
    if look in DARK_LOOKS | GREY_LOOKS and set(faults) & {"leak", "tint", "neutral_tint", "cast", "burnt_out"}:
        look = "day"
    return take(photograph, other, Taken((width, height), look, faults, emphasis), rng, truth)


@dataclass(frozen=True, slots=True)
class Taken:
    """How a picture is taken: its width and height, the look, the degradations, and whose processor finishes it.

    `processing`: None draws one. `maker`: cameras of one number have one lens, and code their pictures alike.
    """

    size: tuple[int, int]
    look: str
    faults: tuple[str, ...] = ()
    emphasis: Emphasis = Emphasis.NONE
    processing: Processing | None = None
    maker: int | None = None


def take(photograph: Pixels, other: Pixels, how: Taken, rng: np.random.Generator, truth: Truth) -> Shot:
    """A picture of `photograph`'s scene as `how` says, its truth added to `truth`; no slate."""
    look, faults, emphasis = how.look, how.faults, how.emphasis
    made = rng if how.maker is None else np.random.default_rng(how.maker)
    scene = linear(_build_frame(photograph, how.size, rng), rng)
    if rng.random() < PAVED[emphasis] and look not in ("bare", "fisheye", "thermal"):
        scene = road(scene, rng)
    scene = _soften(_scene(scene, other, look, rng), made)
    scene = np.asarray(scene * np.exp(rng.normal(0, UNBALANCED[emphasis], 3)), np.float32)
    for fault in faults:
        scene = _apply_before_sensor(scene, fault, look, truth, rng)
    if rng.random() < 0.5 and look not in DARK_LOOKS and not set(faults) & {"burnt_out", "too_dark"}:
        scene = sensor.expose_by_itself(scene, rng)
    finished = sensor.expose(scene, how.processing or Processing.draw(rng), truth, rng, noisy="noise" in faults)
    if look == "thermal":
        truth.hide("defocus", "colour_cast", "fog")
    picture = levels(_soft(finished, made))
    if made.random() < 0.25:
        picture = _bleed(picture, made)
    if look in GREY_LOOKS and rng.random() < 0.8:
        picture = np.repeat(picture[..., 1:2], 3, axis=2)
    if rng.random() < 0.6:
        picture = overlays.burn_in(picture, rng)
    sent = _encode(_even(picture), faults, truth, made)
    truth.settle()
    return Shot(sent, truth, look, faults)


def look_at(photograph: Pixels, shape: str, rng: np.random.Generator) -> Pixels:
    """What a healthy camera shows of a photograph, with the photograph's own faults."""
    width, height = SIZES[shape][int(rng.integers(len(SIZES[shape])))]
    scene = linear(_build_frame(photograph, (width, height), rng), rng)
    if rng.random() < 0.4:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), between(rng, 0.25, 0.7) * width / 352), np.float32)
    scene = np.asarray(scene * np.exp(rng.normal(0, UNBALANCED[Emphasis.FIRST_DAY], 3)), np.float32)
    truth = Truth()
    picture = levels(_soft(sensor.expose(scene, Processing.draw(rng), truth, rng, noisy=False), rng))
    if rng.random() < 0.2:
        picture = _bleed(picture, rng)
    if rng.random() < 0.6:
        picture = overlays.burn_in(picture, rng)
    return _encode(_even(picture), (), truth, rng)


def _scene(scene: Light, other: Pixels, look: str, rng: np.random.Generator) -> Light:
    """`scene` in this look; `other` is a photograph that lends a foreground."""
    height, width = scene.shape[:2]
    size = (width, height)
    if rng.random() < 0.15:
        scene = looks.foreground(scene, linear(_build_frame(other, size, rng), rng) * between(rng, 0.3, 1.5), rng)
    if rng.random() < 0.5:
        scene = looks.pale(scene, rng)
    change = LOOKS[look][1]
    if change is not None:
        scene = change(scene, rng)
    if look not in DARK_LOOKS and look != "dusk":
        scene = scene * between(rng, 0.7, 1.5)
    return scene


def _soften(scene: Light, rng: np.random.Generator) -> Light:
    """The lens: never quite sharp."""
    if rng.random() < 0.6:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), between(rng, 0.25, 1.1) * scene.shape[1] / 352), np.float32)
    return scene


def _apply_before_sensor(scene: Light, fault: str, look: str, truth: Truth, rng: np.random.Generator) -> Light:
    if fault == "web":
        return lens.web(scene, truth, rng, lit=look in DARK_LOOKS)
    step = STEPS.get(fault)
    return scene if step is None else step(scene, truth, rng)


STEPS: Mapping[str, Callable[[Light, Truth, np.random.Generator], Light]] = MappingProxyType(
    {
        "defocus": lens.defocus,
        "motion_blur": lens.motion,
        "condensation": lens.condensation,
        "drops": lens.drops,
        "dirt": lens.dirt,
        "fog": lens.fog,
        "cover": lens.cover,
        "burnt_out": sensor.burn_out,
        "too_dark": sensor.darken,
        "leak": sensor.leak_infrared,
        "tint": sensor.tint_purple,
        "neutral_tint": sensor.tint_neutrals,
        "wet_film": lens.wet_film,
        "wet_dome": wet_dome,
        "cast": sensor.cast,
    }
)


def _draw_faults(rng: np.random.Generator, emphasis: Emphasis) -> tuple[str, ...]:
    """None, one, or two degradations, mostly of different stages, in the camera's order; rarely a slate."""
    if emphasis is not Emphasis.NONE:
        choices = FAULT_WEIGHTS[emphasis]
        shares = np.array(list(choices.values()))
        return list(choices)[int(rng.choice(len(choices), p=shares / shares.sum()))]
    if rng.random() > FAULTY:
        return ()
    if rng.random() < 0.04:
        return ("slate",)
    stages = (LENS, SENSOR, CODING)
    weights = np.array([sum(stage.values()) for stage in stages])
    count = 2 if rng.random() < SECOND else 1
    chosen = sorted(rng.choice(3, size=count, replace=False, p=weights / weights.sum()).tolist())
    names = []
    for stage in chosen:
        odds = np.array(list(stages[stage].values()))
        names.append(str(rng.choice(list(stages[stage]), p=odds / odds.sum())))
    return tuple(names)


def _build_frame(photograph: Pixels, size: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """A part of the photograph of the shape wanted, as large as it fits or down to 70 % of it, perhaps mirrored."""
    height, width = photograph.shape[:2]
    fit = min(width / size[0], height / size[1]) * rng.uniform(0.7, 1.0)
    wide, tall = int(size[0] * fit), int(size[1] * fit)
    left, top = int(rng.integers(0, width - wide + 1)), int(rng.integers(0, height - tall + 1))
    part = photograph[top : top + tall, left : left + wide]
    part = part[:, ::-1] if rng.random() < 0.5 else part
    how = cv2.INTER_AREA if wide > size[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.ascontiguousarray(part), size, interpolation=how), np.uint8)


def _soft(finished: Light, rng: np.random.Generator) -> Light:
    """Cheap lenses and scaled-up pictures: soft, and healthy."""
    kind = rng.random()
    height, width = finished.shape[:2]
    if kind < 0.12:
        return np.asarray(cv2.GaussianBlur(finished, (0, 0), rng.uniform(0.3, 0.9) * width / 352), np.float32)
    if kind < 0.27:
        factor = rng.uniform(1.1, 1.7)
        small = cv2.resize(finished, (int(width / factor), int(height / factor)), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    return finished


def _bleed(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Colour of little bandwidth, as composite video and coarse chroma leave it."""
    luma, *colours = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb))
    sigma = between(rng, 0.8, 4.0) * picture.shape[1] / 352
    soft = [cv2.GaussianBlur(one, (0, 0), sigmaX=sigma, sigmaY=0.6) for one in colours]
    return np.asarray(cv2.cvtColor(cv2.merge([luma, *soft]), cv2.COLOR_YCrCb2RGB), np.uint8)


def _encode(picture: Pixels, faults: tuple[str, ...], truth: Truth, rng: np.random.Generator) -> Pixels:
    """Encoded and decoded: torn, coded coarsely, or as a healthy camera does."""
    if "torn" in faults:
        return coding.tear(picture, truth, rng)
    if "compression" in faults:
        return coding.compress(picture, truth, rng)
    kind = rng.random()
    if kind < 0.55:
        return coding.healthy_jpeg(picture, truth, rng)
    return coding.healthy_stream(picture, truth, rng) if kind < 0.9 else picture


def _even(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    return np.ascontiguousarray(picture[: height // 2 * 2, : width // 2 * 2])
