"""What the settings choose for the processes that read cameras. Needs no PyTorch."""

from collections.abc import Mapping
from pathlib import Path

from detectors.models.model_choice import ModelChoice, wanted_models
from detectors.models.model_table import read_model_table
from ingest.supervise.ipc import ReaderSetup
from sightline.config.sections import ModelSettings
from sightline.config.settings import Settings


def make_reader_setup(settings: Settings, judging: Mapping[str, float] | None = None) -> ReaderSetup:
    """Return how reading processes work: what they measure, and how often models judge a picture.

    `judging` are the models of the worker in this process, with the seconds between their pictures: a model without
    weights gets none. For None workers run elsewhere, where weights and the GPU that `device: auto` finds are: every
    wanted model may get pictures, and does as long as no worker says in the live state which models it has. Models
    that judge only on a GPU take those that go along for the others.
    """
    metrics = None if settings.detectors is None else tuple(settings.detectors)
    every_s = _wanted_models(settings) if judging is None else judging
    return ReaderSetup(limits=settings.ingest.limits(), metrics=metrics, model_every_s=dict(every_s))


def _wanted_models(settings: Settings) -> Mapping[str, float]:
    choices, names, table = model_choices(settings), settings.detectors, read_model_table()
    wanted = wanted_models(table.values(), choices, gpu=settings.device == "cuda")
    return {
        name: model.every_s if choice.every_s is None else choice.every_s
        for name, model in table.items()
        for choice in [choices.get(name, ModelChoice())]
        if model.live and (name in wanted if names is None else name in names)
    }


def model_choices(settings: Settings) -> dict[str, ModelChoice]:
    """Return what the settings say of each model that they name."""
    return {name: _choice(chosen) for name, chosen in settings.models.items()}


def _choice(chosen: ModelSettings) -> ModelChoice:
    path = Path(chosen.path).expanduser() if chosen.path else None
    return ModelChoice(chosen.enabled, path, chosen.every_s, chosen.options)
