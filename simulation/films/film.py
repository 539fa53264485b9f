"""Films of scenes: what moves, what the sensor adds, the clock, then x264 as a camera uses it.

A film is a row of takes: healthy, then with a fault. What is planted is planted into what does not move (the view, the
noise, those who cross it), once a take, so that a second of film costs a twentieth of a second. All by the seed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.faults import Fault
from simulation.fault_injection import FAULT_INJECTORS, FaultMoment, Picture, Strength
from simulation.fault_injection.lens import DEFOCUS_RADIUS
from simulation.fault_injection.light import amplify, defocus, to_light, to_picture
from simulation.fault_injection.sensor import GAIN
from simulation.films.clock_overlay import draw_clock
from simulation.films.film_writer import FilmWriter
from simulation.films.scenes import HEIGHT, WIDTH, Mover, SimulatedScene
from simulation.films.sprites import Sprite

FPS = 10
HEALTHY_CRF = 24
STARVED_CRF = 46

_NOISE_FIELDS = 6
_NOISE_MARGIN = 16


@dataclass(frozen=True, slots=True)
class Take:
    """`seconds` of a scene, healthy or with one fault."""

    seconds: float
    fault: Fault | None = None
    strength: Strength = Strength.SEVERE


@dataclass(frozen=True, slots=True)
class Film:
    """What is to be shot: a scene, its takes in order, what its clock shows at the start, the seed of all chance."""

    scene: SimulatedScene
    takes: tuple[Take, ...]
    clock: datetime
    seed: int = 0

    @property
    def seconds(self) -> float:
        return sum(take.seconds for take in self.takes)


@dataclass(frozen=True, slots=True, eq=False)
class _TakeParts:
    """What the pictures of one take are made of: the view, who crosses it, the noise, the coder's factor."""

    view: Picture
    actors: tuple[tuple[Mover, Sprite], ...]
    noise: tuple[NDArray[np.int8], ...]
    frozen: bool = False
    crf: int = HEALTHY_CRF


def write_film(film: Film, path: Path, *, progress: Callable[[float], None] = lambda _seconds: None) -> Path:
    """Write the film as H.264 in MP4 and return its path; `progress` hears of every second written."""
    with FilmWriter(path, (WIDTH, HEIGHT), FPS) as writer:
        for number, (picture, crf) in enumerate(draw_pictures(film), start=1):
            writer.add(picture, crf=crf)
            if number % FPS == 0:
                progress(number / FPS)
    return path


def draw_pictures(film: Film) -> Iterator[tuple[Picture, int]]:
    """Yield (picture with its clock, x264's rate factor), `FPS` a second."""
    healthy = _prepare_healthy(film.scene, film.seed)
    number = 0
    drawn = healthy.view
    for take in film.takes:
        made = healthy if take.fault is None else _apply_fault(film, healthy, take)
        for _ in range(round(take.seconds * FPS)):
            if not made.frozen:
                drawn = _draw_picture(made, number / FPS, film.seed + number)
            shown = drawn.copy()
            draw_clock(shown, film.clock + timedelta(seconds=number / FPS))
            yield shown, made.crf
            number += 1


def _prepare_healthy(scene: SimulatedScene, seed: int) -> _TakeParts:
    view = scene.view()
    actors = tuple((mover, _prepare_actor(mover, scene)) for mover in scene.movers)
    return _TakeParts(view, actors, _make_noise(view, scene, scene.gain, seed))


