"""The models and detectors that settings choose: from what the file says to what judges, and what is said of it."""

from pathlib import Path

from detectors.gate import Gate
from detectors.models import MODELS
from detectors.registry import DetectorSet, build
from detectors.standing import Choice, Standing, standings, wanted
from detectors.weights import manifest
from domain.records import ModelRecord
from sightline.settings import Settings
from sightline.settings_models import ModelSettings


def model_standings(settings: Settings, *, load: bool = True) -> tuple[Standing, ...]:
    """How every model stands under these settings. Raises `ConfigError` for a wrong choice."""
    return standings(_choices(settings), downloads(settings), load=load)


def chosen_detectors(settings: Settings | None = None) -> DetectorSet:
    """The detectors to judge with, the models among them that are on; for None those of the defaults.

    Raises `ConfigError` for what the operator must change. A model without weights stays off, except where the list
    `detectors` names it.
    """
    settings = settings or Settings()
    choices = _choices(settings)
    names = settings.detectors
    asked = {name for name, model in MODELS.items() if wanted(model, choices.get(name, Choice()))}
    found = standings(choices, downloads(settings), names=asked if names is None else names)
    gate = None if settings.gate is None else Gate(settings.gate.metric, settings.gate.below)
    return build(names, found, gate)


def model_records(settings: Settings) -> tuple[ModelRecord, ...]:
    """What the API tells of every model; files are looked for and checked, networks are not built."""
    return tuple(_record(stands, settings) for stands in model_standings(settings, load=False))


def _record(stands: Standing, settings: Settings) -> ModelRecord:
    model = stands.model
    entry = manifest().get(model.name)
    named = settings.detectors is None or model.name in settings.detectors
    return ModelRecord(
        name=model.name,
        title=model.title,
        state=stands.state.value,
        judges=stands.judges and named,
        said=stands.said if named or not stands.judges else "not in the list `detectors`",
        every_s=stands.every_s,
        metrics=tuple(spec.key for spec in model.metrics),
        sha256="" if stands.weights is None else stands.weights.sha256,
        licence=model.licence or (entry.licence if entry is not None else ""),
    )


def downloads(settings: Settings) -> Path:
    """The folder of downloaded weights."""
    return Path(settings.downloads).expanduser()


def _choices(settings: Settings) -> dict[str, Choice]:
    return {name: _choice(chosen) for name, chosen in settings.models.items()}


def _choice(chosen: ModelSettings) -> Choice:
    path = Path(chosen.path).expanduser() if chosen.path else None
    return Choice(chosen.enabled, path, chosen.every_s, chosen.options)
