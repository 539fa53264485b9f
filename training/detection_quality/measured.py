"""Every film at every encoder setting, measured once and kept: the numbers behind DCT Tables 1 to 4."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from detectors.base import Pictures
from training.detection_quality.compression import SETTINGS, Clip, Pixels, Setting, cached
from training.detection_quality.films import Footage
from training.detection_quality.yolox import Detections, ObjectDetector

Measure = Callable[[Pictures, Pictures], Mapping[str, torch.Tensor]]
"""(N,) by name, of degraded pictures and their originals; a no-reference measure looks at the first alone."""
BATCH = 8
PRISTINE = "pristine"


@dataclass(frozen=True)
class Sampled:
    """One film at one setting: `places` (n,) of the pictures taken, each measure's values (n,), what was found."""

    film: str
    setting: Setting | None
    places: NDArray[np.int64]
    values: Mapping[str, NDArray[np.float64]]
    found: Sequence[Detections]


def measured(
    shot: Footage,
    measures: Mapping[str, Measure],
    detector: ObjectDetector | None,
    folder: Path,
    *,
    every: int = 2,
    settings: Sequence[Setting] = SETTINGS,
) -> list[Sampled]:
    """The untouched film first (setting None), then each setting; what `folder` already holds is not done again."""
    places = np.arange(0, len(shot.pictures), every)
    original = shot.pictures[places]
    source = Clip(shot.pictures, shot.rate)
    results = [_one(shot, None, (original, original), places, measures=measures, detector=detector, folder=folder)]
    for setting in settings:
        needed = not _complete(folder, _stem(shot, setting, every), measures, detector)
        after = cached(source, setting, folder / "streams", places.tolist()) if needed else original
        results.append(
            _one(shot, setting, (original, after), places, measures=measures, detector=detector, folder=folder)
        )
    return results


def _one(
    shot: Footage,
    setting: Setting | None,
    pair: tuple[Pixels, Pixels],
    places: NDArray[np.int64],
    *,
    measures: Mapping[str, Measure],
    detector: ObjectDetector | None,
    folder: Path,
) -> Sampled:
    original, after = pair
    every = int(places[1] - places[0]) if len(places) > 1 else 1
    stem = _stem(shot, setting, every)
    values: dict[str, NDArray[np.float64]] = {}
    for name, measure in measures.items():
        rows = _kept(folder / f"{stem}.{name}.json", partial(_applied, measure, after, original))
        values |= {key: np.array([row[key] for row in rows]) for key in rows[0]}
    found: list[Detections] = []
    if detector is not None:
        rows = _kept(folder / f"{stem}.{detector.name}.json", lambda: [_listed(detector(one)) for one in after])
        found = [_unlisted(row) for row in rows]
    return Sampled(shot.film.name, setting, places, values, found)


def _applied(measure: Measure, after: Pixels, original: Pixels) -> list[dict[str, float]]:
    """One record a picture."""
    records: list[dict[str, float]] = []
    for start in range(0, len(after), BATCH):
        pair = (_pictures(after[start : start + BATCH]), _pictures(original[start : start + BATCH]))
        with torch.inference_mode():
            columns = {name: column.double().tolist() for name, column in measure(*pair).items()}
        records += [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return records


def _pictures(pictures: Pixels) -> Pictures:
    return Pictures.from_rgb(torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2).float() / 255)


def _stem(shot: Footage, setting: Setting | None, every: int) -> str:
    height, width = shot.pictures.shape[1:3]
    return f"{shot.film.name}-{width}x{height}-{PRISTINE if setting is None else setting.name}-every{every}"


def _complete(folder: Path, stem: str, measures: Mapping[str, Measure], detector: ObjectDetector | None) -> bool:
    names = [*measures, *([detector.name] if detector else [])]
    return all((folder / f"{stem}.{name}.json").is_file() for name in names)


def _kept(path: Path, make: Callable[[], list]) -> list:  # type: ignore[type-arg]
    """A list from its JSON file, made and written first where there is none."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.part")
        partial.write_text(json.dumps(make()), encoding="utf-8")
        os.replace(partial, path)
    values: list = json.loads(path.read_text(encoding="utf-8"))  # type: ignore[type-arg]
    return values


def _listed(found: Detections) -> list[list[float]]:
    columns = np.column_stack([found.scores, found.classes, found.boxes])
    return [[round(float(value), 4) for value in row] for row in columns]


def _unlisted(rows: list[list[float]]) -> Detections:
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Detections(table[:, 2:], table[:, 0], table[:, 1].astype(np.int64))
