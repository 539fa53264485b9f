"""Nine fixed views made of photographs that scikit-image ships, with what moves through them and how their sensors see.

Two are at night. A scene is wider than its view, so that a camera that is turned sees something new.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.fault_injection.light import to_light, to_picture
from simulation.films.sprites import Sprite, coin, horse, load_photograph, motorcycle, walker

WIDTH, HEIGHT = 640, 360
"""Every view, in pixels."""

Backdrop = NDArray[np.uint8]
"""(at least HEIGHT, at least WIDTH, 3) RGB: all that the camera could see; the view is a part of it."""


@dataclass(frozen=True, slots=True)
class Mover:
    """Something that crosses the view again and again."""

    sprite: Callable[[], Sprite]
    height: float
    """Share of the view's height."""
    foot: float
    """Where it stands: share of the view's height from above."""
    cross_s: float
    """From side to side."""
    every_s: float
    """Between two crossings."""
    start_s: float = 0.0
    leftwards: bool = False
    """It goes from right to left."""
    gain: float = 1.0
    """Multiplies its light."""


@dataclass(frozen=True, slots=True)
class SimulatedScene:
    """One camera's world. `gain` multiplies its sensor's noise; `infrared` makes it a night camera without colour."""

    name: str
    backdrop: Callable[[], Backdrop]
    movers: tuple[Mover, ...]
    gain: float = 0.2
    night: bool = False
    infrared: bool = False

    def view(self, turned: float = 0.0) -> NDArray[np.uint8]:
        """Return the (HEIGHT, WIDTH, 3) view: the scene's lower left, or `turned` (0 … 1) towards its upper right."""
        whole = self.backdrop()
        left = round(turned * (whole.shape[1] - WIDTH))
        top = round((1 - turned) * (whole.shape[0] - HEIGHT))
        return np.ascontiguousarray(whole[top : top + HEIGHT, left : left + WIDTH])


def _cut_part(name: str, top: float, left: float = 0.0, width: float = 1.0) -> Backdrop:
    """Return part of a photograph: `width` of it from `left`, cut to the view's shape from `top` (shares), enlarged."""
    picture = load_photograph(name)
    height_px, width_px = picture.shape[:2]
    x0, x1 = round(left * width_px), round((left + width) * width_px)
    rows = round((x1 - x0) * HEIGHT / WIDTH)
    y0 = min(round(top * height_px), height_px - rows)
    part = picture[y0 : y0 + rows, x0:x1]
    return _sharpen(cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC))


def _sharpen(picture: NDArray[np.generic]) -> Backdrop:
    """Undo the softness of enlarging, as a camera's own sharpening does."""
    soft = cv2.GaussianBlur(np.asarray(picture, dtype=np.uint8), (0, 0), 1.2)
    return np.asarray(cv2.addWeighted(np.asarray(picture, dtype=np.uint8), 1.6, soft, -0.6, 0), dtype=np.uint8)


def _draw_ground(name: str, tint: tuple[float, float, float], width: int, rows: int) -> NDArray[np.uint8]:
    """Lay a texture on the ground in perspective, `rows` high, tinted."""
    texture = np.tile(load_photograph(name), (2, 2, 1))
    side = texture.shape[0]
    seen = np.array([[0.15, 0], [0.85, 0], [1.0, 1], [0.0, 1]], dtype=np.float32) * side
    target = np.array([[0, 0], [width, 0], [width, rows], [0, rows]], dtype=np.float32)
    laid = cv2.warpPerspective(
        texture, cv2.getPerspectiveTransform(seen[[3, 2, 1, 0]], target[[0, 1, 2, 3]]), (width, rows)
    )
    return _tint(laid, tint)


def _tint(picture: NDArray[np.generic], tint: tuple[float, float, float]) -> NDArray[np.uint8]:
    return to_picture(to_light(np.asarray(picture, dtype=np.uint8)) * np.array(tint, dtype=np.float32))


