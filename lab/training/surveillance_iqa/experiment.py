"""One data set, its splits, and the trainings on them that a table needs; what was trained is not trained again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from detectors.models.saliency_iqa.network import LOCAL_WEIGHT
from detectors.models.weights import sha256
from domain.errors import ConfigError
from lab.training import dataset_splits
from lab.training.classic_iqa.features import compute_features
from lab.training.classic_iqa.regression import fit_regression
from lab.training.dataset_splits import SplitRows, leave_out_test, select_rows
from lab.training.datasets import dataset_folder, find_dataset
from lab.training.measures.correlations import plcc, rmse, srocc
from lab.training.measures.logistic_fit import fit_logistic
from lab.training.measures.paired_bootstrap import Measure, Runs, bootstrap_mean
from lab.training.paper_table import ReproductionOptions
from lab.training.samples import PERCENT, Dataset, Sample, Scale, Values, score_values
from lab.training.surveillance_iqa.paper_figures import COLUMNS
from lab.training.surveillance_iqa.trainer import build_network, predict_qualities, train_network
from lab.training.surveillance_iqa.training_arrays import OPINION, SurveillanceArrays, prepare_arrays
from lab.training.surveillance_iqa.training_plan import SurveillancePlan, apply_options
from lab.training.training_run import claim_folder

SEED = 7
REPETITIONS = 10
SIMPLENET = "simplenet_pnasnet"
REDUCED = SurveillancePlan(
    backbone="mobilenet_v2",
    epochs=2,
    batch=32,
    rate=2e-4,
    bf16=True,
    frozen_blocks=14,
    folded=True,
    cycle=True,
    head_factor=5.0,
)
"""Ours, for two processor cores: docs/models/saliency.md tells what each departure buys."""


@dataclass(frozen=True)
class SurveillanceAnswers:
    """Qualities and labels of one split's judged rows, (N,), on the data set's own scale."""

    predicted: Values
    labels: Values

    def measures(self) -> dict[str, float]:
        """PLCC and RMSE after the logistic fit, SROCC, as Table 2 reports them."""
        fitted_scores = fit_logistic(self.predicted, self.labels).fitted
        return {
            "plcc_fitted": plcc(fitted_scores, self.labels),
            "srocc": srocc(self.predicted, self.labels),
            "rmse_fitted": rmse(fitted_scores, self.labels),
        }


@dataclass(frozen=True)
class ExperimentRun:
    """One of the trainings that a figure is the mean of: another split, or the published one with another seed."""

    name: str
    sides: SplitRows
    seed: int = SEED


@dataclass(frozen=True)
class SurveillanceExperiment:
    """`trainings` are those of every method; `folder` keeps views, features and a folder a training."""

    dataset: Dataset
    samples: Sequence[Sample]
    trainings: Sequence[ExperimentRun]
    folder: Path
    plan: SurveillancePlan
    start: Path

    @property
    def scale(self) -> Scale:
        return self.dataset.scales[OPINION]

    @property
    def same_pictures(self) -> bool:
        """Whether every training is judged on the same pictures."""
        return all(training.sides is self.trainings[0].sides for training in self.trainings)

    def evaluate_proposed(self, local_weight: float = LOCAL_WEIGHT) -> list[SurveillanceAnswers]:
        """The method trained with this weight, or gone on with, and judged. Raises ConfigError for another's folder."""
        plan = replace(self.plan, local_weight=local_weight)
        claim_folder(self.folder, {"start": sha256(self.start), "frozen_blocks": plan.frozen_blocks, "bf16": plan.bf16})
        data = self._material(plan)
        return [self._train_run(plan, data, training) for training in self.trainings]

    def brisque(self) -> list[SurveillanceAnswers]:
        """BRISQUE's features with its regression fitted again on the rows of every training."""
        rows = compute_features(self.samples, self.folder)
        opinions = score_values(self.samples, OPINION)
        badness = 100 - self.scale.convert(opinions, PERCENT)
        judged = []
        for training in self.trainings:
            side = training.sides
            scenes = [self.samples[row].scene for row in side.training]
            regression = fit_regression(
                rows[side.training], badness[side.training], scenes, seed=training.seed
            ).regression
            answer = regression(torch.from_numpy(rows[side.judged])).numpy()
            judged.append(SurveillanceAnswers(PERCENT.convert(100 - answer, self.scale), opinions[side.judged]))
        return judged

    def _material(self, plan: SurveillancePlan) -> SurveillanceArrays:
        return prepare_arrays(self.samples, self.dataset, plan, self.folder, build_network(plan, self.start, SEED))

    def _train_run(
        self, plan: SurveillancePlan, data: SurveillanceArrays, training: ExperimentRun
    ) -> SurveillanceAnswers:
        side, folder = training.sides, self.folder / f"w{plan.local_weight:g}-{training.name}"
        settings = {name: str(value) for name, value in asdict(plan).items()}
        claim_folder(folder, {"plan": settings, "seed": training.seed, "n": len(side.training)})
        network = build_network(plan, self.start, training.seed)
        train_network(network, plan, data, side.training, folder, seed=training.seed)
        answer = PERCENT.convert(100 * predict_qualities(network, plan, data, side.judged), self.scale)
        return SurveillanceAnswers(answer, score_values([self.samples[row] for row in side.judged], OPINION))


