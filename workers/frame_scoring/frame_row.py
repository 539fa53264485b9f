"""One frame's numbers while its unit is scored."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from domain.frames import Frame

NOT_MEASURABLE = "cannot be measured in this picture"


@dataclass(slots=True)
class FrameRow:
    """What is known of one frame so far. `remembered` holds one tensor row per temporal detector.

    `due` names the models that judge this frame though not every one; `models` maps whoever judged it to a fingerprint.
    """

    frame: Frame
    due: frozenset[str] = frozenset()
    models: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    remembered: dict[str, Tensor] = field(default_factory=dict)
    structure: Tensor | None = None

    def take(self, numbers: Mapping[str, float], why_not: str = NOT_MEASURABLE) -> None:
        """Keep the finite numbers; the others are missing with a reason, never zero."""
        for key, value in numbers.items():
            if math.isfinite(value):
                self.numbers[key] = value
            else:
                self.missing[key] = why_not


def rows_from_columns(columns: Mapping[str, Tensor], count: int) -> list[dict[str, float]]:
    """Turn (N,) tensors by metric into one mapping a frame, with a single copy from the device."""
    if not columns:
        return [{} for _ in range(count)]
    table = torch.stack([column.to(torch.float32) for column in columns.values()], dim=1).cpu().tolist()
    return [dict(zip(columns, line, strict=True)) for line in table]
