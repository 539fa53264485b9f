"""Tables 1 to 4 of the detection quality paper (VISAPP 2022), the paper's figures beside ours.

Ours are other films, another first convolution where no ResNet50's is given, and YOLOX-nano's precision where Faster
R-CNN's weights are missing: a transfer test, and its rows say so. Correlations are absolute, as in the paper.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from detectors.models.classic_iqa.comparison_measures import COMPARISON_MEASURES
from detectors.models.detection_quality import first_convolution
from detectors.models.detection_quality.dct_metric import READING, dct_losses
from detectors.models.detection_quality.detectability import load_detectability
from detectors.models.detection_quality.detector import DETECTION_LOSS, load_detection_quality
from detectors.models.detection_quality.first_convolution import FirstConvolution, load_first_convolution
from detectors.models.faster_rcnn import weights as faster_rcnn_weights
from detectors.models.faster_rcnn.detector import FasterRcnnDetector, load_faster_rcnn
from detectors.models.pictures import Pictures
from detectors.models.weights import WeightsAbsent, WeightsFile, WeightsUnavailable
from domain.errors import ConfigError
from lab.training.augment.video_compression import CRFS, SETTINGS, Pixels
from lab.training.detection_quality.recipe import REGRESSED_READING
from lab.training.detection_quality.tables.film_measurements import FilmMeasurement, PictureMeasure, measure_film
from lab.training.detection_quality.tables.film_windows import (
    SHORT_WINDOW,
    WINDOW,
    FilmWindow,
    bootstrap_advantage,
    correlate_windows,
    correlation_intervals,
    cut_windows,
)
from lab.training.detection_quality.tables.films import ANNOTATED, FURTHER, UNSEEN, BenchmarkFilm, load_footage
from lab.training.detection_quality.yolox import ObjectDetections, ObjectDetector, YoloxNano
from lab.training.measures.correlations import krcc, mae, plcc, srocc
from lab.training.paper_table import PaperTable, ReproductionOptions, Scatter, TableResult, TableRow
from lab.training.samples import Values

PAPER = "Beniwal, Mantini & Shah, VISAPP 2022"
FOLDER = "detection-quality"
REFERENCE_MODELS = "reference-models"
YOLOX = f"{REFERENCE_MODELS}/yolox_nano.onnx"
FASTER_RCNN = "faster_rcnn"
PAPERS_FEATURES = "faster_rcnn_"
"""Before the names of the readings by the first convolution of Faster R-CNN's ResNet50, the paper's own features."""
EVERY = 8
"""Pictures between those measured: neighbours tell the same."""
VARIANTS = SETTINGS
LONGEST = 400
"""Pictures of a film without boxes."""
NEEDED = ("clips", "annotations", REFERENCE_MODELS)
"""Folders of the data folder."""
COLUMNS = ("lcc", "srcc", "krcc", "lcc_drop", "srcc_drop", "krcc_drop")
SUBSETS: Mapping[str, tuple[int, ...]] = {"35/41/47": (35, 41, 47), "41/47": (41, 47)}
PAPER_FIGURES: Mapping[str, Mapping[str, tuple[float, float, float]]] = {
    "all": {
        "contrast": (0.050, 0.180, 0.168),
        "noise": (0.102, 0.074, 0.047),
        "blur": (0.221, 0.143, 0.089),
        "psnr": (0.627, 0.695, 0.508),
        "blockiness": (0.627, 0.670, 0.491),
        "ssim": (0.650, 0.614, 0.440),
        READING: (0.701, 0.693, 0.503),
    },
    "35/41/47": {
        "contrast": (0.015, 0.147, 0.138),
        "noise": (0.089, 0.066, 0.044),
        "blur": (0.160, 0.141, 0.089),
        "psnr": (0.564, 0.604, 0.431),
        "blockiness": (0.514, 0.570, 0.403),
        "ssim": (0.549, 0.527, 0.431),
        READING: (0.626, 0.640, 0.447),
    },
    "41/47": {
        "contrast": (0.026, 0.111, 0.106),
        "noise": (0.102, 0.041, 0.021),
        "blur": (0.044, 0.045, 0.027),
        "psnr": (0.427, 0.461, 0.320),
        "blockiness": (0.307, 0.390, 0.262),
        "ssim": (0.378, 0.375, 0.25),
        READING: (0.498, 0.511, 0.337),
    },
}
REGRESSOR_COLUMNS = ("lcc", "srocc", "krcc", "mae", f"lcc_{READING}", f"srocc_{READING}", "drop_lcc", "drop_srocc")


class FasterRcnn:
    """The paper's detector, where its weights are; its name tells the weights apart, for what it finds is kept."""

    def __init__(self, detector: FasterRcnnDetector) -> None:
        self.name = f"Faster R-CNN ({detector.variant.name}, {detector.fingerprint})"
        self._detector = detector

    def __call__(self, picture: Pixels) -> ObjectDetections:
        """Detections in one RGB picture (H, W, 3); COCO's person, 1 in torchvision, becomes class 0."""
        rgb = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255
        (found,) = self._detector.detections(rgb)
        return ObjectDetections(found.boxes.numpy(), found.scores.numpy(), found.labels.numpy() - 1)


