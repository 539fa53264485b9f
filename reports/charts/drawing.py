"""What charts are drawn with: a few shapes in points from the top left. HTML and PDF render the same ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    left: float
    top: float
    width: float
    height: float
    fill: str = "none"
    stroke: str = "none"


@dataclass(frozen=True, slots=True)
class Line:
    points: Sequence[Point]
    stroke: str = "#222222"
    width: float = 0.6
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A closed outline."""

    points: Sequence[Point]
    fill: str = "#dddddd"
    stroke: str = "none"


@dataclass(frozen=True, slots=True)
class Label:
    """Text of a chart; lengths in points."""

    left: float
    """Of the anchor, from the left edge."""
    baseline: float
    """From the upper edge."""
    text: str
    size: float = 8.0
    anchor: str = "start"
    """`start`, `middle` or `end`."""
    bold: bool = False
    turned: bool = False
    """It runs upwards."""


Shape: TypeAlias = Box | Line | Area | Label


@dataclass(frozen=True, slots=True)
class Drawing:
    """One chart; `title` says in a sentence what it shows, for who cannot see it."""

    width: float
    height: float
    title: str
    shapes: Sequence[Shape] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Ink:
    """How one kind of time is filled, distinguished by its grey alone: a fill and lines drawn over it.

    `hatch` is the distance of the lines in points, 0 for none; `rising` slants them, otherwise they lie flat.
    """

    fill: str
    hatch: float = 0.0
    rising: bool = True
    stroke: str = "#222222"


INKS = {
    "usable": Ink("#e9f3ec"),
    "fault": Ink("#8f1d1d"),
    "not_assessable": Ink("#ffffff", 3.0),
    "unknown": Ink("#c9c9c9"),
    "maintenance": Ink("#ffffff", 2.5, rising=False),
    "unwatched": Ink("#ffffff"),
}


def draw_inked_box(box: Box, ink: Ink) -> Iterator[Shape]:
    """Give a box filled with an ink, its hatching cut to its edges."""
    yield Box(box.left, box.top, box.width, box.height, ink.fill, ink.stroke)
    if not ink.hatch or box.width <= 0 or box.height <= 0:
        return
    yield from _draw_slanted_lines(box, ink) if ink.rising else _draw_flat_lines(box, ink)


def _draw_flat_lines(box: Box, ink: Ink) -> Iterator[Shape]:
    at = box.top + ink.hatch
    while at < box.top + box.height:
        yield Line(((box.left, at), (box.left + box.width, at)), ink.stroke, 0.35)
        at += ink.hatch


def _draw_slanted_lines(box: Box, ink: Ink) -> Iterator[Shape]:
    """Give lines at 45 degrees: each is x + y = c, cut where it leaves the box."""
    right, bottom = box.left + box.width, box.top + box.height
    total = box.left + box.top + ink.hatch
    while total < right + bottom:
        low = (max(box.left, total - bottom), min(bottom, total - box.left))
        high = (min(right, total - box.top), max(box.top, total - right))
        if high[0] > low[0]:
            yield Line((low, high), ink.stroke, 0.35)
        total += ink.hatch
