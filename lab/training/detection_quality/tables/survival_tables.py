"""Beyond the paper: how the reading of Eq. 21 was chosen, and what detectability is worth on scenes never seen."""

from collections.abc import Iterator, Sequence

import numpy as np

from detectors.models.detection_quality.dct_metric import READING
from detectors.models.detection_quality.detectability import DETECTABILITY, load_detectability
from detectors.models.detection_quality.first_convolution import load_first_convolution
from domain.errors import ConfigError
from lab.training.augment.degradation_ladders import score_ladders, summarise_ladder
from lab.training.augment.video_compression import Pixels
from lab.training.datasets import dataset_folder, find_dataset
from lab.training.detection_quality.tables.heldout_eval import UNTOUCHED, heldout_pictures, predict_heldout
from lab.training.detection_quality.tables.paper_tables import NEEDED, REFERENCE_MODELS, YOLOX
from lab.training.detection_quality.tables.reading_choice import compare_readings
from lab.training.detection_quality.yolox import YoloxNano
from lab.training.paper_table import PaperTable, ReproductionOptions, Scatter, TableResult, TableRow
from lab.training.pictures import decode_picture
from lab.training.samples import TRAIN, Sample

CHOICE_COLUMNS = ("n", "lcc", "srocc", "lcc_groups", "srocc_groups")
UNSEEN_COLUMNS = ("n", "objects", "predicted", "survived", "ece", "srocc", "plcc")
LADDER_COLUMNS = ("n", "holds", "mean_spearman")
UNSEEN_NEEDED = (*NEEDED, "images")
PHOTOGRAPHS = 200
CHOICE_SEED = 99
GOOD = 0.66
"""Opinions from here on, of [0, 1]: the better 60 % of the training half."""


def reproduce_reading_choice(setting: ReproductionOptions) -> TableResult:
    """Every reading on photographs of BIQ2021's training half."""
    dataset = find_dataset("biq2021")
    samples = [sample for sample in dataset.read(dataset_folder("biq2021", setting.data)) if sample.split == TRAIN]
    finder = YoloxNano(setting.data / YOLOX)
    found = compare_readings(_photographs(samples), finder, load_first_convolution())
    rows = [TableRow(name, ours=figures, note="taken" if name == READING else "") for name, figures in found.items()]
    return TableResult(tuple(rows))


def _photographs(samples: Sequence[Sample]) -> Iterator[Pixels]:
    order = np.random.default_rng(CHOICE_SEED).permutation(len(samples))
    good = [samples[index] for index in order if samples[index].scores["mos"] >= GOOD]
    for sample in good[:PHOTOGRAPHS]:
        yield decode_picture(sample.path)


def reproduce_heldout_eval(setting: ReproductionOptions) -> TableResult:
    """Detectability beside what YOLOX-nano really loses: all, by degradation, by scene."""
    found = predict_heldout(load_detectability(), YoloxNano(setting.data / YOLOX), heldout_pictures(setting.data))
    rows = [TableRow("all", ours=found.figures(), note="untouched pictures included")]
    rows += [
        TableRow(kind, ours=found.only([one == kind for one in found.kinds]).figures())
        for kind in dict.fromkeys(found.kinds)
        if kind != UNTOUCHED
    ]
    rows += [
        TableRow(scene, ours=found.only([one == scene for one in found.scenes]).figures())
        for scene in dict.fromkeys(found.scenes)
    ]
    return TableResult(tuple(rows), (Scatter("detectability", found.predicted, found.after / found.before),))


def reproduce_ladders(setting: ReproductionOptions) -> TableResult:
    """Five ladders on Kodak's photographs: the share on which detectability falls at Spearman -0.9 or below."""
    paths = sorted((setting.data / "images" / "kodak24").glob("*.png"))
    if not paths:
        raise ConfigError(f"{setting.data / 'images' / 'kodak24'} holds no PNG: place Kodak's photographs there")
    scores = score_ladders(load_detectability(), DETECTABILITY.key, paths)
    results = {name: summarise_ladder(rungs) for name, rungs in scores.items()}
    rows = [
        TableRow(
            name,
            ours={"n": one.n, "holds": one.holds, "mean_spearman": one.mean_spearman},
            note=" ".join(f"{score:.0f}" for score in one.mean_scores),
        )
        for name, one in results.items()
    ]
    return TableResult(tuple(rows))


DCT_READING = PaperTable(
    "dct-reading",
    "Readings of Eq. 21 on training photographs",
    "ours",
    ("biq2021", REFERENCE_MODELS),
    CHOICE_COLUMNS,
    reproduce_reading_choice,
)
DETECTABILITY_UNSEEN = PaperTable(
    "detectability-unseen",
    "Detectability on scenes never seen",
    "ours",
    UNSEEN_NEEDED,
    UNSEEN_COLUMNS,
    reproduce_heldout_eval,
)
DETECTABILITY_LADDERS = PaperTable(
    "detectability-ladders",
    "Detectability on pictures made worse",
    "ours",
    ("images",),
    LADDER_COLUMNS,
    reproduce_ladders,
)
SURVIVAL_TABLES = (DCT_READING, DETECTABILITY_UNSEEN, DETECTABILITY_LADDERS)
