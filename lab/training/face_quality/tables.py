"""Tables II to VI of Jiang et al. 2026, the paper's figures beside ours."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from detectors.models.face_quality.network import DIMENSIONS, SIDE, Assessor, AssessorVariant
from detectors.models.weights import sha256
from domain.errors import ConfigError
from lab.training import dataset_splits
from lab.training.dataset_splits import Split, select_rows
from lab.training.datasets import dataset_folder, find_dataset
from lab.training.face_quality.paper_figures import (
    TABLE_2,
    TABLE_2_COLUMNS,
    TABLE_3,
    TABLE_3_DATASETS,
    TABLE_4,
    TABLE_5,
    TABLE_6,
)
from lab.training.face_quality.recipe import (
    OPINION_SCALE,
    configure_training,
    find_pretrained,
    predict_scores,
    train_model,
)
from lab.training.measures.correlations import plcc, srocc
from lab.training.paper_table import PaperTable, ReproductionOptions, Scatter, TableResult, TableRow
from lab.training.recipe import TrainingJob
from lab.training.samples import Dataset, Sample, score_values
from lab.training.training_run import JOB, claim_folder

SOURCE = "Jiang et al. 2026 (arXiv 2602.07403)"
BENCH = "sfiqa-bench"
FOLDS = 5
SUMMARY = ("srocc", "plcc", "parameters (M)", "gmacs")
NO_START = "; no --start: trained from nothing, not from ImageNet"


@dataclass(frozen=True)
class FaceQualityExperiment:
    """Trainings of one data set's samples; what is trained once is found again in `setting.runs`.

    Found again means with the same options, start, seed and pictures: another plan's weights are refused.
    """

    setting: ReproductionOptions
    dataset: Dataset
    samples: Sequence[Sample]
    options: Mapping[str, str] = field(default_factory=dict)

    def weights(self, model: str, split: Split, name: str, **options: str) -> Path:
        """The weights of `model` after training on the split's side, in a folder of that name.

        Raises ConfigError where the folder holds another training, or weights that do not say which.
        """
        job = self._job(split, name, options)
        path = job.folder / f"{model}.safetensors"
        if path.is_file() and not (job.folder / JOB).is_file():
            raise ConfigError(f"{path} does not say how it was trained: choose another --folder, or delete it")
        claim_folder(job.folder, describe_job(model, job))
        return path if path.is_file() else train_model(model, job)

    def variant(self, model: str, **options: str) -> AssessorVariant:
        """What those options make of the model."""
        return configure_training(model, self._job(Split((), (), ()), "", options))[0]

    def test_samples(self, split: Split) -> list[Sample]:
        """The samples of the half asked for, "test" or "validation"; raises ConfigError for another."""
        return [self.samples[index] for index in select_rows(split, self.setting.half).judged]

    def measure(self, model: str, splits: Sequence[Split], name: str, **options: str) -> dict[str, float]:
        """SROCC and PLCC of each rated dimension, the mean over the splits."""
        runs = []
        for index, split in enumerate(splits):
            file = self.weights(model, split, f"{name}-{index}", **options)
            runs.append(measure_agreements(model, file, self.dataset, self.test_samples(split)))
        return {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}

    def _job(self, split: Split, name: str, options: Mapping[str, str]) -> TrainingJob:
        return TrainingJob(
            dataset=self.dataset,
            train=[self.samples[index] for index in split.train],
            validation=[self.samples[index] for index in split.validation],
            folder=self.setting.runs / f"{self.dataset.name}-{name}",
            start=self.setting.start,
            options={**self.options, **options},
        )


def describe_job(model: str, job: TrainingJob) -> dict[str, object]:
    """What tells this training from any other, as `claim_folder` keeps it."""
    variant, schedule = configure_training(model, job)
    start = find_pretrained(job.start, variant.backbone)
    pictures = "\n".join(str(sample.path) for sample in (*job.train, *job.validation))
    return {
        "model": model,
        "variant": {name: str(value) for name, value in asdict(variant).items()},
        "schedule": {name: str(value) for name, value in asdict(schedule).items()},
        "start": None if start is None else sha256(start),
        "pictures": hashlib.sha256(pictures.encode()).hexdigest(),
    }


def measure_agreements(model: str, file: Path, dataset: Dataset, samples: Sequence[Sample]) -> dict[str, float]:
    """ "<dimension> srocc" and "<dimension> plcc" of every dimension that both the weights and the data set rate."""
    scores = predict_scores(model, file, samples)
    found: dict[str, float] = {}
    for name in dataset.scales:
        if name in scores:
            labels = dataset.scales[name].convert(score_values(samples, name), OPINION_SCALE)
            found |= {f"{name} srocc": srocc(scores[name], labels), f"{name} plcc": plcc(scores[name], labels)}
    return found


def open_experiment(
    setting: ReproductionOptions, name: str, options: Mapping[str, str] | None = None
) -> FaceQualityExperiment:
    """The data set's samples, read at once so that what is missing is said before anything is trained."""
    dataset = find_dataset(name)
    return FaceQualityExperiment(setting, dataset, dataset.read(dataset_folder(name, setting.data)), options or {})