def _prepare_actor(mover: Mover, scene: SimulatedScene) -> Sprite:
    """Return who moves at the size and in the light of the scene."""
    sprite = mover.sprite().scale(round(mover.height * HEIGHT))
    sprite = sprite.mirror() if mover.leftwards else sprite
    colour = to_picture(to_light(sprite.colour) * np.float32(mover.gain))
    if scene.infrared:
        colour = np.asarray(cv2.cvtColor(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    return Sprite(colour, sprite.alpha)


def _make_noise(view: Picture, scene: SimulatedScene, gain: float, seed: int) -> tuple[NDArray[np.int8], ...]:
    """Return fields of what a sensor at this gain adds to the view, a margin wider than it; grey in infrared."""
    rng = np.random.default_rng(seed)
    wide = cv2.copyMakeBorder(view, *(_NOISE_MARGIN,) * 4, cv2.BORDER_REFLECT_101)
    light = to_light(np.asarray(wide[..., :1] if scene.infrared else wide, dtype=np.uint8))
    coded = to_picture(light).astype(np.int16).reshape(light.shape)
    fields = []
    for _ in range(_NOISE_FIELDS):
        seen = to_picture(amplify(light, gain, rng)).reshape(light.shape)
        added = np.clip(seen - coded, -127, 127).astype(np.int8)
        fields.append(np.ascontiguousarray(np.broadcast_to(added, wide.shape)))
    return tuple(fields)


def _apply_fault(film: Film, healthy: _TakeParts, take: Take) -> _TakeParts:
    """Return the set of a take with a fault, made from the healthy one."""
    special = _FAULT_TAKES.get(take.fault) if take.fault else None
    return special(film, healthy, take) if special else _inject_fault(film, healthy, take)


def _inject_fault(film: Film, healthy: _TakeParts, take: Take) -> _TakeParts:
    """Plant a fault of light or lens into the view and into all who cross it."""
    assert take.fault is not None
    injector, moment = FAULT_INJECTORS[take.fault], FaultMoment(60.0, take.strength, film.seed)
    actors = tuple(
        (mover, Sprite(injector(sprite.colour, sprite.colour, moment), sprite.alpha))
        for mover, sprite in healthy.actors
    )
    return replace(healthy, view=injector(healthy.view, healthy.view, moment), actors=actors)


def _blur_take(film: Film, healthy: _TakeParts, take: Take) -> _TakeParts:
    """Defocus the view, and those who cross it together with their outlines."""
    injector, moment = FAULT_INJECTORS[Fault.BLUR], FaultMoment(60.0, take.strength, film.seed)
    radius_px = DEFOCUS_RADIUS[take.strength] * WIDTH
    actors = tuple((mover, _defocus_sprite(sprite, radius_px)) for mover, sprite in healthy.actors)
    return replace(healthy, view=injector(healthy.view, healthy.view, moment), actors=actors)


def _defocus_sprite(sprite: Sprite, radius_px: float) -> Sprite:
    """Return the sprite out of focus, larger by the disc of confusion, its outline as soft as itself."""
    rim = (int(np.ceil(radius_px)),) * 4
    alpha = np.asarray(cv2.copyMakeBorder(sprite.alpha, *rim, cv2.BORDER_CONSTANT), dtype=np.float32)[..., None]
    light = to_light(np.asarray(cv2.copyMakeBorder(sprite.colour, *rim, cv2.BORDER_REPLICATE), dtype=np.uint8))
    soft = defocus(np.concatenate([light * alpha, alpha], axis=2), radius_px)
    outline = np.ascontiguousarray(soft[..., 3:])
    return Sprite(to_picture(np.asarray(soft[..., :3] / np.maximum(outline, 1e-3), dtype=np.float32)), outline)


def _cover_lens(film: Film, healthy: _TakeParts, take: Take) -> _TakeParts:
    """Cover the lens: no person is visible any more."""
    injector, moment = FAULT_INJECTORS[Fault.COVERED], FaultMoment(60.0, take.strength, film.seed)
    view = injector(healthy.view, healthy.view, moment)
    return replace(healthy, view=view, actors=(), noise=_make_noise(view, film.scene, film.scene.gain, film.seed + 1))


def _turn_camera(film: Film, healthy: _TakeParts, _take: Take) -> _TakeParts:
    """Turn the camera to the other end of its scene."""
    view = film.scene.view(turned=1.0)
    return replace(healthy, view=view, noise=_make_noise(view, film.scene, film.scene.gain, film.seed + 1))


def _raise_gain(film: Film, healthy: _TakeParts, take: Take) -> _TakeParts:
    """Turn the sensor's gain up to that of the noise plant."""
    noise = _make_noise(healthy.view, film.scene, GAIN[take.strength], film.seed + 1)
    return replace(healthy, noise=noise)


_FAULT_TAKES: Mapping[Fault, Callable[[Film, _TakeParts, Take], _TakeParts]] = {
    Fault.BLUR: _blur_take,
    Fault.COVERED: _cover_lens,
    Fault.CAMERA_MOVED: _turn_camera,
    Fault.NOISE: _raise_gain,
    Fault.FREEZE: lambda _film, healthy, _take: replace(healthy, frozen=True),
    Fault.BITRATE_STARVED: lambda _film, healthy, _take: replace(healthy, crf=STARVED_CRF),
}


def _draw_picture(made: _TakeParts, t_s: float, seed: int) -> Picture:
    """Return the picture of now without its clock: view, light drift, who crosses it, noise."""
    rng = np.random.default_rng(seed)
    light = 1 + 0.012 * np.sin(2 * np.pi * t_s / 47) + 0.004 * np.sin(2 * np.pi * t_s / 7.3)
    picture = np.asarray(cv2.convertScaleAbs(made.view, alpha=float(light)), dtype=np.uint8)
    for mover, sprite in made.actors:
        at = _find_position(mover, sprite, t_s)
        if at is not None:
            sprite.paste(picture, *at)
    field = made.noise[int(rng.integers(len(made.noise)))]
    top, left = (int(x) for x in rng.integers(0, 2 * _NOISE_MARGIN, 2))
    part = field[top : top + HEIGHT, left : left + WIDTH]
    return np.asarray(cv2.add(picture, part, dtype=cv2.CV_8U), dtype=np.uint8)


def _find_position(mover: Mover, sprite: Sprite, t_s: float) -> tuple[int, int] | None:
    """Return (left, top) of the person who crosses the view, bobbing a little, or None while there is none."""
    since = (t_s - mover.start_s) % mover.every_s
    if t_s < mover.start_s or since > mover.cross_s:
        return None
    height, width = sprite.colour.shape[:2]
    way = since / mover.cross_s
    left = round(-width + (WIDTH + width) * (1 - way if mover.leftwards else way))
    return left, round(mover.foot * HEIGHT - height + 0.006 * HEIGHT * np.sin(2 * np.pi * 1.8 * t_s))
