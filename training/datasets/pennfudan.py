"""True boxes of people in Penn-Fudan's photographs: its PASCAL annotations, as distributed."""

import re
from pathlib import Path

import numpy as np

from domain.errors import ConfigError
from training.datasets.mot import Boxes

PENN_FUDAN_BOX = re.compile(r"\(Xmin, Ymin\) - \(Xmax, Ymax\) : \((\d+), (\d+)\) - \((\d+), (\d+)\)")


def penn_fudan(images: Path, annotations: Path) -> list[tuple[Path, Boxes]]:
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