def _draw_yard(wall: tuple[float, float, float], ground: str, earth: tuple[float, float, float]) -> Backdrop:
    """A brick wall with a notice, a window and a door, and the ground before it; wider than the view."""
    width = round(1.6 * WIDTH)
    horizon = round(0.52 * HEIGHT)
    bricks = cv2.rotate(load_photograph("brick.png"), cv2.ROTATE_90_CLOCKWISE)
    bricks = np.asarray(cv2.resize(bricks, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    tiled = np.tile(bricks, (1, width // bricks.shape[1] + 1, 1))[:horizon, :width]
    picture = np.vstack([_tint(tiled, wall), _draw_ground(ground, earth, width, HEIGHT - horizon)])
    _hang(picture, "coins.png", (0.12, 0.08), 0.11)
    _hang(picture, "rocket.jpg", (0.33, 0.08), 0.16)
    _hang(picture, "coffee.png", (0.62, 0.12), 0.12)
    _hang(picture, "text.png", (0.82, 0.10), 0.13)
    cv2.rectangle(
        picture, (round(0.50 * width), round(0.13 * HEIGHT)), (round(0.57 * width), horizon), (58, 44, 34), -1
    )
    cv2.rectangle(picture, (round(0.50 * width), round(0.13 * HEIGHT)), (round(0.57 * width), horizon), (25, 20, 16), 3)
    shade = np.ones((HEIGHT, 1, 1), dtype=np.float32)
    shade[horizon : horizon + 14, 0, 0] = np.linspace(0.35, 1, 14)
    return to_picture(to_light(picture) * shade)


def _hang(picture: NDArray[np.uint8], name: str, at: tuple[float, float], width: float) -> None:
    """Hang a framed photograph on the wall at (x, y), `width` of the picture wide."""
    hung = load_photograph(name)
    columns = round(width * picture.shape[1])
    rows = round(columns * hung.shape[0] / hung.shape[1])
    x, y = round(at[0] * picture.shape[1]), round(at[1] * picture.shape[0])
    picture[y - 4 : y + rows + 4, x - 4 : x + columns + 4] = (38, 36, 34)
    picture[y : y + rows, x : x + columns] = cv2.resize(hung, (columns, rows), interpolation=cv2.INTER_AREA)


def _light_by_infrared(picture: NDArray[np.uint8], light: float) -> NDArray[np.uint8]:
    """Take the colour away and light the view by a lamp at the camera: bright in the middle, falling to the rims."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    lamp = (
        light * np.exp(-(((x - width / 2) / (0.45 * width)) ** 2) - ((y - 0.62 * height) / (0.5 * height)) ** 2) + 0.01
    )
    grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return to_picture(to_light(np.asarray(grey, dtype=np.uint8)) * lamp[..., None])


@cache
def _gate() -> Backdrop:
    return _draw_yard((1.25, 0.72, 0.55), "gravel.png", (0.92, 0.86, 0.78))


@cache
def _garden() -> Backdrop:
    return np.ascontiguousarray(_draw_yard((0.95, 0.88, 0.78), "grass.png", (0.75, 1.0, 0.42))[:, ::-1])


@cache
def _yard_at_night() -> Backdrop:
    by_day = _draw_yard((1.0, 0.9, 0.8), "gravel.png", (1.1, 1.1, 1.1))[:, :WIDTH]
    return _light_by_infrared(np.ascontiguousarray(by_day), 0.5)


@cache
def _garage() -> Backdrop:
    whole = load_photograph("motorcycle_left.png")
    return _sharpen(cv2.resize(whole, None, fx=1.3, fy=1.3, interpolation=cv2.INTER_CUBIC))


@cache
def _workshop() -> Backdrop:
    return np.ascontiguousarray(_cut_part("motorcycle_right.png", 0.0, 0.28, 0.72)[:, ::-1])


@cache
def _counter() -> Backdrop:
    return _cut_part("coffee.png", 0.06)


@cache
def _gallery() -> Backdrop:
    floor = round(0.62 * HEIGHT)
    plank = load_photograph("coffee.png")[10:110, 420:]
    wood = cv2.resize(np.hstack([plank, plank[:, ::-1], plank]), (WIDTH, HEIGHT - floor))
    light = np.linspace(0.62, 0.42, WIDTH, dtype=np.float32)[None, :, None] * np.array((1, 0.97, 0.9), dtype=np.float32)
    wall = to_picture(np.broadcast_to(light, (floor, WIDTH, 3)).astype(np.float32))
    picture = np.vstack([wall, _sharpen(wood)])
    picture[floor - 10 : floor] = (96, 72, 54)
    for name, x, y, width in (
        ("astronaut.png", 0.06, 0.10, 0.20),
        ("chelsea.png", 0.34, 0.14, 0.22),
        ("ihc.png", 0.63, 0.12, 0.12),
        ("motorcycle_left.png", 0.80, 0.16, 0.17),
    ):
        _hang(picture, name, (x, y), width)
    return picture


@cache
def _park() -> Backdrop:
    return _cut_part("camera.png", 0.1)


@cache
def _launch_pad() -> Backdrop:
    return to_picture(to_light(_cut_part("rocket.jpg", 0.14)) * np.float32(0.35))


SCENES: Mapping[str, SimulatedScene] = {
    scene.name: scene
    for scene in (
        SimulatedScene(
            "gate",
            _gate,
            (
                Mover(walker, height=0.42, foot=0.92, cross_s=7, every_s=11, start_s=2),
                Mover(motorcycle, height=0.34, foot=0.97, cross_s=4, every_s=17, start_s=6, leftwards=True),
            ),
        ),
        SimulatedScene(
            "garden",
            _garden,
            (
                Mover(horse, height=0.36, foot=0.90, cross_s=9, every_s=14, start_s=1),
                Mover(walker, height=0.40, foot=0.95, cross_s=8, every_s=23, start_s=5, leftwards=True),
            ),
        ),
        SimulatedScene(
            "yard-night",
            _yard_at_night,
            (
                Mover(walker, height=0.42, foot=0.92, cross_s=8, every_s=12, start_s=3),
                Mover(horse, height=0.33, foot=0.88, cross_s=10, every_s=25, start_s=8, leftwards=True),
            ),
            gain=0.45,
            night=True,
            infrared=True,
        ),
        SimulatedScene(
            "garage",
            _garage,
            (Mover(walker, height=0.62, foot=1.02, cross_s=6, every_s=10, start_s=1, leftwards=True),),
        ),
        SimulatedScene(
            "workshop", _workshop, (Mover(walker, height=0.70, foot=1.04, cross_s=6, every_s=9, start_s=2),)
        ),
        SimulatedScene(
            "counter",
            _counter,
            (
                Mover(coin, height=0.20, foot=0.95, cross_s=5, every_s=9, start_s=2),
                Mover(coin, height=0.18, foot=0.40, cross_s=6, every_s=13, start_s=4, leftwards=True),
            ),
        ),
        SimulatedScene(
            "gallery",
            _gallery,
            (
                Mover(walker, height=0.60, foot=0.95, cross_s=6, every_s=10, start_s=3, leftwards=True),
                Mover(walker, height=0.66, foot=1.0, cross_s=7, every_s=16, start_s=8),
            ),
        ),
        SimulatedScene("park", _park, (Mover(walker, height=0.80, foot=1.10, cross_s=7, every_s=12, start_s=2),)),
        SimulatedScene(
            "launch-pad",
            _launch_pad,
            (
                Mover(walker, height=0.20, foot=0.98, cross_s=9, every_s=13, start_s=2, gain=0.12),
                Mover(motorcycle, height=0.16, foot=0.99, cross_s=5, every_s=17, start_s=7, leftwards=True, gain=0.2),
            ),
            gain=0.45,
            night=True,
        ),
    )
}
