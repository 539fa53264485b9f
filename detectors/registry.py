"""Every detector by name. A new one is a file, a line here, a test, and a row in docs/metrics.md."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

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
from detectors.saliency_iqa.detector import SaliencyIqaDetector, saliency_iqa
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
ON_REQUEST: Mapping[str, Callable[[], Detector]] = {SaliencyIqaDetector.name: saliency_iqa}
"""Detectors with trained weights, which cost about as much as all others together: built only where they are named."""
TEMPORAL: Mapping[str, Callable[[], TemporalDetector]] = {Motion.name: Motion}
STRUCTURE: Callable[[], StructureDetector] = Structure

METRICS: Mapping[str, MetricSpec] = {
    spec.key: spec
    for detector in (
        *(Exposure, Contrast, Blur, Noise, Analogue, Colour, Coding, Texture, Motion),
        SaliencyIqaDetector,
    )
    for spec in detector.metrics
}
"""The meaning of every number the detectors above give."""


@dataclass(frozen=True, slots=True)
class DetectorSet:
    """The detectors of one process."""

    detectors: tuple[Detector, ...]
    temporal: tuple[TemporalDetector, ...]
    structure: StructureDetector


def build(names: Collection[str] | None = None) -> DetectorSet:
    """Return the named detectors; for None all but those on request.

    Raises `ConfigError` for a name nobody answers to, and for a model whose weights are not there.
    """
    known = (*DETECTORS, *ON_REQUEST, *TEMPORAL)
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise ConfigError(f"detectors: unknown {', '.join(unknown)}; known are {', '.join(known)}")
    chosen = (*DETECTORS, *TEMPORAL) if names is None else names
    return DetectorSet(
        tuple(make() for name, make in {**DETECTORS, **ON_REQUEST}.items() if name in chosen),
        tuple(make() for name, make in TEMPORAL.items() if name in chosen),
        STRUCTURE(),
    )
