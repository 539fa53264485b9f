"""What is trained and how: the variant, its teacher, and the numbers of the schedule."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from detectors.models.sgdnet.backbones import BACKBONES
from detectors.models.sgdnet.network import Guidance, SgdNetVariant
from detectors.models.sgdnet.teachers import TeacherName
from domain.errors import ConfigError


class RateSchedule(StrEnum):
    """PLATEAU is the paper's: times 0.1 after epochs without gain. CYCLE is ours, for few epochs: up once and down."""

    PLATEAU = "plateau"
    CYCLE = "cycle"


class Precision(StrEnum):
    """Of the forward pass; bf16 halves the time where the processor multiplies it."""

    FP32 = "fp32"
    BF16 = "bf16"


@dataclass(frozen=True, slots=True)
class SgdNetPlan:
    """The paper's training (section 4) where nothing else is said.

    `batch` is KonIQ-10k's. `patience` and `stop_after` are epochs without a smaller validation loss. `height` and
    `width` are the squashed picture's. `frozen_blocks`, MobileNetV2 only: the backbone's first so many children keep
    the start's weights and are computed once for all epochs. `folded`, MobileNetV2 only: batch norms are folded.
    `head_factor` multiplies the rate of all that is new. `agreement` weighs 1 - PLCC of the batch, added to the loss.
    """

    backbone: str = "resnet50"
    guidance: Guidance = Guidance.MULTI_TASK
    attention: bool = True
    teacher: TeacherName = TeacherName.DINET
    teacher_path: Path | None = None
    height: int = 384
    width: int = 512
    batch: int = 20
    epochs: int = 300
    rate: float = 1e-4
    patience: int = 5
    stop_after: int = 50
    schedule: RateSchedule = RateSchedule.PLATEAU
    precision: Precision = Precision.FP32
    frozen_blocks: int = 0
    folded: bool = False
    head_factor: float = 1.0
    agreement: float = 0.0
    scratch: bool = False

    def __post_init__(self) -> None:
        if self.backbone not in BACKBONES:
            raise ConfigError(f"backbone: unknown {self.backbone!r}; known are {', '.join(BACKBONES)}")
        if (self.frozen_blocks or self.folded) and self.backbone != "mobilenet_v2":
            raise ConfigError("frozen_blocks and folded are for backbone=mobilenet_v2 only")
        if self.guidance is not Guidance.NONE and self.teacher is TeacherName.NONE:
            raise ConfigError(f"guidance={self.guidance} needs a teacher: dinet, maps or spectral_residual")

    @property
    def variant(self) -> SgdNetVariant:
        return SgdNetVariant(self.backbone, self.guidance, self.attention)

    @property
    def needs_teacher(self) -> bool:
        """Whether a teacher's maps are needed."""
        return self.guidance is not Guidance.NONE


def apply_options(plan: SgdNetPlan, options: Mapping[str, str]) -> SgdNetPlan:
    """The plan with what `--set NAME=VALUE` named. Raises ConfigError for an unknown name or a value of no use."""
    readers = {field.name: READERS[field.name] for field in fields(SgdNetPlan)}
    unknown = sorted(set(options) - set(readers))
    if unknown:
        raise ConfigError(f"no option {unknown[0]!r}: sgdnet has {', '.join(readers)}")
    try:
        changes: dict[str, Any] = {name: readers[name](text) for name, text in options.items()}
    except (ValueError, KeyError) as error:
        raise ConfigError(f"an option of sgdnet cannot be read: {error}") from error
    return replace(plan, **changes)


def _yes(text: str) -> bool:
    return {"yes": True, "no": False}[text]


READERS: Mapping[str, Callable[[str], object]] = {
    "backbone": str,
    "guidance": Guidance,
    "attention": _yes,
    "teacher": TeacherName,
    "teacher_path": Path,
    "height": int,
    "width": int,
    "batch": int,
    "epochs": int,
    "rate": float,
    "patience": int,
    "stop_after": int,
    "schedule": RateSchedule,
    "precision": Precision,
    "frozen_blocks": int,
    "folded": _yes,
    "head_factor": float,
    "agreement": float,
    "scratch": _yes,
}
