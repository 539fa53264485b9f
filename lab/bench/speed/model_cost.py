"""What the models that judge by default cost a 1080p frame in each way of `model_ways`, and how each judges pictures.

With a folder of BIQ2021 the saliency IQA of each way is held against human scores: on the validation part of its train
half, never its test half.
"""

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from detectors.models.pictures import Pictures
from detectors.models.runtime import describe_runtime, fast_precision
from detectors.models.saliency_iqa import detector as saliency_iqa
from domain.frames import Frame, FrameRef
from lab.bench.moving_pictures import MovingPictures, yuv420p
from lab.bench.speed.default_models import measure_default_set
from lab.bench.speed.model_variants import PLAIN, PRODUCT, ModelVariant, build_product, list_variants
from lab.training.dataset_evaluation import select_samples
from lab.training.dataset_splits import Half
from lab.training.datasets.photographs.biq2021 import BIQ2021
from lab.training.measures.correlations import srocc
from lab.training.pictures import decode_picture
from lab.training.samples import Sample, score_values
from workers.frame_scoring.device import use_threads
from workers.frame_scoring.preprocessing import upload_pictures

SIZE = (1920, 1080)


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
    work on the machine counts little, and the median is reported. `data` holds BIQ2021; `most` judges so many of its
    pictures, evenly chosen.
    """
    used = use_threads(threads)
    frames = _frames(batch, size)
    with torch.inference_mode():
        start_s = _start_s(frames)
        chosen_ways = list_variants(batch)
        spent = _time_variants(chosen_ways, frames, turns)
        found: dict[str, Any] = {
            "frame": f"{size[0]}x{size[1]} yuv420p",
            "models": list(chosen_ways[0].scores),
            "runtime": describe_runtime(fast_precision()),
            "threads": used,
            "turns": turns,
            "batch": batch,
            "start_s": round(start_s, 2),
            "ways": {way.name: _figures(spent[way.name], spent[PLAIN]) for way in chosen_ways},
        }
        if data is not None:
            _add_agreement(
                found["ways"], chosen_ways, _limit_samples(select_samples(BIQ2021, data, Half.VALIDATION), most)
            )
    found["default_set"] = measure_default_set(_first_rgb(frames), turns=turns)
    found["speedup"] = found["ways"][PRODUCT]["times_faster"]
    return found


def _first_rgb(frames: Sequence[Frame]) -> torch.Tensor:
    """RGB (1, 3, H, W) in [0, 1] of the first frame."""
    return upload_pictures(frames[:1], torch.device("cpu")).rgb.clone()


def _start_s(frames: Sequence[Frame]) -> float:
    """Processor seconds until the product has judged its first frame, the packages' own import left out."""
    began = time.process_time()
    ModelVariant(PRODUCT, build_product(fast_precision())).run(frames[:1])
    return time.process_time() - began


def _limit_samples(samples: Sequence[Sample], most: int | None) -> Sequence[Sample]:
    """`most` of the samples, evenly chosen; None is all."""
    return samples if most is None else samples[:: max(1, len(samples) // most)][:most]


def _frames(count: int, size: tuple[int, int]) -> list[Frame]:
    source, form, at = MovingPictures(*size), yuv420p(*size), datetime(2026, 1, 1, tzinfo=UTC)
    return [Frame(FrameRef("bench", "s", number, None, at), form, source.planes()) for number in range(count)]


def _time_variants(chosen_ways: Sequence[ModelVariant], frames: Sequence[Frame], turns: int) -> dict[str, list[float]]:
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
    figures: Mapping[str, dict[str, Any]], chosen_ways: Sequence[ModelVariant], samples: Sequence[Sample]
) -> None:
    """Add each way's SROCC with people, its change from the first way's, and how far its scores lie from those."""
    labels = score_values(samples, "mos")
    scores = {way.name: way.scores[saliency_iqa.MODEL] for way in chosen_ways}
    predicted: dict[str, list[float]] = {name: [] for name in scores}
    for shown in _show_samples(samples):
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
            "mean_difference": round(float(np.abs(column - plain).mean()), 3),
            "largest_difference": round(float(np.abs(column - plain).max()), 3),
        }


def _show_samples(samples: Sequence[Sample]) -> Iterator[Pictures]:
    for sample in samples:
        rgb = torch.from_numpy(decode_picture(sample.path)).permute(2, 0, 1).unsqueeze(0).float() / 255
        yield Pictures.from_rgb(rgb)
