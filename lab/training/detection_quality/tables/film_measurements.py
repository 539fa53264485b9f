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

from detectors.models.pictures import Pictures
from lab.training.augment.video_compression import SETTINGS, EncoderSetting, Pixels, RawClip, load_or_compress
from lab.training.detection_quality.tables.films import Footage
from lab.training.detection_quality.yolox import ObjectDetections, ObjectDetector

PictureMeasure = Callable[[Pictures, Pictures], Mapping[str, torch.Tensor]]
"""(N,) by name, of degraded pictures and their originals; a no-reference measure looks at the first alone."""
BATCH = 8
PRISTINE = "pristine"


@dataclass(frozen=True)
class FilmMeasurement:
    """One film at one setting: `places` (n,) of the pictures taken, each measure's values (n,), what was found."""

    film: str
    setting: EncoderSetting | None
    places: NDArray[np.int64]
    values: Mapping[str, NDArray[np.float64]]
    found: Sequence[ObjectDetections]


def measure_film(
    shot: Footage,
    measures: Mapping[str, PictureMeasure],
    detector: ObjectDetector | None,
    folder: Path,
    *,
    every: int = 2,
    settings: Sequence[EncoderSetting] = SETTINGS,
) -> list[FilmMeasurement]:
    """The untouched film first (setting None), then each setting; what `folder` already holds is not done again."""
    places = np.arange(0, len(shot.pictures), every)
    original = shot.pictures[places]
    source = RawClip(shot.pictures, shot.rate)
    results = [
        _measure_setting(shot, None, (original, original), places, measures=measures, detector=detector, folder=folder)
    ]
    for setting in settings:
        needed = not _complete(folder, _stem(shot, setting, every), measures, detector)
        after = load_or_compress(source, setting, folder / "streams", places.tolist()) if needed else original
        results.append(
            _measure_setting(
                shot, setting, (original, after), places, measures=measures, detector=detector, folder=folder
            )
        )
    return results


def _measure_setting(
    shot: Footage,
    setting: EncoderSetting | None,
    pair: tuple[Pixels, Pixels],
    places: NDArray[np.int64],
    *,
    measures: Mapping[str, PictureMeasure],
    detector: ObjectDetector | None,
    folder: Path,
) -> FilmMeasurement:
    original, after = pair
    every = int(places[1] - places[0]) if len(places) > 1 else 1
    stem = _stem(shot, setting, every)
    values: dict[str, NDArray[np.float64]] = {}
    for name, measure in measures.items():
        rows = _load_or_make(folder / f"{stem}.{name}.json", partial(_apply_measure, measure, after, original))
        values |= {key: np.array([row[key] for row in rows]) for key in rows[0]}
    found: list[ObjectDetections] = []
    if detector is not None:
        rows = _load_or_make(
            folder / f"{stem}.{detector.name}.json", lambda: [_to_rows(detector(one)) for one in after]
        )
        found = [_from_rows(row) for row in rows]
    return FilmMeasurement(shot.film.name, setting, places, values, found)


def _apply_measure(measure: PictureMeasure, after: Pixels, original: Pixels) -> list[dict[str, float]]:
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


def _stem(shot: Footage, setting: EncoderSetting | None, every: int) -> str:
    height, width = shot.pictures.shape[1:3]
    return f"{shot.film.name}-{width}x{height}-{PRISTINE if setting is None else setting.name}-every{every}"


def _complete(folder: Path, stem: str, measures: Mapping[str, PictureMeasure], detector: ObjectDetector | None) -> bool:
    names = [*measures, *([detector.name] if detector else [])]
    return all((folder / f"{stem}.{name}.json").is_file() for name in names)


def _load_or_make(path: Path, make: Callable[[], list]) -> list:  # type: ignore[type-arg]
    """A list from its JSON file, made and written first where there is none."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.part")
        partial.write_text(json.dumps(make()), encoding="utf-8")
        os.replace(partial, path)
    values: list = json.loads(path.read_text(encoding="utf-8"))  # type: ignore[type-arg]
    return values


def _to_rows(found: ObjectDetections) -> list[list[float]]:
    columns = np.column_stack([found.scores, found.classes, found.boxes])
    return [[round(float(value), 4) for value in row] for row in columns]


def _from_rows(rows: list[list[float]]) -> ObjectDetections:
    table = np.array(rows, np.float32).reshape(-1, 6)
    return ObjectDetections(table[:, 2:], table[:, 0], table[:, 1].astype(np.int64))
