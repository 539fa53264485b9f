"""Saliency providers by the name that configuration and weights files use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from detectors import weights
from detectors.base import SMALL_SIDE
from detectors.saliency.centred import centred_spectral_residual
from detectors.saliency.provider import SaliencyProvider
from detectors.saliency.simplenet import ENCODERS, SimpleNet, SimpleNetSaliency
from detectors.saliency.spectral_residual import LONGER_SIDE, spectral_residual
from detectors.saliency.weights import read
from detectors.weights import WeightsUnavailable
from domain.errors import ConfigError

SPECTRAL_RESIDUAL = "spectral_residual"
CENTRED = "centred_spectral_residual"


@dataclass(frozen=True, slots=True)
class ChosenSaliency:
    """A provider and its fingerprint, which becomes part of the fingerprint of the scores that rest on it."""

    provider: SaliencyProvider
    fingerprint: str
    longer_side: int = SMALL_SIDE
    """It looks no closer than at a picture reduced to this on its longer side."""


def saliency(name: str = SPECTRAL_RESIDUAL, path: Path | None = None) -> ChosenSaliency:
    """The named provider; SimpleNet's variants need the path of their weights.

    Raises ConfigError for an unknown name, WeightsUnavailable where the weights are not given or do not fit.
    """
    if name not in PROVIDERS:
        raise ConfigError(f"saliency: unknown {name!r}; known are {', '.join(PROVIDERS)}")
    return PROVIDERS[name](path)


def _without_weights(name: str, provider: SaliencyProvider) -> Callable[[Path | None], ChosenSaliency]:
    def chosen(path: Path | None) -> ChosenSaliency:
        if path is not None:
            raise ConfigError(f"saliency: {name} needs no weights; leave the path away")
        return ChosenSaliency(provider, name, LONGER_SIDE)

    return chosen


def _simplenet(encoder: str) -> Callable[[Path | None], ChosenSaliency]:
    def chosen(path: Path | None) -> ChosenSaliency:
        name = f"simplenet_{encoder}"
        if path is None:
            raise WeightsUnavailable(f"{name} is off: its SALICON weights are not bundled; give the path of the file")
        network = SimpleNet(encoder)
        weights.filled(network, read(path), path)
        return ChosenSaliency(SimpleNetSaliency(network), f"{name}@{weights.sha256(path)[:12]}")

    return chosen


PROVIDERS: Mapping[str, Callable[[Path | None], ChosenSaliency]] = MappingProxyType(
    {
        SPECTRAL_RESIDUAL: _without_weights(SPECTRAL_RESIDUAL, spectral_residual),
        CENTRED: _without_weights(CENTRED, centred_spectral_residual),
        **{f"simplenet_{encoder}": _simplenet(encoder) for encoder in ENCODERS},
    }
)
