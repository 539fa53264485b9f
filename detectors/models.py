"""Every model with trained weights by name: what it is, where its weights come from, and how its detector is made.

A new model is a line in `MODELS`, an entry in `weights/manifest.json` and a detector file; the registry, `sightline
models`, `doctor`, the API and the tests over all models read this table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from detectors import weights
from detectors.base import Detector
from detectors.saliency_iqa import detector as saliency_iqa
from detectors.saliency_iqa.network import GLOBAL_SIDE, LOCAL_SIDE, LOCAL_WEIGHT, SaliencyIqa
from detectors.weights import WeightsFile
from domain.quality import MetricSpec

Option = Callable[[Any], Any]
"""Checks what the operator wrote and returns what the detector's maker takes; raises ConfigError or ValueError."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model with trained weights.

    `network` builds it untrained, as counted in parameters; `example` are the inputs at which its GMACs are counted,
    shaped as `input` says in words. `detector(explicit, downloads, **options)` makes the detector or raises
    `WeightsUnavailable`; None for a tool that never scores live. `metrics` are that detector's.
    """

    name: str
    title: str
    source: str
    input: str
    network: Callable[[], nn.Module]
    example: Callable[[], tuple[Tensor, ...]]
    detector: Callable[..., Detector] | None = None
    note: str = ""
    metrics: tuple[MetricSpec, ...] = ()
    every_s: float = 10.0
    """A picture of each stream is judged this often at most, by the stream's clock; a learned model costs."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """What a weights file of exactly `network()` says of itself; the tests write such files."""
    options: Mapping[str, Option] = field(default_factory=dict)
    """What the operator may set besides the path, by keyword of `detector`."""
    located: Callable[..., WeightsFile] | None = None
    """`located(explicit=, downloads=)` where the weights are no single file of the manifest."""
    pulled: Callable[[Path], WeightsFile] | None = None
    """`pulled(downloads)` likewise."""
    licence: str = ""
    """That of the weights, where the manifest has no entry."""

    def weights(self, explicit: Path | None = None, downloads: Path | None = None) -> WeightsFile:
        """The weights file that would be used; raises WeightsUnavailable without."""
        if self.located is not None:
            return self.located(explicit=explicit, downloads=downloads)
        return weights.located(self.name, explicit=explicit, downloads=downloads)

    def pull(self, downloads: Path) -> WeightsFile:
        """Download the weights by checksum; raises WeightsUnavailable where they cannot be had."""
        return self.pulled(downloads) if self.pulled is not None else weights.pulled(self.name, downloads)


SALIENCY_IQA = Model(
    name=saliency_iqa.MODEL,
    title="Saliency IQA: picture quality as people would judge it",
    source="Lu et al. 2022 (arXiv 2206.04318)",
    input="448x448 (whole) and 224x224 (most salient window), RGB",
    network=lambda: SaliencyIqa("mobilenet_v2"),
    example=lambda: (torch.zeros(1, 3, GLOBAL_SIDE, GLOBAL_SIDE), torch.zeros(1, 3, LOCAL_SIDE, LOCAL_SIDE)),
    detector=saliency_iqa.saliency_iqa,
    note="the paper's backbone is ResNet18; the bundled weights are MobileNetV2's",
    metrics=saliency_iqa.SaliencyIqaDetector.metrics,
    notes={"backbone": "mobilenet_v2", "saliency": "spectral_residual", "local_weight": str(LOCAL_WEIGHT)},
)

MODELS: Mapping[str, Model] = MappingProxyType({model.name: model for model in (SALIENCY_IQA,)})
