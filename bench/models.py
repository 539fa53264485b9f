"""What the models that judge by default cost a 1080p frame, run in four ways, and how each agrees with people.

The ways: as a paper's code runs (float32, the frame made RGB at full size, norms apart, one picture at a time); the
same batched and channels last; that in bfloat16 by autocast; and the product's own detectors. With a folder of BIQ2021
the saliency IQA of each way is held against human scores: the validation part of its train half, never its test half.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.moving_pictures import MovingPictures, yuv420p
from detectors import weights
from detectors.base import Pictures
from detectors.detection_quality import detectability
from detectors.saliency.choice import saliency
from detectors.saliency_iqa import detector as saliency_iqa
from detectors.saliency_iqa.network import SaliencyIqa
from detectors.saliency_iqa.views import global_view, local_view
from detectors.weights import WeightsUnavailable
from domain.frames import Frame, FrameRef
from training.datasets.biq2021 import BIQ2021
from training.judging import chosen
from training.measures.correlations import srocc
from training.pictures import decoded
from training.protocols import Half
from training.samples import Sample, score_values
from workers.device import use_threads
from workers.preprocessing import pictures

Score = Callable[[Pictures], Tensor]
SIZE = (1920, 1080)
PLAIN, BATCHED, AUTOCAST, PRODUCT = (
    "float32 one by one",
    "float32 batched channels last",
    "bfloat16 autocast",
    "product",
)


@dataclass(frozen=True, slots=True)
class Way:
    """One way of running the default models: a score for each, and how many pictures it takes at once."""

    name: str
    scores: Mapping[str, Score]
    batch: int

    def run(self, frames: Sequence[Frame]) -> None:
        """Score frames from their planes on, as the pipeline does: upload, conversion, resizing, networks."""
        for start in range(0, len(frames), self.batch):
            uploaded = pictures(frames[start : start + self.batch], torch.device("cpu"))
            for score in self.scores.values():
                score(uploaded)


def run(
    *,
    turns: int = 5,
    batch: int = 4,
    threads: int | None = 1,
    size: tuple[int, int] = SIZE,
    data: Path | None = None,
    most: int | None = None,
) -> dict[str, Any]:
    """Return milliseconds a frame of every way, how many times faster than the first, and the change of SROCC.

    All ways score the same frames in turns; a turn gives one ratio to the first way, in processor time so that other
    work on the machine counts little, and the median is reported. `data` holds BIQ2021; `most` judges fewer pictures.
    """
    used = use_threads(threads)
    with torch.inference_mode():
        chosen_ways = ways(batch)
        spent = _spent(chosen_ways, _frames(batch, size), turns)
        found: dict[str, Any] = {
            "frame": f"{size[0]}x{size[1]} yuv420p",
            "models": list(chosen_ways[0].scores),
            "threads": used,
            "turns": turns,
            "batch": batch,
            "ways": {way.name: _figures(spent[way.name], spent[PLAIN]) for way in chosen_ways},
        }
        if data is not None:
            _add_agreement(found["ways"], chosen_ways, chosen(BIQ2021, data, Half.VALIDATION)[:most])
    found["speedup"] = found["ways"][PRODUCT]["times_faster"]
    return found


def ways(batch: int) -> list[Way]:
    """The four ways, of each default model that has its weights."""
    return [
        Way(PLAIN, _plain(torch.contiguous_format, nullcontext), 1),
        Way(BATCHED, _plain(torch.channels_last, nullcontext), batch),
        Way(AUTOCAST, _plain(torch.channels_last, lambda: torch.autocast("cpu", torch.bfloat16)), batch),
        Way(PRODUCT, _product(), 1),
    ]


def _plain(layout: torch.memory_format, precision: Callable[[], AbstractContextManager[Any]]) -> dict[str, Score]:
    """The models as their training code runs them."""
    scores: dict[str, Score] = {saliency_iqa.MODEL: _plain_saliency_iqa(layout, precision)}
    try:
        file = weights.located(detectability.MODEL)
    except WeightsUnavailable:
        return scores
    survival = _filled(detectability.Survival(), file.path, layout)

    def detectable(shown: Pictures) -> Tensor:
        with precision():
            answer: Tensor = survival(detectability.as_seen(shown).contiguous(memory_format=layout))
        return 100 * answer.float()

    return {**scores, detectability.MODEL: detectable}


def _plain_saliency_iqa(layout: torch.memory_format, precision: Callable[[], AbstractContextManager[Any]]) -> Score:
    file = weights.located(saliency_iqa.MODEL)
    _, notes = weights.read(file.path)
    network = _filled(SaliencyIqa(notes["backbone"], float(notes["local_weight"])), file.path, layout)
    provider = saliency(notes["saliency"]).provider

    def quality(shown: Pictures) -> Tensor:
        maps = provider(shown.small_rgb)
        whole, window = global_view(shown.rgb), local_view(shown.rgb, maps)
        with precision():
            opinion: Tensor = network(whole.contiguous(memory_format=layout), window.contiguous(memory_format=layout))
        return 100 * opinion.float()

    return quality


def _filled(network: nn.Module, path: Path, layout: torch.memory_format) -> nn.Module:
    ready: nn.Module = weights.filled(network, weights.read(path)[0], path).eval().to(memory_format=layout)
    return ready


def _product() -> dict[str, Score]:
    """The models as `sightline run` builds them."""
    quality = saliency_iqa.saliency_iqa()
    scores: dict[str, Score] = {quality.name: lambda shown: quality.score(shown)[saliency_iqa.IMAGE_QUALITY.key]}
    try:
        survival = detectability.detectability()
    except WeightsUnavailable:
        return scores
    return {**scores, survival.name: lambda shown: survival.score(shown)[detectability.DETECTABILITY.key]}


def _frames(count: int, size: tuple[int, int]) -> list[Frame]:
    source, form, at = MovingPictures(*size), yuv420p(*size), datetime(2026, 1, 1, tzinfo=UTC)
    return [Frame(FrameRef("bench", "s", number, None, at), form, source.planes()) for number in range(count)]


def _spent(chosen_ways: Sequence[Way], frames: Sequence[Frame], turns: int) -> dict[str, list[float]]:
    """Processor seconds a frame of each way in each turn, after one turn to warm up."""
    spent: dict[str, list[float]] = {way.name: [] for way in chosen_ways}
    for turn in range(turns + 1):
        for way in chosen_ways:
            began = time.process_time()
            way.run(frames)
            if turn:
                spent[way.name].append((time.process_time() - began) / len(frames))
    return spent


def _figures(spent: Sequence[float], plain: Sequence[float]) -> dict[str, float]:
    ratios = [before / now for now, before in zip(spent, plain, strict=True)]
    return {
        "ms_per_frame": round(1e3 * statistics.median(spent), 2),
        "times_faster": round(statistics.median(ratios), 2),
        "slowest_turn": round(min(ratios), 2),
    }


def _add_agreement(
    figures: Mapping[str, dict[str, Any]], chosen_ways: Sequence[Way], samples: Sequence[Sample]
) -> None:
    """Add each way's SROCC with people, its change from the first way's, and how far its scores lie from those."""
    labels = score_values(samples, "mos")
    scores = {way.name: way.scores[saliency_iqa.MODEL] for way in chosen_ways}
    predicted: dict[str, list[float]] = {name: [] for name in scores}
    for shown in _shown(samples):
        for name, score in scores.items():
            predicted[name].append(float(score(shown)))
    plain = np.array(predicted[PLAIN])
    for name, values in predicted.items():
        column = np.array(values)
        found = srocc(column, labels)
        figures[name] |= {
            "n": len(values),
            "srocc": round(found, 5),
            "srocc_change": round(found - srocc(plain, labels), 5),
            "largest_difference": round(float(np.abs(column - plain).max()), 3),
        }


def _shown(samples: Sequence[Sample]) -> Iterator[Pictures]:
    for sample in samples:
        rgb = torch.from_numpy(decoded(sample.path)).permute(2, 0, 1).unsqueeze(0).float() / 255
        yield Pictures.from_rgb(rgb)
