"""One frame's numbers while its batch is scored."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.metrics.functional.edge_directions import unpack_structure
from detectors.metrics.meter import NOT_MEASURABLE
from domain.frames import Frame, FrameMeasurement


@dataclass(slots=True)
class FrameRow:
    """What is known of one frame so far.

    `due` names the models that run on this frame but not on every one; `models` maps those that ran to a fingerprint.
    """

    frame: Frame
    due: frozenset[str] = frozenset()
    models: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    structure: NDArray[np.float32] | None = None

    @staticmethod
    def of(frame: Frame, measured: FrameMeasurement) -> "FrameRow":
        """Return a frame's row with what was measured of it."""
        return FrameRow(
            frame,
            models=dict(measured.models),
            numbers=dict(measured.values),
            missing=dict(measured.missing),
            structure=None if measured.structure is None else unpack_structure(measured.structure),
        )

    def take(self, numbers: Mapping[str, float], reason: str = NOT_MEASURABLE) -> None:
        """Keep the finite numbers; the others are missing with a reason, never zero."""
        for key, value in numbers.items():
            if math.isfinite(value):
                self.numbers[key] = value
            else:
                self.missing[key] = reason


def rows_from_columns(columns: Mapping[str, Tensor], count: int) -> list[dict[str, float]]:
    """Turn (N,) tensors by metric into one mapping a frame, with a single copy from the device."""
    if not columns:
        return [{} for _ in range(count)]
    table = torch.stack([column.to(torch.float32) for column in columns.values()], dim=1).cpu().tolist()
    return [dict(zip(columns, line, strict=True)) for line in table]