@dataclass(frozen=True, slots=True)
class WeightsPlaces:
    """Where the tables look for the paper's detector: `explicit` alone where given, else the folder `downloads`."""

    explicit: Path | None
    downloads: Path


def find_weights_places(setting: ReproductionOptions) -> WeightsPlaces:
    """`--set faster_rcnn=FILE`, else the data's reference models. Raises ConfigError for another option."""
    unknown = sorted(set(setting.options) - {FASTER_RCNN})
    if unknown:
        raise ConfigError(f"no option {unknown[0]!r}: the DCT tables have {FASTER_RCNN}, the path of its weights")
    given = setting.options.get(FASTER_RCNN)
    return WeightsPlaces(None if given is None else Path(given).expanduser(), setting.data / REFERENCE_MODELS)


def load_detectors(data: Path, places: WeightsPlaces) -> list[ObjectDetector]:
    """The detectors whose precision is asked for: YOLOX-nano, and Faster R-CNN where its weights are.

    Raises WeightsUnavailable where the operator named a file that is of no use.
    """
    found: list[ObjectDetector] = [YoloxNano(data / YOLOX)]
    try:
        found.append(FasterRcnn(load_faster_rcnn(places.explicit, places.downloads)))
    except WeightsAbsent:
        if places.explicit is not None:
            raise
    return found


def build_measures(places: WeightsPlaces) -> dict[str, PictureMeasure]:
    """The DCT metric by the bundled convolution and by Faster R-CNN's, where it is one; the six baselines, and the
    trained networks that have weights. Names tell the weights apart."""
    found = build_metric()
    with contextlib.suppress(WeightsUnavailable):
        found |= _metric_of(first_convolution.from_weights(locate_faster_rcnn(places)), PAPERS_FEATURES)
    found["baselines"] = lambda after, before: {
        name: one.score(after, before) for name, one in COMPARISON_MEASURES.items()
    }
    for make in (load_detection_quality, load_detectability):
        with contextlib.suppress(WeightsUnavailable):
            detector = make()
            found[detector.fingerprint] = _as_measure(detector.score)
    return found


def build_metric() -> dict[str, PictureMeasure]:
    """The DCT metric alone, in every reading."""
    return _metric_of(load_first_convolution())


def _metric_of(convolution: FirstConvolution, prefix: str = "") -> dict[str, PictureMeasure]:
    """The readings by one convolution; `prefix` tells their names from another's."""

    def measure(after: Pictures, before: Pictures) -> Mapping[str, Tensor]:
        return {f"{prefix}{name}": value for name, value in dct_losses(before.rgb, after.rgb, convolution).items()}

    return {f"dct-{convolution.fingerprint}": measure}


def locate_faster_rcnn(places: WeightsPlaces) -> WeightsFile:
    """The file of the paper's detector; raises WeightsUnavailable without."""
    return faster_rcnn_weights.locate_weights(explicit=places.explicit, downloads=places.downloads)


