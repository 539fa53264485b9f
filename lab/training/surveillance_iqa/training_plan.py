"""What is trained and how: the backbone, the weight of the local branch, the schedule, the saliency."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from detectors.models.saliency.providers import SPECTRAL_RESIDUAL
from detectors.models.saliency_iqa.backbones import BACKBONES
from detectors.models.saliency_iqa.network import LOCAL_WEIGHT
from domain.errors import ConfigError


@dataclass(frozen=True, slots=True)
class SurveillancePlan:
    """Section 3.3 of the paper where nothing else is said; its saliency is SimpleNet, which needs `saliency_path`.

    Ours where silent: a constant rate, the views as they are without random crops or mirroring, the last epoch's
    weights. `bf16` computes the branches in half precision.

    For few processor cores, MobileNetV2 only: the first `frozen_blocks` of both backbones keep the start's weights and
    are computed once for all epochs, `folded` batch norms. `cycle` is one rise and fall of the rate over all steps,
    `head_factor` multiplies the rate of the dense layers.
    """

    backbone: str = "resnet18"
    local_weight: float = LOCAL_WEIGHT
    saliency: str = SPECTRAL_RESIDUAL
    saliency_path: Path | None = None
    epochs: int = 50
    batch: int = 8
    rate: float = 1e-4
    bf16: bool = False
    scratch: bool = False
    frozen_blocks: int = 0
    folded: bool = False
    cycle: bool = False
    head_factor: float = 1.0

    def __post_init__(self) -> None:
        if self.backbone not in BACKBONES:
            raise ConfigError(f"backbone: unknown {self.backbone!r}; known are {', '.join(BACKBONES)}")
        if (self.frozen_blocks or self.folded) and self.backbone != "mobilenet_v2":
            raise ConfigError("frozen_blocks and folded are for backbone=mobilenet_v2 only")
        if not 0 <= self.local_weight <= 1:
            raise ConfigError(f"local_weight is {self.local_weight}: it must lie in 0 to 1")


def apply_options(plan: SurveillancePlan, options: Mapping[str, str]) -> SurveillancePlan:
    """The plan with what `--set NAME=VALUE` named. Raises ConfigError for an unknown name or a value of no use."""
    readers = {field.name: READERS[field.name] for field in fields(SurveillancePlan)}
    unknown = sorted(set(options) - set(readers))
    if unknown:
        raise ConfigError(f"no option {unknown[0]!r}: surveillance_iqa has {', '.join(readers)}")
    try:
        changes: dict[str, Any] = {name: readers[name](text) for name, text in options.items()}
    except (ValueError, KeyError) as error:
        raise ConfigError(f"an option of surveillance_iqa cannot be read: {error}") from error
    return replace(plan, **changes)


def _yes(text: str) -> bool:
    return {"yes": True, "no": False}[text]


READERS: Mapping[str, Callable[[str], object]] = {
    "backbone": str,
    "local_weight": float,
    "saliency": str,
    "saliency_path": Path,
    "epochs": int,
    "batch": int,
    "rate": float,
    "bf16": _yes,
    "scratch": _yes,
    "frozen_blocks": int,
    "folded": _yes,
    "cycle": _yes,
    "head_factor": float,
}
