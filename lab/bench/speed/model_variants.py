"""The ways in which the models that judge by default are run for comparison, from a paper's code to the product's.

The paper's ways make their pictures RGB at full size first, by formulas written out here, so that they stay the
same when the product's preparation becomes faster.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from detectors.models import weights
from detectors.models.detection_quality import detectability
from detectors.models.pictures import LUMA_WEIGHTS, Pictures
from detectors.models.runtime import fast_precision, use_pytorch_only
from detectors.models.saliency.providers import choose_saliency
from detectors.models.saliency_iqa import detector as saliency_iqa
from detectors.models.saliency_iqa.network import SaliencyIqa
from detectors.models.saliency_iqa.views import global_view, local_view
from detectors.models.weights import WeightsUnavailable
from domain.frames import Frame
from workers.frame_scoring.preprocessing import upload_pictures

Score = Callable[[Pictures], Tensor]
Precision = Callable[[], AbstractContextManager[Any]]
SMALL_SIDE = 640
PLAIN, BATCHED, AUTOCAST, PYTORCH, EXACT, PRODUCT = (
    "float32 one by one",
    "float32 batched channels last",
    "bfloat16 autocast",
    "product without OpenVINO",
    "product in float32",
    "product",
)


@dataclass(frozen=True, slots=True)
class ModelVariant:
    """One way of running the default models: a score for each, and how many pictures it takes at once."""

    name: str
    scores: Mapping[str, Score]
    batch: int = 1

    def run(self, frames: Sequence[Frame]) -> None:
        """Score frames from their planes on, as the pipeline does: upload, conversion, resizing, networks."""
        for start in range(0, len(frames), self.batch):
            uploaded = upload_pictures(frames[start : start + self.batch], torch.device("cpu"))
            for score in self.scores.values():
                score(uploaded)


def list_variants(batch: int) -> list[ModelVariant]:
    """Every way, of each default model that has its weights."""
    return [
        ModelVariant(PLAIN, _plain(torch.contiguous_format, nullcontext)),
        ModelVariant(BATCHED, _plain(torch.channels_last, nullcontext), batch),
        ModelVariant(AUTOCAST, _plain(torch.channels_last, lambda: torch.autocast("cpu", torch.bfloat16)), batch),
        ModelVariant(PYTORCH, _by_pytorch(build_product(fast_precision()))),
        ModelVariant(EXACT, build_product(torch.float32)),
        ModelVariant(PRODUCT, build_product(fast_precision())),
    ]


def build_product(precision: torch.dtype) -> dict[str, Score]:
    """The models as `sightline run` builds them, but for `precision`."""
    quality = saliency_iqa.from_weights(weights.locate_weights(saliency_iqa.MODEL), precision=precision)
    scores: dict[str, Score] = {quality.name: lambda shown: quality.score(shown)[saliency_iqa.IMAGE_QUALITY.key]}
    try:
        survival = detectability.from_weights(weights.locate_weights(detectability.MODEL), precision=precision)
    except WeightsUnavailable:
        return scores
    return {**scores, survival.name: lambda shown: survival.score(shown)[detectability.DETECTABILITY.key]}


def _by_pytorch(scores: Mapping[str, Score]) -> dict[str, Score]:
    def without_openvino(score: Score) -> Score:
        def run(shown: Pictures) -> Tensor:
            with use_pytorch_only():
                return score(shown)

        return run

    return {name: without_openvino(score) for name, score in scores.items()}


def _plain(layout: torch.memory_format, precision: Precision) -> dict[str, Score]:
    """The models as their training code runs them."""
    last = _LastRgb()
    scores: dict[str, Score] = {saliency_iqa.MODEL: _plain_saliency_iqa(last, layout, precision)}
    try:
        file = weights.locate_weights(detectability.MODEL)
    except WeightsUnavailable:
        return scores
    survival = _load_network(detectability.SurvivalNetwork(), file.path, layout)

    def detectable(shown: Pictures) -> Tensor:
        small = last.of(shown)[1]
        large = max(small.shape[-2:]) >= detectability.LONGER_SIDE
        seen = _reduce(small, detectability.LONGER_SIDE) if large else detectability.resize_to_network(shown)
        with precision():
            answer: Tensor = survival(seen.contiguous(memory_format=layout))
        return 100 * answer.float()

    return {**scores, detectability.MODEL: detectable}


def _plain_saliency_iqa(last: "_LastRgb", layout: torch.memory_format, precision: Precision) -> Score:
    file = weights.locate_weights(saliency_iqa.MODEL)
    _, notes = weights.read_weights(file.path)
    network = _load_network(SaliencyIqa(notes["backbone"], float(notes["local_weight"])), file.path, layout)
    provider = choose_saliency(notes["saliency"]).provider

    def quality(shown: Pictures) -> Tensor:
        rgb, small = last.of(shown)
        whole, window = global_view(rgb), local_view(rgb, provider(small))
        with precision():
            opinion: Tensor = network(whole.contiguous(memory_format=layout), window.contiguous(memory_format=layout))
        return 100 * opinion.float()

    return quality


def _load_network(network: nn.Module, path: Path, layout: torch.memory_format) -> nn.Module:
    ready: nn.Module = weights.load_into(network, weights.read_weights(path)[0], path).eval().to(memory_format=layout)
    return ready


class _LastRgb:
    """RGB of the last pictures asked for, at full size and small, for both models."""

    def __init__(self) -> None:
        self._shown: Pictures | None = None
        self._both: tuple[Tensor, Tensor] | None = None

    def of(self, shown: Pictures) -> tuple[Tensor, Tensor]:
        if self._both is None or self._shown is not shown:
            small = Pictures(
                _reduce(shown.luma, SMALL_SIDE),
                None if shown.chroma is None else _reduce(shown.chroma, SMALL_SIDE // 2),
                shown.matrix,
            )
            self._shown, self._both = shown, (_rgb(shown), _rgb(small))
        return self._both


def _rgb(shown: Pictures) -> Tensor:
    """(N, 3, H, W) in [0, 1] by ITU-R BT.601, BT.709 or BT.2020, a plane at a time."""
    luma, chroma = shown.luma, shown.chroma
    if chroma is None:
        return luma.expand(-1, 3, -1, -1)
    if chroma.shape[-2:] != luma.shape[-2:]:
        chroma = interpolate(chroma, size=luma.shape[-2:], mode="bilinear", align_corners=False)
    kr, kb = LUMA_WEIGHTS[shown.matrix]
    red = luma + (2 - 2 * kr) * chroma[:, 1:]
    blue = luma + (2 - 2 * kb) * chroma[:, :1]
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    return torch.cat([red, green, blue], dim=1).clamp(0, 1)


def _reduce(images: Tensor, longer_side: int) -> Tensor:
    """By areas where it is larger."""
    height, width = images.shape[-2:]
    factor = longer_side / max(height, width)
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    return images if factor >= 1 else interpolate(images, size=size, mode="area")
