"""Every detector by name. A new one is a file, a line here, a test, and a row in docs/metrics.md.

Models with weights have their line in `detectors/models/catalogue.py`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from detectors.metrics.detectors.analogue import AnalogueDetector
from detectors.metrics.detectors.blur import BlurDetector
from detectors.metrics.detectors.coding import CodingDetector
from detectors.metrics.detectors.colour import ColourDetector
from detectors.metrics.detectors.contrast import ContrastDetector
from detectors.metrics.detectors.exposure import ExposureDetector
from detectors.metrics.detectors.motion import MotionDetector
from detectors.metrics.detectors.noise import NoiseDetector
from detectors.metrics.detectors.structure import BlockStructureDetector
from detectors.metrics.detectors.texture import TextureDetector
from detectors.models.catalogue import MODELS
from detectors.models.model_status import ModelChoice, ModelStatus, check_model
from detectors.models.pictures import Detector, StructureDetector, TemporalDetector
from detectors.models.quality_gate import QualityGate
from detectors.models.weights import WeightsUnavailable
from domain.errors import ConfigError
from domain.metrics import MetricSpec

DETECTORS: Mapping[str, Callable[[], Detector]] = {
    ExposureDetector.name: ExposureDetector,
    ContrastDetector.name: ContrastDetector,
    BlurDetector.name: BlurDetector,
    NoiseDetector.name: NoiseDetector,
    AnalogueDetector.name: AnalogueDetector,
    ColourDetector.name: ColourDetector,
    CodingDetector.name: CodingDetector,
    TextureDetector.name: TextureDetector,
}
TEMPORAL: Mapping[str, Callable[[], TemporalDetector]] = {MotionDetector.name: MotionDetector}
STRUCTURE: Callable[[], StructureDetector] = BlockStructureDetector

METRICS: Mapping[str, MetricSpec] = {
    spec.key: spec
    for specs in (
        *(
            ExposureDetector.metrics,
            ContrastDetector.metrics,
            BlurDetector.metrics,
            NoiseDetector.metrics,
            AnalogueDetector.metrics,
        ),
        *(ColourDetector.metrics, CodingDetector.metrics, TextureDetector.metrics, MotionDetector.metrics),
        *(model.metrics for model in MODELS.values()),
    )
    for spec in specs
}
"""The meaning of every number the detectors above and the models give."""


@dataclass(frozen=True, slots=True)
class DetectorSet:
    """The detectors of one process.

    Those in `every_s` judge one picture of a stream in so many seconds, all others every picture. Those in `gated` pass
    over what `gate` finds too poor.
    """

    detectors: tuple[Detector, ...]
    temporal: tuple[TemporalDetector, ...]
    structure: StructureDetector
    every_s: Mapping[str, float] = field(default_factory=dict)
    gated: frozenset[str] = frozenset()
    gate: QualityGate | None = None


def build_detectors(
    names: Collection[str] | None = None, models: Sequence[ModelStatus] = (), gate: QualityGate | None = None
) -> DetectorSet:
    """Return the named detectors; for None every fault detector and those of `models` that judge.

    Raises `ConfigError` for a name nobody answers to, a gate on a number nobody measures, and models that cannot
    judge side by side; `WeightsUnavailable` for a model that is named and has no weights.
    """
    known = (*DETECTORS, *MODELS, *TEMPORAL)
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise ConfigError(f"detectors: unknown {', '.join(unknown)}; known are {', '.join(known)}")
    chosen = (*DETECTORS, *TEMPORAL) if names is None else names
    judging = tuple(_choose_models(names, models))
    _check_unique_metrics(judging)
    made = (*(make() for name, make in DETECTORS.items() if name in chosen), *(each for _, each in judging))
    _check_gate(gate, made)
    return DetectorSet(
        made,
        tuple(make() for name, make in TEMPORAL.items() if name in chosen),
        STRUCTURE(),
        every_s={detector.name: stands.every_s for stands, detector in judging},
        gated=frozenset(detector.name for stands, detector in judging if stands.model.gated),
        gate=gate,
    )


def _choose_models(
    names: Collection[str] | None, models: Sequence[ModelStatus]
) -> Iterator[tuple[ModelStatus, Detector]]:
    """Yield the models to judge with: those named, or for None those of `models` that judge unasked."""
    standing_of = {stands.model.name: stands for stands in models}
    if names is None:
        yield from ((stands, stands.detector) for stands in models if stands.judges and stands.detector is not None)
        return
    for name, model in MODELS.items():
        if name in names:
            stands = standing_of.get(name) or check_model(model, ModelChoice(enabled=True), None)
            if stands.detector is None:
                raise WeightsUnavailable(stands.reason or f"{name} is an offline tool; take it out of detectors")
            yield stands, stands.detector


def _check_unique_metrics(judging: Sequence[tuple[ModelStatus, Detector]]) -> None:
    measured_by: dict[str, str] = {}
    for stands, detector in judging:
        for spec in detector.metrics:
            other = measured_by.setdefault(spec.key, stands.model.name)
            if other != stands.model.name:
                raise ConfigError(f"models: {other} and {stands.model.name} both give {spec.key}; switch one off")


def _check_gate(gate: QualityGate | None, made: Sequence[Detector]) -> None:
    if gate is None:
        return
    measured = [spec.key for detector in made for spec in detector.metrics]
    if gate.metric not in METRICS:
        raise ConfigError(f"gate.metric: unknown metric {gate.metric}; see docs/metrics.md")
    if gate.metric not in measured:
        raise ConfigError(f"gate.metric: {gate.metric} is not measured here; switch its model on, or drop the gate")
