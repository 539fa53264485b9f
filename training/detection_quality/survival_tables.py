"""Beyond the paper: how the reading of Eq. 21 was chosen, and what detectability is worth on scenes never seen."""

from collections.abc import Iterator, Sequence

import numpy as np

from detectors.detection_quality.detectability import DETECTABILITY, detectability
from detectors.detection_quality.first_convolution import first_convolution
from detectors.detection_quality.metric import READING
from domain.errors import ConfigError
from training.datasets import folder_of, known
from training.detection_quality.choice import compared
from training.detection_quality.compression import Pixels
from training.detection_quality.tables import YOLOX
from training.detection_quality.unseen import UNTOUCHED, judged, unseen_pictures
from training.detection_quality.yolox import YoloxNano
from training.measures.ladders import climbed, summed_up
from training.pictures import decoded
from training.results import Result, Row, Scatter, Setting, Table
from training.samples import TRAIN, Sample

CHOICE_COLUMNS = ("n", "lcc", "srocc", "lcc_groups", "srocc_groups")
UNSEEN_COLUMNS = ("n", "objects", "predicted", "survived", "ece", "srocc", "plcc")
LADDER_COLUMNS = ("n", "holds", "mean_spearman")
PHOTOGRAPHS = 200
CHOICE_SEED = 99
GOOD = 0.66
"""Opinions from here on, of [0, 1]: the better 60 % of the training half."""


def choice(setting: Setting) -> Result:
    """Every reading on photographs of BIQ2021's training half."""
    dataset = known("biq2021")
    samples = [sample for sample in dataset.read(folder_of("biq2021", setting.data)) if sample.split == TRAIN]
    finder = YoloxNano(setting.data / YOLOX)
    found = compared(_photographs(samples), finder, first_convolution())
    rows = [Row(name, ours=figures, note="taken" if name == READING else "") for name, figures in found.items()]
    return Result(tuple(rows))


def _photographs(samples: Sequence[Sample]) -> Iterator[Pixels]:
    order = np.random.default_rng(CHOICE_SEED).permutation(len(samples))
    good = [samples[index] for index in order if samples[index].scores["mos"] >= GOOD]
    for sample in good[:PHOTOGRAPHS]:
        yield decoded(sample.path)


def unseen(setting: Setting) -> Result:
    """Detectability beside what YOLOX-nano really loses: all, by degradation, by scene."""
    found = judged(detectability(), YoloxNano(setting.data / YOLOX), unseen_pictures(setting.data))
    rows = [Row("all", ours=found.figures(), note="untouched pictures included")]
    rows += [
        Row(kind, ours=found.only([one == kind for one in found.kinds]).figures())
        for kind in dict.fromkeys(found.kinds)
        if kind != UNTOUCHED
    ]
    rows += [
        Row(scene, ours=found.only([one == scene for one in found.scenes]).figures())
        for scene in dict.fromkeys(found.scenes)
    ]
    return Result(tuple(rows), (Scatter("detectability", found.predicted, found.after / found.before),))


def ladders(setting: Setting) -> Result:
    """Five ladders on Kodak's photographs: the share on which detectability falls at Spearman -0.9 or below."""
    paths = sorted((setting.data / "images" / "kodak24").glob("*.png"))
    if not paths:
        raise ConfigError(f"{setting.data / 'images' / 'kodak24'} holds no PNG: place Kodak's photographs there")
    scores = climbed(detectability(), DETECTABILITY.key, paths)
    results = {name: summed_up(rungs) for name, rungs in scores.items()}
    rows = [
        Row(
            name,
            ours={"n": one.n, "holds": one.holds, "mean_spearman": one.mean_spearman},
            note=" ".join(f"{score:.0f}" for score in one.mean_scores),
        )
        for name, one in results.items()
    ]
    return Result(tuple(rows))


DCT_READING = Table(
    "dct-reading", "Readings of Eq. 21 on training photographs", "ours", ("biq2021",), CHOICE_COLUMNS, choice
)
DETECTABILITY_UNSEEN = Table(
    "detectability-unseen", "Detectability on scenes never seen", "ours", (), UNSEEN_COLUMNS, unseen
)
DETECTABILITY_LADDERS = Table(
    "detectability-ladders", "Detectability on pictures made worse", "ours", (), LADDER_COLUMNS, ladders
)
SURVIVAL_TABLES = (DCT_READING, DETECTABILITY_UNSEEN, DETECTABILITY_LADDERS)
