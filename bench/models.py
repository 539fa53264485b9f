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

from bench.model_ways import PLAIN, PRODUCT, Way, product, ways
from bench.moving_pictures import MovingPictures, yuv420p
from detectors.base import Pictures
from detectors.runtime import described
from detectors.saliency_iqa import detector as saliency_iqa
from detectors.saliency_iqa.detector import fast_precision
from domain.frames import Frame, FrameRef
from training.datasets.biq2021 import BIQ2021
from training.judging import chosen
from training.measures.correlations import srocc
from training.pictures import decoded
from training.protocols import Half
from training.samples import Sample, score_values
from workers.device import use_threads

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
        chosen_ways = ways(batch)
        spent = _spent(chosen_ways, frames, turns)
        found: dict[str, Any] = {
            "frame": f"{size[0]}x{size[1]} yuv420p",
            "models": list(chosen_ways[0].scores),
            "runtime": described(fast_precision()),
            "threads": used,
            "turns": turns,
            "batch": batch,
            "start_s": round(start_s, 2),
            "ways": {way.name: _figures(spent[way.name], spent[PLAIN]) for way in chosen_ways},
        }
        if data is not None:
            _add_agreement(found["ways"], chosen_ways, _some(chosen(BIQ2021, data, Half.VALIDATION), most))
    found["speedup"] = found["ways"][PRODUCT]["times_faster"]
    return found


def _start_s(frames: Sequence[Frame]) -> float:
    """Processor seconds until the product has judged its first frame, the packages' own import left out."""
    began = time.process_time()
    Way(PRODUCT, product(fast_precision())).run(frames[:1])
    return time.process_time() - began


def _some(samples: Sequence[Sample], most: int | None) -> Sequence[Sample]:
    """`most` of the samples, evenly chosen; None is all."""
    return samples if most is None else samples[:: max(1, len(samples) // most)][:most]


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
            "mean_difference": round(float(np.abs(column - plain).mean()), 3),
            "largest_difference": round(float(np.abs(column - plain).max()), 3),
        }


def _shown(samples: Sequence[Sample]) -> Iterator[Pictures]:
    for sample in samples:
        rgb = torch.from_numpy(decoded(sample.path)).permute(2, 0, 1).unsqueeze(0).float() / 255
        yield Pictures.from_rgb(rgb)
