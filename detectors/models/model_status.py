"""Which models are on and which off, and why: what the operator chose, against the weights that are really there."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from detectors.models.catalogue import MODELS, Model
from detectors.models.model_choice import ModelChoice, wanted_models
from detectors.models.pictures import Detector
from detectors.models.weights import WeightsAbsent, WeightsFile, WeightsUnavailable
from domain.errors import ConfigError


class ModelState(StrEnum):
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """The state of one model."""

    model: Model
    choice: ModelChoice
    state: ModelState
    """On with its weights, or off."""
    reason: str
    """Why it is off, or what it does."""
    weights: WeightsFile | None = None
    detector: Detector | None = None
    """None while it is off."""
    looked_for: tuple[Path, ...] = ()
    """Every place asked for weights, up to the one that had them."""
    wanted: bool = False
    """Whether the operator asked for it, or it scores by default on this machine."""

    @property
    def judges(self) -> bool:
        return self.state is ModelState.ON and self.wanted and self.model.detector is not None

    @property
    def every_s(self) -> float:
        return self.model.every_s if self.choice.every_s is None else self.choice.every_s

    @property
    def summary(self) -> str:
        """What it does, or why it does nothing, in a sentence's end."""
        if self.state is ModelState.OFF:
            return self.reason
        if self.model.detector is None:
            return "an offline tool; never scores live pictures"
        if not self.wanted:
            return f"weights found, not used; to use them, set models.{self.model.name}.enabled: true"
        return f"scores a picture of each stream every {self.every_s:g} s"


def check_model(
    model: Model, choice: ModelChoice, downloads: Path | None, *, load: bool = True, wanted: bool | None = None
) -> ModelStatus:
    """Return the status of a model; with `load` its detector is made, which finds weights that do not fit.

    `wanted` is for a caller that knows of the other models and of the machine; None asks this choice alone.

    Raises ConfigError for an option that does not exist or has a wrong value. A model that has no weights, or the
    wrong ones, raises nothing: it is off.
    """
    if choice.enabled is False:
        return ModelStatus(model, choice, ModelState.OFF, f"switched off: models.{model.name}.enabled is false")
    if wanted is None:
        wanted = model.name in wanted_models([model], {model.name: choice})
    try:
        options = check_options(model, choice.options)
        file = model.weights(choice.path, downloads)
        detector = model.detector(choice.path, downloads, **options) if load and model.detector is not None else None
    except WeightsAbsent as error:
        return ModelStatus(model, choice, ModelState.OFF, str(error), looked_for=error.tried, wanted=wanted)
    except WeightsUnavailable as error:
        return ModelStatus(model, choice, ModelState.OFF, str(error), wanted=wanted)
    return ModelStatus(model, choice, ModelState.ON, "", file, detector, file.tried, wanted)


def check_models(
    choices: Mapping[str, ModelChoice],
    downloads: Path | None,
    *,
    load: bool = True,
    names: Collection[str] | None = None,
    gpu: bool = False,
) -> tuple[ModelStatus, ...]:
    """Return the status of every model, or of those of `names`; `gpu` as in `wanted_models`.

    Raises ConfigError for a choice about a model that is none.
    """
    unknown = sorted(set(choices) - set(MODELS))
    if unknown:
        raise ConfigError(f"models.{unknown[0]}: unknown model; known are {', '.join(MODELS)}")
    wanted = wanted_models(MODELS.values(), choices, gpu=gpu)
    return tuple(
        check_model(model, choices.get(name, ModelChoice()), downloads, load=load, wanted=name in wanted)
        for name, model in MODELS.items()
        if names is None or name in names
    )


def check_options(model: Model, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options as the detector's maker takes them. Raises ConfigError naming the one that is wrong."""
    checked: dict[str, Any] = {}
    for name, value in given.items():
        where = f"models.{model.name}.options.{name}"
        check = model.options.get(name)
        if check is None:
            known = f"known are {', '.join(model.options)}" if model.options else f"{model.name} has none"
            raise ConfigError(f"{where}: unknown option; {known}")
        try:
            checked[name] = check(value)
        except WeightsUnavailable:
            raise
        except (ConfigError, TypeError, ValueError, KeyError) as error:
            raise ConfigError(f"{where}: {error}") from error
    return checked
