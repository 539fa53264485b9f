"""What the settings choose for the processes that read cameras. Needs no PyTorch."""

from pathlib import Path

from detectors.models.model_choice import ModelChoice, wanted_models
from detectors.models.model_table import read_model_table
from ingest.supervise.ipc import ReaderSetup
from sightline.config.sections import ModelSettings
from sightline.config.settings import Settings


def make_reader_setup(settings: Settings) -> ReaderSetup:
    """Return how reading processes work: what they measure, and how often the wanted models judge a picture.

    Weights are not looked for: they lie where workers run, and so does the GPU that `device: auto` finds. Models that
    judge only there take the pictures that go along for the others.
    """
    choices, names, table = model_choices(settings), settings.detectors, read_model_table()
    wanted = wanted_models(table.values(), choices, gpu=settings.device == "cuda")
    every_s = {
        name: model.every_s if choice.every_s is None else choice.every_s
        for name, model in table.items()
        for choice in [choices.get(name, ModelChoice())]
        if model.live and (name in wanted if names is None else name in names)
    }
    metrics = None if names is None else tuple(names)
    return ReaderSetup(limits=settings.ingest.limits(), metrics=metrics, model_every_s=every_s)


def model_choices(settings: Settings) -> dict[str, ModelChoice]:
    """Return what the settings say of each model that they name."""
    return {name: _choice(chosen) for name, chosen in settings.models.items()}


def _choice(chosen: ModelSettings) -> ModelChoice:
    path = Path(chosen.path).expanduser() if chosen.path else None
    return ModelChoice(chosen.enabled, path, chosen.every_s, chosen.options)
