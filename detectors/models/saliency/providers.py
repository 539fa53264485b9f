"""What a saliency provider is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from torch import Tensor

from detectors.models import weights
from detectors.models.pictures import SMALL_SIDE
from detectors.models.saliency.simplenet import ENCODERS, SimpleNet, SimpleNetSaliency, read_simplenet
from detectors.models.saliency.spectral_residual import LONGER_SIDE, centred_spectral_residual, spectral_residual
from detectors.models.weights import WeightsUnavailable
from domain.errors import ConfigError


class SaliencyProvider(Protocol):
    """Maps pictures to saliency at a size of its own."""

    def __call__(self, rgb: Tensor) -> Tensor:
        """Return (N, 1, h, w) in [0, 1] for RGB (N, 3, H, W) in [0, 1], the same in any batch."""
        ...


SPECTRAL_RESIDUAL = "spectral_residual"
CENTRED = "centred_spectral_residual"


@dataclass(frozen=True, slots=True)
class ChosenSaliency:
    """A provider and its fingerprint, which becomes part of the fingerprint of the scores that rest on it."""

    provider: SaliencyProvider
    fingerprint: str
    longer_side: int = SMALL_SIDE
    """It looks no closer than at a picture reduced to this on its longer side."""


def choose_saliency(name: str = SPECTRAL_RESIDUAL, path: Path | None = None) -> ChosenSaliency:
    """The named provider; SimpleNet's variants need the path of their weights.

    Raises ConfigError for an unknown name, WeightsUnavailable where the weights are not given or do not fit.
    """
    if name not in PROVIDERS:
        raise ConfigError(f"saliency: unknown {name!r}; known are {', '.join(PROVIDERS)}")
    return PROVIDERS[name](path)


def _without_weights(name: str, provider: SaliencyProvider) -> Callable[[Path | None], ChosenSaliency]:
    def choose(path: Path | None) -> ChosenSaliency:
        if path is not None:
            raise ConfigError(f"saliency: {name} needs no weights; leave the path away")
        return ChosenSaliency(provider, name, LONGER_SIDE)

    return choose


def _simplenet_provider(encoder: str) -> Callable[[Path | None], ChosenSaliency]:
    def choose(path: Path | None) -> ChosenSaliency:
        name = f"simplenet_{encoder}"
        if path is None:
            raise WeightsUnavailable(f"{name} is off: its SALICON weights are not bundled; give the path of the file")
        network = SimpleNet(encoder)
        weights.load_into(network, read_simplenet(path), path)
        return ChosenSaliency(SimpleNetSaliency(network), f"{name}@{weights.sha256(path)[:12]}")

    return choose


PROVIDERS: Mapping[str, Callable[[Path | None], ChosenSaliency]] = MappingProxyType(
    {
        SPECTRAL_RESIDUAL: _without_weights(SPECTRAL_RESIDUAL, spectral_residual),
        CENTRED: _without_weights(CENTRED, centred_spectral_residual),
        **{f"simplenet_{encoder}": _simplenet_provider(encoder) for encoder in ENCODERS},
    }
)