def build_regressor() -> dict[str, PictureMeasure]:
    """The regressor and the metric it predicts. Raises WeightsUnavailable without its weights."""
    detector = load_detection_quality()
    return build_metric() | {detector.fingerprint: _as_measure(detector.score)}


def _as_measure(score: Callable[[Pictures], Mapping[str, Tensor]]) -> PictureMeasure:
    return lambda after, _: score(after)


def measure_annotated_films(setting: ReproductionOptions, judge: ObjectDetector, length: int) -> list[FilmWindow]:
    """Windows of the films with boxes."""
    measures = build_measures(find_weights_places(setting))
    shots = [load_footage(film, setting.data) for film in ANNOTATED]
    samples = [
        sample
        for shot in shots
        for sample in measure_film(shot, measures, judge, setting.runs / FOLDER, every=EVERY, settings=VARIANTS)
    ]
    return cut_windows(shots, samples, length)


def table_1(setting: ReproductionOptions) -> TableResult:
    """All CRFs."""
    return _correlate_films(setting, {"all": (23, 29, 35, 41, 47)})


def table_2(setting: ReproductionOptions) -> TableResult:
    """CRF 35, 41, 47, then 41 and 47."""
    return _correlate_films(setting, SUBSETS)


def _correlate_films(setting: ReproductionOptions, subsets: Mapping[str, tuple[int, ...]]) -> TableResult:
    rows: list[TableRow] = []
    scatters: list[Scatter] = []
    for judge in load_detectors(setting.data, find_weights_places(setting)):
        for length in (WINDOW, SHORT_WINDOW):
            found = measure_annotated_films(setting, judge, length)
            for subset, crfs in subsets.items():
                chosen = [window for window in found if window.setting.crf in crfs]
                rows += _rows(chosen, subset, f"{judge.name}, windows of {length}", paper=length == WINDOW)
            if length == WINDOW:
                values = np.array([window.values[READING] for window in found])
                scatters.append(Scatter(f"DCT metric, {judge.name}", values, np.array([one.ap for one in found])))
    return TableResult(tuple(rows), tuple(scatters))


def _rows(found: Sequence[FilmWindow], subset: str, name: str, *, paper: bool) -> list[TableRow]:
    figures = PAPER_FIGURES[subset]
    names = [*figures, *(key for key in found[0].values if key not in figures)]
    return [
        TableRow(
            f"{subset}: {key}, {name}",
            paper=dict(zip(("lcc", "srcc", "krcc"), figures[key], strict=True)) if paper and key in figures else {},
            ours=_both(found, key),
            note=f"n {len(found)}" + (_against_baselines(found) if key == READING else ""),
            intervals=correlation_intervals(found, key),
        )
        for key in names
    ]


def _against_baselines(found: Sequence[FilmWindow]) -> str:
    """By how much the metric's LCC is above each baseline's, with intervals: above is said only where both ends are."""
    said = []
    for name in COMPARISON_MEASURES:
        gain, low, high = bootstrap_advantage(found, READING, name, "lcc")
        said.append(f"{name} {gain:+.3f} ({low:+.3f} to {high:+.3f})")
    return f" (the metric); LCC against {', '.join(said)}"


def _both(found: Sequence[FilmWindow], key: str) -> dict[str, float]:
    direct = correlate_windows(found, key)
    drop = correlate_windows(found, key, against="ap_drop")
    return {name: abs(value) for name, value in direct.items()} | {
        f"{name}_drop": abs(value) for name, value in drop.items()
    }


def table_3(setting: ReproductionOptions) -> TableResult:
    """The regressor on the two CC BY films, which it never saw; the paper: other pictures of the films trained on."""
    paper = {"lcc": 0.574, "srocc": 0.789, "krcc": 0.610, "mae": 3.05}
    return _compare_regressor(setting, FURTHER, paper)


def table_4(setting: ReproductionOptions) -> TableResult:
    """The regressor on scenes never seen."""
    return _compare_regressor(setting, UNSEEN, {"lcc": 0.490, "srocc": 0.673, "krcc": 0.486, "mae": 4.10})


