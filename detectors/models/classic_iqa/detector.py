"""BRISQUE and NIQE as detectors: classic opinions beside the learned ones, judged only where they are asked for."""

from collections.abc import Mapping
from math import inf, nan
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from detectors.models import weights
from detectors.models.classic_iqa import brisque as brisque_measure
from detectors.models.classic_iqa import niqe as niqe_measure
from detectors.models.pictures import Pictures
from domain.metrics import Direction, MetricSpec

BRISQUE, NIQE = "brisque", "niqe"
BRISQUE_SPEC = MetricSpec(
    BRISQUE, "BRISQUE", "points of 100", 0, 100, Direction.LOWER_IS_BETTER, "Mittal, Moorthy, Bovik 2012, refitted"
)
NIQE_SPEC = MetricSpec(NIQE, "NIQE", "distance", 0, inf, Direction.LOWER_IS_BETTER, "Mittal, Soundararajan, Bovik 2013")

LARGEST_PIXELS = 4096 * 2304
"""Above 4K one picture takes 18 s and 4 GB at 8K (docs/models/baselines.md): not assessable, ours."""


class NoReferenceMeasure(Protocol):
    """A measure without reference."""

    def score(self, pictures: Pictures) -> Tensor:
        """Return (N,) float32; NaN where a picture cannot be measured."""
        ...


class ClassicIqaDetector:
    """One measure at native size under its own name. Masks are not looked at: a mask's border is no natural scene."""

    def __init__(self, spec: MetricSpec, measure: NoReferenceMeasure, fingerprint: str) -> None:
        self.name = spec.key
        self.metrics = (spec,)
        self.fingerprint = fingerprint
        self._measure = measure

    @torch.inference_mode()
    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the measure (N,), on the pictures' device; NaN above 4K."""
        if pictures.luma.shape[-2] * pictures.luma.shape[-1] > LARGEST_PIXELS:
            return {self.name: pictures.luma.new_full((len(pictures),), nan)}
        on_cpu = Pictures(pictures.luma.cpu())
        return {self.name: self._measure.score(on_cpu).to(pictures.luma.device)}


def load_brisque_detector(explicit: Path | None = None, downloads: Path | None = None) -> ClassicIqaDetector:
    """BRISQUE with the operator's regression or the bundled one, fitted to BIQ2021; raises WeightsUnavailable."""
    file = weights.locate_weights(BRISQUE, explicit=explicit, downloads=downloads)
    return ClassicIqaDetector(BRISQUE_SPEC, brisque_measure.load_brisque(file.path), file.fingerprint)


def load_niqe_detector(explicit: Path | None = None, downloads: Path | None = None) -> ClassicIqaDetector:
    """NIQE with the operator's model, which may be of one camera's good frames, or the bundled one."""
    file = weights.locate_weights(NIQE, explicit=explicit, downloads=downloads)
    return ClassicIqaDetector(NIQE_SPEC, niqe_measure.load_niqe(file.path), file.fingerprint)


class BrisqueTensors(nn.Module):
    """The tensors of a BRISQUE regression, as its weights file holds them."""

    def __init__(self, vectors: int = 600) -> None:
        super().__init__()
        features = brisque_measure.FEATURES
        for name, value in (
            ("low", -torch.ones(features)),
            ("high", torch.ones(features)),
            ("vectors", torch.rand(vectors, features) * 2 - 1),
            ("shares", torch.rand(vectors)),
        ):
            self.register_parameter(name, nn.Parameter(value.double(), requires_grad=False))

    def forward(self, features: Tensor) -> Tensor:
        """Badness (N,) of features (N, 36), with the kernel's width at 0.05."""
        low, high, vectors, shares = (self.get_parameter(name) for name in ("low", "high", "vectors", "shares"))
        return brisque_measure.SupportVectorRegression(low, high, vectors, shares, rho=0.0, gamma=0.05)(features)


class NiqeTensors(nn.Module):
    """The tensors of a NIQE model, as its weights file holds them."""

    def __init__(self) -> None:
        super().__init__()
        features = niqe_measure.FEATURES
        self.mean = nn.Parameter(torch.rand(features, dtype=torch.float64), requires_grad=False)
        self.covariance = nn.Parameter(torch.eye(features, dtype=torch.float64), requires_grad=False)
        self.register_buffer("kept", torch.arange(features))

    def forward(self, features: Tensor) -> Tensor:
        """Distance of patch features (P, 36) from the model, a number."""
        kept = self.get_buffer("kept")
        return niqe_measure.Niqe(self.mean, self.covariance, kept).distance(features)
