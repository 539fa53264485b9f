"""The models and detectors that the settings choose, built and described."""

from pathlib import Path

import torch

from detectors.models.catalogue import MODELS
from detectors.models.model_choice import wanted_models
from detectors.models.model_status import ModelStatus, check_models
from detectors.models.quality_gate import QualityGate
from detectors.models.runtime import use_device
from detectors.models.weights import read_manifest
from detectors.registry import DetectorSet, build_detectors
from domain.records import ModelRecord
from sightline.config.settings import Settings
from sightline.models.reader_setup import model_choices


def list_model_statuses(settings: Settings, *, load: bool = True) -> tuple[ModelStatus, ...]:
    """Return the status of every model under these settings. Raises `ConfigError` for a wrong choice."""
    device = _scoring_device(settings)
    with use_device(device):
        return check_models(model_choices(settings), downloads_folder(settings), load=load, gpu=device.type == "cuda")


def configure_detectors(settings: Settings | None = None) -> DetectorSet:
    """Return the detectors to score with and the models that are on; for None those of the defaults.

    Raises `ConfigError` for what the operator must change. A model without weights stays off, except where the list
    `detectors` names it.
    """
    settings = settings or Settings()
    choices = model_choices(settings)
    names = settings.detectors
    device = _scoring_device(settings)
    gpu = device.type == "cuda"
    asked = wanted_models(MODELS.values(), choices, gpu=gpu)
    with use_device(device):
        found = check_models(choices, downloads_folder(settings), names=asked if names is None else names, gpu=gpu)
    gate = None if settings.gate is None else QualityGate(settings.gate.metric, settings.gate.below)
    return build_detectors(names, found, gate)


def _scoring_device(settings: Settings) -> torch.device:
    """What computes scores here; unlike the worker's own choice it refuses nothing, for `models list` runs anywhere."""
    available = settings.device != "cpu" and torch.cuda.is_available()
    return torch.device("cuda" if available else "cpu")


def model_records(settings: Settings) -> tuple[ModelRecord, ...]:
    """Return what the API shows of every model; weights files are found and checked, networks are not built."""
    return tuple(_model_record(status, settings) for status in list_model_statuses(settings, load=False))


def _model_record(status: ModelStatus, settings: Settings) -> ModelRecord:
    model = status.model
    entry = read_manifest().get(model.name)
    named = settings.detectors is None or model.name in settings.detectors
    return ModelRecord(
        name=model.name,
        title=model.title,
        state=status.state.value,
        judges=status.judges and named,
        summary=status.summary if named or not status.judges else "not in the list `detectors`",
        every_s=status.every_s,
        metrics=tuple(spec.key for spec in model.metrics),
        sha256="" if status.weights is None else status.weights.sha256,
        licence=model.licence or (entry.licence if entry is not None else ""),
    )


def downloads_folder(settings: Settings) -> Path:
    """The folder of downloaded weights."""
    return Path(settings.downloads).expanduser()
