"""What the operator chooses of a model. Needs no PyTorch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """What the operator says of one model; None and empty are the model's own defaults.

    A model that is no default is asked for by `enabled` or by a path.
    """

    enabled: bool | None = None
    path: Path | None = None
    every_s: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


class HasDefault(Protocol):
    """A model, or what is known of it."""

    @property
    def default(self) -> bool:
        """Whether it judges unasked."""
        ...


def is_wanted(model: HasDefault, choice: ModelChoice) -> bool:
    """Return whether a model shall judge where it can: switched on, given a path, or a default not switched off."""
    if choice.enabled is not None:
        return choice.enabled
    return model.default or choice.path is not None
