"""Pictures with their true face boxes: PASCAL VOC annotations, a file a picture, as the face-mask set has them."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from domain.errors import ConfigError

LAYOUTS = (("faces/facemask", "annotations/facemask"), ("images", "annotations"))
"""Folders of pictures and of annotations, the one this project keeps first, then the publisher's."""


@dataclass(frozen=True, slots=True)
class FacePicture:
    """A picture file and its faces (K, 4) left, top, right, bottom in pixels."""

    path: Path
    boxes: Tensor


def read_facemask(root: Path) -> list[FacePicture]:
    """All annotated pictures by name. Raises ConfigError for an annotation without picture, box or sense."""
    for pictures, annotations in LAYOUTS:
        if (root / annotations).is_dir() and (root / pictures).is_dir():
            return _read(root / pictures, root / annotations)
    wanted = " or ".join(f"{pictures} and {annotations}" for pictures, annotations in LAYOUTS)
    raise ConfigError(f"{root} is not the face-mask set: it needs the folders {wanted}")


def _read(pictures: Path, annotations: Path) -> list[FacePicture]:
    tables = sorted(annotations.glob("*.xml"))
    if not tables:
        raise ConfigError(f"{annotations} holds no annotations (.xml)")
    files = {path.stem: path for path in pictures.iterdir()}
    found = []
    for table in tables:
        if table.stem not in files:
            raise ConfigError(f"{table} has faces, but {pictures} has no picture {table.stem}")
        found.append(FacePicture(files[table.stem], _boxes(table)))
    return found


def _boxes(table: Path) -> Tensor:
    """Boxes (K, 4) of one annotation; pixels count from 1 there, and a box's last pixel is part of it."""
    try:
        objects = ET.parse(table).getroot().findall("object/bndbox")
        rows = [[float(box.findtext(side, "")) for side in ("xmin", "ymin", "xmax", "ymax")] for box in objects]
    except (ET.ParseError, ValueError) as error:
        raise ConfigError(f"{table} is not an annotation in PASCAL VOC's form: {error}") from error
    if not rows:
        raise ConfigError(f"{table} names no face")
    return torch.tensor(rows) - torch.tensor([1.0, 1.0, 0.0, 0.0])
