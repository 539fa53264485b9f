"""What a process measures and which models it asks, chosen by name.

Metrics have their line in `detectors/metrics/measure.py`, models with weights in `detectors/models/catalogue.py`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from detectors.metrics.measure import ALL_METRICS, GROUPS, MOTION, MetricSet, choose_metrics
from detectors.models.catalogue import MODELS
from detectors.models.model_choice import ModelChoice
from detectors.models.model_status import ModelStatus, check_model
from detectors.models.pictures import Detector
from detectors.models.quality_gate import QualityGate
from detectors.models.weights import WeightsUnavailable
from domain.errors import ConfigError
from domain.metrics import MetricSpec

METRICS: Mapping[str, MetricSpec] = {
    spec.key: spec for specs in (ALL_METRICS.specs, *(model.metrics for model in MODELS.values())) for spec in specs
}
"""The meaning of every number that metrics and models give."""


@dataclass(frozen=True, slots=True)
class DetectorSet:
    """The metrics and models of one process.

    Models in `every_s` judge one picture of a stream in so many seconds, all others every picture. Those in `gated`
    pass over what `gate` finds too poor.
    """

    metrics: MetricSet = ALL_METRICS
    models: tuple[Detector, ...] = ()
    every_s: Mapping[str, float] = field(default_factory=dict)
    gated: frozenset[str] = frozenset()
    gate: QualityGate | None = None


def build_detectors(
    names: Collection[str] | None = None, models: Sequence[ModelStatus] = (), gate: QualityGate | None = None
) -> DetectorSet:
    """Return the named metrics and models; for None all metrics and those of `models` that judge.

    Raises `ConfigError` for a name nobody answers to, a gate on a number nobody measures, and models that cannot
    judge side by side; `WeightsUnavailable` for a model that is named and has no weights.
    """
    known = (*GROUPS, *MODELS, MOTION.name)
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise ConfigError(f"detectors: unknown {', '.join(unknown)}; known are {', '.join(known)}")
    metrics = choose_metrics(names)
    judging = tuple(_choose_models(names, models))
    _check_unique_metrics(judging)
    made = tuple(detector for _, detector in judging)
    _check_gate(gate, metrics, made)
    return DetectorSet(
        metrics,
        made,
        every_s={detector.name: status.every_s for status, detector in judging},
        gated=frozenset(detector.name for status, detector in judging if status.model.gated),
        gate=gate,
    )


def _choose_models(
    names: Collection[str] | None, models: Sequence[ModelStatus]
) -> Iterator[tuple[ModelStatus, Detector]]:
    """Yield the models to judge with: those named, or for None those of `models` that run by default."""
    status_of = {status.model.name: status for status in models}
    if names is None:
        yield from ((status, status.detector) for status in models if status.judges and status.detector is not None)
        return
    for name, model in MODELS.items():
        if name in names:
            status = status_of.get(name) or check_model(model, ModelChoice(enabled=True), None)
            if status.detector is None:
                raise WeightsUnavailable(status.reason or f"{name} is an offline tool; take it out of detectors")
            yield status, status.detector


def _check_unique_metrics(judging: Sequence[tuple[ModelStatus, Detector]]) -> None:
    measured_by: dict[str, str] = {}
    for status, detector in judging:
        for spec in detector.metrics:
            other = measured_by.setdefault(spec.key, status.model.name)
            if other != status.model.name:
                raise ConfigError(f"models: {other} and {status.model.name} both give {spec.key}; switch one off")


def _check_gate(gate: QualityGate | None, metrics: MetricSet, models: Sequence[Detector]) -> None:
    if gate is None:
        return
    measured = {spec.key for spec in metrics.specs} | {spec.key for model in models for spec in model.metrics}
    if gate.metric not in METRICS:
        raise ConfigError(f"gate.metric: unknown metric {gate.metric}; see docs/metrics.md")
    if gate.metric not in measured:
        raise ConfigError(f"gate.metric: {gate.metric} is not measured here; switch its model on, or drop the gate")