def _compare_regressor(
    setting: ReproductionOptions, films: Sequence[BenchmarkFilm], paper: Mapping[str, float]
) -> TableResult:
    judge = YoloxNano(setting.data / YOLOX)
    rows, everything = [], []
    for film in films:
        shot = load_footage(film, setting.data, longest=None if film.boxes else LONGEST)
        finder = judge if film.boxes else None
        samples = measure_film(shot, build_regressor(), finder, setting.runs / FOLDER, every=EVERY, settings=VARIANTS)
        ours = _agreement(samples)
        if film.boxes:
            found = cut_windows([shot], samples, SHORT_WINDOW)
            drop = correlate_windows(found, DETECTION_LOSS.key, against="ap_drop")
            ours |= {"drop_lcc": drop["lcc"], "drop_srocc": drop["srcc"]}
        rows.append(TableRow(film.name, ours=ours, note=f"n {_count(samples)}"))
        everything += samples
    rows.append(TableRow("all", paper=paper, ours=_agreement(everything), note=f"n {_count(everything)}"))
    return TableResult(tuple(rows), (Scatter("regressor", *_pair(everything)),))


def figure_5(setting: ReproductionOptions) -> TableResult:
    """The regressor's mean at each CRF, by film: the paper shows one picture of a film each, rising with the CRF."""
    rows = []
    for film in (*FURTHER, *UNSEEN):
        shot = load_footage(film, setting.data, longest=None if film.boxes else LONGEST)
        found = measure_film(shot, build_regressor(), None, setting.runs / FOLDER, every=EVERY, settings=VARIANTS)
        by_crf: dict[int, list[float]] = {}
        for sample in found:
            if sample.setting is not None:
                by_crf.setdefault(sample.setting.crf, []).extend(sample.values[DETECTION_LOSS.key].tolist())
        ours = {f"crf {crf}": float(np.mean(values)) for crf, values in sorted(by_crf.items())}
        rows.append(TableRow(film.name, ours=ours, note=f"n {_count(found)}"))
    return TableResult(tuple(rows))


def _pair(samples: Sequence[FilmMeasurement], reading: str = REGRESSED_READING) -> tuple[Values, Values]:
    coded = [sample for sample in samples if sample.setting is not None]
    predicted = np.concatenate([sample.values[DETECTION_LOSS.key] for sample in coded])
    return predicted, np.concatenate([sample.values[reading] for sample in coded])


def _agreement(samples: Sequence[FilmMeasurement]) -> dict[str, float]:
    """With the reading it learned, and in the last two with the reading that was chosen later."""
    predicted, labels = _pair(samples)
    _, taken = _pair(samples, READING)
    return {
        "lcc": plcc(predicted, labels),
        "srocc": srocc(predicted, labels),
        "krcc": krcc(predicted, labels),
        "mae": mae(predicted, labels),
        f"lcc_{READING}": plcc(predicted, taken),
        f"srocc_{READING}": srocc(predicted, taken),
    }


def _count(samples: Sequence[FilmMeasurement]) -> int:
    return sum(len(sample.places) for sample in samples if sample.setting is not None)


def _table(
    number: int, title: str, columns: tuple[str, ...], reproduce: Callable[[ReproductionOptions], TableResult]
) -> PaperTable:
    return PaperTable(f"dct-table-{number}", title, PAPER, NEEDED, columns, reproduce, settable=number <= 2)


DCT_TABLE_1 = _table(1, "Quality metrics against average precision, all CRFs", COLUMNS, table_1)
DCT_TABLE_2 = _table(2, "Quality metrics against average precision, CRF 35 and above", COLUMNS, table_2)
DCT_TABLE_3 = _table(3, "The regressor on two further films", REGRESSOR_COLUMNS, table_3)
DCT_TABLE_4 = _table(4, "The regressor on scenes never seen", REGRESSOR_COLUMNS, table_4)
DCT_FIGURE_5 = PaperTable(
    "dct-figure-5",
    "The regressor's answer at each CRF",
    PAPER,
    NEEDED,
    tuple(f"crf {crf}" for crf in CRFS),
    figure_5,
)
DCT_TABLES = (DCT_TABLE_1, DCT_TABLE_2, DCT_TABLE_3, DCT_TABLE_4, DCT_FIGURE_5)
