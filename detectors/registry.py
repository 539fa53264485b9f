"""Every detector by name. A new one is a file, a line here, a test, and a row in docs/metrics.md.

Models with weights have their line in `detectors/models.py`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from detectors.base import Detector, StructureDetector, TemporalDetector
from detectors.faults.analogue import Analogue
from detectors.faults.blur import Blur
from detectors.faults.coding import Coding
from detectors.faults.colour import Colour
from detectors.faults.contrast import Contrast
from detectors.faults.exposure import Exposure
from detectors.faults.motion import Motion
from detectors.faults.noise import Noise
from detectors.faults.structure import Structure
from detectors.faults.texture import Texture
from detectors.gate import Gate
from detectors.models import MODELS
from detectors.standing import Choice, Standing, standing
from detectors.weights import WeightsUnavailable
from domain.errors import ConfigError
from domain.quality import MetricSpec

DETECTORS: Mapping[str, Callable[[], Detector]] = {
    Exposure.name: Exposure,
    Contrast.name: Contrast,
    Blur.name: Blur,
    Noise.name: Noise,
    Analogue.name: Analogue,
    Colour.name: Colour,
    Coding.name: Coding,
    Texture.name: Texture,
}
TEMPORAL: Mapping[str, Callable[[], TemporalDetector]] = {Motion.name: Motion}
STRUCTURE: Callable[[], StructureDetector] = Structure

METRICS: Mapping[str, MetricSpec] = {
    spec.key: spec
    for specs in (
        *(Exposure.metrics, Contrast.metrics, Blur.metrics, Noise.metrics, Analogue.metrics),
        *(Colour.metrics, Coding.metrics, Texture.metrics, Motion.metrics),
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
    gate: Gate | None = None


def build(
    names: Collection[str] | None = None, models: Sequence[Standing] = (), gate: Gate | None = None
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
    judging = tuple(_judging(names, models))
    _check_side_by_side(judging)
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


def _judging(names: Collection[str] | None, models: Sequence[Standing]) -> Iterator[tuple[Standing, Detector]]:
    """Yield the models to judge with: those named, or for None those of `models` that judge unasked."""
    standing_of = {stands.model.name: stands for stands in models}
    if names is None:
        yield from ((stands, stands.detector) for stands in models if stands.judges and stands.detector is not None)
        return
    for name, model in MODELS.items():
        if name in names:
            stands = standing_of.get(name) or standing(model, Choice(enabled=True), None)
            if stands.detector is None:
                raise WeightsUnavailable(stands.reason or f"{name} is an offline tool; take it out of detectors")
            yield stands, stands.detector


def _check_side_by_side(judging: Sequence[tuple[Standing, Detector]]) -> None:
    measured_by: dict[str, str] = {}
    for stands, detector in judging:
        for spec in detector.metrics:
            other = measured_by.setdefault(spec.key, stands.model.name)
            if other != stands.model.name:
                raise ConfigError(f"models: {other} and {stands.model.name} both give {spec.key}; switch one off")


def _check_gate(gate: Gate | None, made: Sequence[Detector]) -> None:
    if gate is None:
        return
    measured = [spec.key for detector in made for spec in detector.metrics]
    if gate.metric not in METRICS:
        raise ConfigError(f"gate.metric: unknown metric {gate.metric}; see docs/metrics.md")
    if gate.metric not in measured:
        raise ConfigError(f"gate.metric: {gate.metric} is not measured here; switch its model on, or drop the gate")