def table_2(
    setting: ReproductionOptions,
    models: Sequence[str] = ("sfiqa_xxs", "sfiqa_xs", "sfiqa_s"),
    options: Mapping[str, str] | None = None,
) -> TableResult:
    """Five folds of SFIQA-Bench, 7:1:2 each, the mean of the folds; the other methods are cited."""
    bench = open_experiment(setting, BENCH, options)
    splits = dataset_splits.split_into_folds(bench.samples, count=FOLDS)[: setting.repetitions]
    ours = {model: bench.measure(model, splits, f"{model}-fold") for model in models}
    note = f"rerun, mean of {len(splits)} folds" + _start_note(setting)
    names = [*TABLE_2, *(model for model in models if model not in TABLE_2)]
    rows = [
        TableRow(name, TABLE_2.get(name, {}), ours.get(name, {}), note if name in ours else "cited") for name in names
    ]
    last = models[-1]
    file = bench.weights(last, splits[0], f"{last}-fold-0")
    return TableResult(tuple(rows), _scatters(last, file, bench.test_samples(splits[0])))


def table_3(
    setting: ReproductionOptions, model: str = "sfiqa_s", options: Mapping[str, str] | None = None
) -> TableResult:
    """GFIQA-20k split 7:1:2 by photograph, CGFIQA-40k on its own sides."""
    found: dict[str, float] = {}
    for each in [open_experiment(setting, name, options) for name in TABLE_3_DATASETS]:
        measured = each.measure(model, [dataset_splits.default_split(each.samples)], f"{model}-usual")
        found |= {f"{each.dataset.name} {measure}": measured[f"mos {measure}"] for measure in ("srocc", "plcc")}
    columns = _table_3_columns()
    cited = {name: dict(zip(columns, figures, strict=True)) for name, figures in TABLE_3.items()}
    rows = [TableRow(name, figures, note="cited") for name, figures in cited.items() if name != model]
    return TableResult((*rows, TableRow(model, cited.get(model, {}), found, "rerun" + _start_note(setting))))


def table_4(
    setting: ReproductionOptions, model: str = "sfiqa_s", options: Mapping[str, str] | None = None
) -> TableResult:
    """Trained on one data set, judged on another's test side (ours: the paper names no side), overall quality."""
    every = {name: open_experiment(setting, name, options) for name in (BENCH, *TABLE_3_DATASETS)}
    splits = {name: dataset_splits.default_split(each.samples) for name, each in every.items()}
    rows = []
    for (learned, tested), (our_srocc, our_plcc, their_srocc, their_plcc) in TABLE_4.items():
        file = every[learned].weights(model, splits[learned], f"{model}-usual-0")
        found = _overall(
            measure_agreements(model, file, every[tested].dataset, every[tested].test_samples(splits[tested]))
        )
        pair = f"{learned} to {tested}"
        paper = {"srocc": our_srocc, "plcc": our_plcc}
        rows.append(TableRow(f"{pair}, {model}", paper, found, "rerun" + _start_note(setting)))
        rows.append(TableRow(f"{pair}, DSL-FIQA", {"srocc": their_srocc, "plcc": their_plcc}, note="cited"))
    return TableResult(tuple(rows))


