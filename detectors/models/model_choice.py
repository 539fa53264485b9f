"""What the operator chooses of a model. Needs no PyTorch."""

from collections.abc import Iterable, Mapping
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
    def name(self) -> str: ...

    @property
    def default(self) -> bool:
        """Whether it runs by default on any machine."""
        ...

    @property
    def family(self) -> str:
        """Models of one family measure the same; one of them judges. Empty for a model of its own."""
        ...


def is_asked_for(choice: ModelChoice) -> bool:
    """Return whether the operator asks for a model: switched on, or given a path and not switched off."""
    return choice.path is not None if choice.enabled is None else choice.enabled


def wanted_models(
    models: Iterable[HasDefault], choices: Mapping[str, ModelChoice], *, gpu: bool = False
) -> frozenset[str]:
    """Return which models run where they have weights.

    Those asked for. Unasked, on a CPU the defaults, with a `gpu` every model; nobody's default where another of its
    family is asked for, and nothing that is switched off.
    """
    known = list(models)
    asked = {one.name for one in known if is_asked_for(choices.get(one.name, ModelChoice()))}
    taken = {one.family for one in known if one.name in asked and one.family}
    free = [one for one in known if choices.get(one.name, ModelChoice()).enabled is None and one.family not in taken]
    chosen = {one.name for one in free if one.default or (gpu and not one.family)}
    return frozenset(asked | chosen)
