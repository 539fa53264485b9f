"""True boxes of people in a MOT Challenge sequence: its `gt/gt.txt`, as distributed."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from domain.errors import ConfigError

Boxes = NDArray[np.float32]
"""(m, 4) left, top, right, bottom in pixels from 0."""


def read_mot_boxes(sequence: Path, *, pictures: int, scale: float = 1.0) -> list[Boxes]:
    """Every picture's boxes of a MOT sequence folder, multiplied by `scale`; rows marked 0 are left out, as MOT does.

    Rows are `frame, id, left, top, width, height, counts, …`, frames and pixels from 1. Raises ConfigError for a
    missing file, a row that is no box, and a frame beyond `pictures`.
    """
    table = sequence / "gt" / "gt.txt"
    if not table.is_file():
        raise ConfigError(f"{table} is missing: point to a MOT sequence with its ground truth")
    found: list[list[tuple[float, ...]]] = [[] for _ in range(pictures)]
    for number, line in enumerate(table.read_text(encoding="ascii").splitlines(), start=1):
        try:
            frame, _, left, top, width, height, counts = (float(field) for field in line.split(",")[:7])
        except ValueError as error:
            raise ConfigError(f"{table} line {number} is not a box: {line!r}") from error
        if not 1 <= frame <= pictures:
            raise ConfigError(f"{table} line {number} is of frame {frame:.0f}, but the clip has {pictures}")
        if counts:
            found[int(frame) - 1].append((left - 1, top - 1, left - 1 + width, top - 1 + height))
    return [np.array(boxes, np.float32).reshape(-1, 4) * np.float32(scale) for boxes in found]


PENN_FUDAN_BOX = re.compile(r"\(Xmin, Ymin\) - \(Xmax, Ymax\) : \((\d+), (\d+)\) - \((\d+), (\d+)\)")


def read_penn_fudan(images: Path, annotations: Path) -> list[tuple[Path, Boxes]]:
    """Every picture with its boxes, by name. Raises ConfigError for an annotation without picture or without boxes."""
    tables = sorted(annotations.rglob("FudanPed*.txt")) + sorted(annotations.rglob("PennPed*.txt"))
    if not tables:
        raise ConfigError(f"{annotations} holds no Penn-Fudan annotations")
    found = []
    for table in tables:
        pictures = sorted(images.rglob(f"{table.stem}.png"))
        if not pictures:
            raise ConfigError(f"{table} has boxes, but {images} has no {table.stem}.png")
        rows = PENN_FUDAN_BOX.findall(table.read_text(encoding="latin-1"))
        if not rows:
            raise ConfigError(f"{table} names no box")
        corners = np.array(rows, np.float32) - np.array([1, 1, 0, 0], np.float32)
        found.append((pictures[0], corners))
    return found
