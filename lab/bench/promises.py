"""What a measurement is held to: each promise with what was measured, so that a run ends with a clear answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Promise:
    """A figure that stays below a limit. `figure` is its key; a dot leads to a key inside it: `first_paint_s.max`."""

    says: str
    figure: str
    below: float


def compare_promises(found: Mapping[str, Any], promises: Iterable[Promise]) -> dict[str, str]:
    """Return by promise what was measured and whether it was kept."""
    answers = {}
    for promise in promises:
        value: Any = found
        for key in promise.figure.split("."):
            value = value[key]
        answers[promise.says] = f"{'kept' if value < promise.below else 'NOT KEPT'}: {value:.4g}"
    return answers