def table_5(
    setting: ReproductionOptions, backbones: Sequence[str] = tuple(TABLE_5), options: Mapping[str, str] | None = None
) -> TableResult:
    """Each backbone in five folds of SFIQA-Bench; MobileNetV2's row, where asked for, is ours."""
    variants = {backbone: {"backbone": backbone} for backbone in backbones}
    return _ablation(setting, variants, TABLE_5, options)


def table_6(
    setting: ReproductionOptions, rows: Sequence[str] = tuple(TABLE_6), options: Mapping[str, str] | None = None
) -> TableResult:
    """The views and modules of SFIQA-Assessor-S in five folds of SFIQA-Bench."""
    variants = {name: TABLE_6[name][0] for name in rows}
    return _ablation(setting, variants, {name: TABLE_6[name][1] for name in TABLE_6}, options)


def _ablation(
    setting: ReproductionOptions,
    variants: Mapping[str, Mapping[str, str]],
    published: Mapping[str, tuple[float, float, float, float]],
    options: Mapping[str, str] | None,
) -> TableResult:
    bench = open_experiment(setting, BENCH, options)
    splits = dataset_splits.split_into_folds(bench.samples, count=FOLDS)[: setting.repetitions]
    note = f"rerun, mean of {len(splits)} folds" + _start_note(setting)
    rows = []
    for name, switches in variants.items():
        measured = bench.measure("sfiqa_s", splits, name.replace(", ", "-").replace(" ", "-"), **switches)
        cost = dict(zip(SUMMARY[2:], measure_size(bench.variant("sfiqa_s", **switches)), strict=True))
        ours = {measure: _mean(measured, measure) for measure in ("srocc", "plcc")} | cost
        paper = dict(zip(SUMMARY, published[name], strict=True)) if name in published else {}
        rows.append(TableRow(name, paper, ours, note))
    return TableResult(tuple(rows))


def measure_size(variant: AssessorVariant) -> tuple[float, float]:
    """Million parameters, and GMACs of one face at 224 x 224 by PyTorch's counter."""
    network = Assessor(variant).eval()
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, len(variant.views), 3, SIDE, SIDE))
    parameters = sum(tensor.numel() for tensor in network.parameters())
    return parameters / 1e6, float(counter.get_total_flops()) / 2e9


def _scatters(model: str, file: Path, samples: Sequence[Sample]) -> tuple[Scatter, ...]:
    scores = predict_scores(model, file, samples)
    return tuple(Scatter(f"{model} {name}", scores[name], score_values(samples, name)) for name in map(str, DIMENSIONS))


def _mean(measured: Mapping[str, float], measure: str) -> float:
    return float(np.mean([measured[f"{dimension} {measure}"] for dimension in DIMENSIONS]))


def _overall(found: Mapping[str, float]) -> dict[str, float]:
    """The overall opinion, which a data set with one opinion only calls "mos"."""
    name = "mos" if "mos srocc" in found else "overall"
    return {measure: found[f"{name} {measure}"] for measure in ("srocc", "plcc")}


def _start_note(setting: ReproductionOptions) -> str:
    return "" if setting.start is not None else NO_START


def _table_3_columns() -> tuple[str, ...]:
    return tuple(f"{dataset} {measure}" for dataset in TABLE_3_DATASETS for measure in ("srocc", "plcc"))


_table = partial(PaperTable, source=SOURCE)
SFIQA_TABLES = (
    _table(
        "sfiqa-table-2",
        "SFIQA Table II: methods on SFIQA-Bench",
        datasets=(BENCH,),
        columns=TABLE_2_COLUMNS,
        reproduce=table_2,
    ),
    _table(
        "sfiqa-table-3",
        "SFIQA Table III: GFIQA-20k and CGFIQA-40k",
        datasets=TABLE_3_DATASETS,
        columns=_table_3_columns(),
        reproduce=table_3,
    ),
    _table(
        "sfiqa-table-4",
        "SFIQA Table IV: across data sets",
        datasets=(BENCH, *TABLE_3_DATASETS),
        columns=("srocc", "plcc"),
        reproduce=table_4,
    ),
    _table("sfiqa-table-5", "SFIQA Table V: backbones", datasets=(BENCH,), columns=SUMMARY, reproduce=table_5),
    _table("sfiqa-table-6", "SFIQA Table VI: views and modules", datasets=(BENCH,), columns=SUMMARY, reproduce=table_6),
)
