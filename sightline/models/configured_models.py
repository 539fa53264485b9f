"""The models and detectors that the settings choose, built and described."""

from pathlib import Path

from detectors.models.catalogue import MODELS
from detectors.models.model_status import ModelChoice, ModelStatus, check_models, is_wanted
from detectors.models.quality_gate import QualityGate
from detectors.models.weights import read_manifest
from detectors.registry import DetectorSet, build_detectors
from domain.records import ModelRecord
from ingest.supervise.ipc import ReaderSetup
from sightline.config.sections import ModelSettings
from sightline.config.settings import Settings


def list_model_statuses(settings: Settings, *, load: bool = True) -> tuple[ModelStatus, ...]:
    """Return the status of every model under these settings. Raises `ConfigError` for a wrong choice."""
    return check_models(_choices(settings), downloads_folder(settings), load=load)


def configure_detectors(settings: Settings | None = None) -> DetectorSet:
    """Return the detectors to score with and the models that are on; for None those of the defaults.

    Raises `ConfigError` for what the operator must change. A model without weights stays off, except where the list
    `detectors` names it.
    """
    settings = settings or Settings()
    choices = _choices(settings)
    names = settings.detectors
    asked = {name for name, model in MODELS.items() if is_wanted(model, choices.get(name, ModelChoice()))}
    found = check_models(choices, downloads_folder(settings), names=asked if names is None else names)
    gate = None if settings.gate is None else QualityGate(settings.gate.metric, settings.gate.below)
    return build_detectors(names, found, gate)


def make_reader_setup(settings: Settings) -> ReaderSetup:
    """How reading processes work: what they measure, and how often the models that are wanted judge a picture.

    Weights are not looked for: they lie where workers run.
    """
    choices, names = _choices(settings), settings.detectors
    every_s = {
        name: model.every_s if choice.every_s is None else choice.every_s
        for name, model in MODELS.items()
        for choice in [choices.get(name, ModelChoice())]
        if model.detector is not None and (is_wanted(model, choice) if names is None else name in names)
    }
    metrics = None if names is None else tuple(names)
    return ReaderSetup(limits=settings.ingest.limits(), metrics=metrics, model_every_s=every_s)


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


def _choices(settings: Settings) -> dict[str, ModelChoice]:
    return {name: _choice(chosen) for name, chosen in settings.models.items()}


def _choice(chosen: ModelSettings) -> ModelChoice:
    path = Path(chosen.path).expanduser() if chosen.path else None
    return ModelChoice(chosen.enabled, path, chosen.every_s, chosen.options)