def open_experiment(setting: ReproductionOptions, name: str) -> tuple[SurveillanceExperiment, str]:
    """The campaign on SIQD by the paper's protocol, or on a data set with a published split at reduced cost.

    Returns it with what every row must say of it. SimpleNet's weights are looked for as `simplenet_pnasnet.pt` or
    `.safetensors` in the data folder; without them the spectral residual takes its place. Raises ConfigError where
    data or start are missing.
    """
    dataset = find_dataset(name)
    samples = dataset.read(dataset_folder(name, setting.data))
    if setting.start is None:
        raise ConfigError("give --start, the backbone's ImageNet weights (docs/models/saliency.md)")
    begun = apply_options(SurveillancePlan() if setting.start.suffix != ".tflite" else REDUCED, setting.options)
    plan, note = _saliency(begun, setting)
    if all(sample.split is not None for sample in samples):
        samples, split = leave_out_test(samples, dataset_splits.published_split(samples), setting.half)
        side, count = select_rows(split, setting.half), setting.repetitions or 1
        chosen = [ExperimentRun(f"seed{seed}", side, seed) for seed in range(SEED, SEED + count)]
        several = f"n {len(side.judged)}, " + (f"mean of {count} seeds" if count > 1 else "one training")
    else:
        splits = _splits(samples, setting)
        chosen = [
            ExperimentRun(f"split{index}", select_rows(split, setting.half)) for index, split in enumerate(splits)
        ]
        several = f"mean of {len(chosen)} splits" if len(chosen) > 1 else "one split"
    caption = f"rerun on {setting.half}, {several}; {plan.backbone}; {note}"
    return SurveillanceExperiment(
        dataset, samples, chosen, setting.runs / f"surveillance-tables-{name}", plan, setting.start
    ), caption


def mean_measures(runs: Sequence[SurveillanceAnswers]) -> Mapping[str, float]:
    """Each measure averaged over the splits."""
    measured = [run.measures() for run in runs]
    return {column: float(np.mean([measures[column] for measures in measured])) for column in COLUMNS}


def measure_intervals(runs: Sequence[SurveillanceAnswers]) -> Mapping[str, tuple[float, float]]:
    """95 % of each averaged measure over the pictures that all were judged on, the logistic fit taken as given."""
    labels = runs[0].labels
    fitted_scores = [fit_logistic(run.predicted, labels).fitted for run in runs]
    raw = [run.predicted for run in runs]
    asked: Mapping[str, tuple[Measure, Runs]] = {
        "plcc_fitted": (plcc, fitted_scores),
        "srocc": (srocc, raw),
        "rmse_fitted": (rmse, fitted_scores),
    }
    return {column: bootstrap_mean(measure, answers, labels) for column, (measure, answers) in asked.items()}


def _splits(samples: Sequence[Sample], setting: ReproductionOptions) -> list[dataset_splits.Split]:
    """80 to 20 by scene as in the paper; for a first look at validation a tenth is taken from the training side."""
    held = 0.0 if setting.half == "test" else dataset_splits.VALIDATION_SHARE
    return dataset_splits.repeated_splits(samples, count=setting.repetitions or REPETITIONS, validation=held)


def _saliency(plan: SurveillancePlan, setting: ReproductionOptions) -> tuple[SurveillancePlan, str]:
    for suffix in (".pt", ".safetensors"):
        path = setting.data / f"{SIMPLENET}{suffix}"
        if path.is_file():
            return replace(plan, saliency=SIMPLENET, saliency_path=path), "saliency: SimpleNet, PNASNet"
    return plan, f"saliency: spectral residual, for no {SIMPLENET}.pt is there"
