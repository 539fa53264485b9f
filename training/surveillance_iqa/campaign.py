"""One data set, its splits, and the trainings on them that a table needs; what was trained is not trained again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from detectors.saliency_iqa.network import LOCAL_WEIGHT
from domain.errors import ConfigError
from training import protocols
from training.baselines.material import feature_rows
from training.baselines.regression import fitted
from training.datasets import folder_of, known
from training.halves import Sides, sides, without_test
from training.measures.correlations import plcc, rmse, srocc
from training.measures.logistic import fit
from training.results import Setting
from training.samples import PERCENT, Dataset, Sample, Scale, Values, score_values
from training.surveillance_iqa.material import OPINION, Material, material
from training.surveillance_iqa.plan import Plan
from training.surveillance_iqa.published import COLUMNS
from training.surveillance_iqa.trainer import answered, built, train

SEED = 7
REPETITIONS = 10
SIMPLENET = "simplenet_pnasnet"
REDUCED = Plan(
    backbone="mobilenet_v2",
    epochs=3,
    batch=32,
    rate=2e-4,
    bf16=True,
    frozen_blocks=7,
    folded=True,
    cycle=True,
    head_factor=5.0,
)
"""Ours, for two processor cores: docs/models/saliency.md tells what each departure buys."""


@dataclass(frozen=True)
class Judged:
    """Qualities and labels of one split's judged rows, (N,), on the data set's own scale."""

    predicted: Values
    labels: Values

    def measures(self) -> dict[str, float]:
        """PLCC and RMSE after the logistic fit, SROCC, as Table 2 reports them."""
        fitted_scores = fit(self.predicted, self.labels).fitted
        return {
            "plcc_fitted": plcc(fitted_scores, self.labels),
            "srocc": srocc(self.predicted, self.labels),
            "rmse_fitted": rmse(fitted_scores, self.labels),
        }


@dataclass(frozen=True)
class Campaign:
    """`splits` say what is trained on and judged; `folder` keeps views, features and a folder a training."""

    dataset: Dataset
    samples: Sequence[Sample]
    splits: Sequence[Sides]
    folder: Path
    plan: Plan
    start: Path

    @property
    def scale(self) -> Scale:
        return self.dataset.scales[OPINION]

    def proposed(self, local_weight: float = LOCAL_WEIGHT) -> list[Judged]:
        """The method trained with this weight on every split, or gone on with, and judged."""
        plan = replace(self.plan, local_weight=local_weight)
        data = self._material(plan)
        return [self._trained(plan, data, index, side) for index, side in enumerate(self.splits)]

    def brisque(self) -> list[Judged]:
        """BRISQUE's features with its regression fitted anew on every split's training rows."""
        rows = feature_rows(self.samples, self.folder)
        opinions = score_values(self.samples, OPINION)
        badness = 100 - self.scale.mapped(opinions, PERCENT)
        judged = []
        for side in self.splits:
            scenes = [self.samples[row].scene for row in side.training]
            regression = fitted(rows[side.training], badness[side.training], scenes, seed=SEED).regression
            answer = regression(torch.from_numpy(rows[side.judged])).numpy()
            judged.append(Judged(PERCENT.mapped(100 - answer, self.scale), opinions[side.judged]))
        return judged

    def _material(self, plan: Plan) -> Material:
        return material(self.samples, self.dataset, plan, self.folder, built(plan, self.start, SEED))

    def _trained(self, plan: Plan, data: Material, index: int, side: Sides) -> Judged:
        network = built(plan, self.start, SEED)
        folder = self.folder / f"w{plan.local_weight:g}-split{index}"
        train(network, plan, data, side.training, folder, seed=SEED)
        answer = PERCENT.mapped(100 * answered(network, plan, data, side.judged), self.scale)
        return Judged(answer, score_values([self.samples[row] for row in side.judged], OPINION))


def campaign(setting: Setting, name: str) -> tuple[Campaign, str]:
    """The campaign on SIQD by the paper's protocol, or on a data set with a published split at reduced cost.

    Returns it with what every row must say of it. SimpleNet's weights are looked for as `simplenet_pnasnet.pt` or
    `.safetensors` in the data folder; without them the spectral residual takes its place. Raises ConfigError where
    data or start are missing.
    """
    dataset = known(name)
    samples = dataset.read(folder_of(name, setting.data))
    if setting.start is None:
        raise ConfigError("give --start, the backbone's ImageNet weights (docs/models/saliency.md)")
    plan, note = _saliency(Plan() if setting.start.suffix != ".tflite" else REDUCED, setting)
    if all(sample.split is not None for sample in samples):
        samples, split = without_test(samples, protocols.published(samples), setting.half)
        chosen = [sides(split, setting.half)]
    else:
        chosen = [sides(split, setting.half) for split in _splits(samples, setting)]
    count = f"mean of {len(chosen)} splits" if len(chosen) > 1 else "one split"
    told = f"rerun on {setting.half}, {count}; {plan.backbone}; {note}"
    return Campaign(dataset, samples, chosen, setting.runs / f"surveillance-tables-{name}", plan, setting.start), told


def mean(runs: Sequence[Judged]) -> Mapping[str, float]:
    """Each measure averaged over the splits."""
    measured = [run.measures() for run in runs]
    return {column: float(np.mean([measures[column] for measures in measured])) for column in COLUMNS}


def _splits(samples: Sequence[Sample], setting: Setting) -> list[protocols.Split]:
    """80 to 20 by scene as in the paper; for a first look at validation a tenth is taken from the training side."""
    held = 0.0 if setting.half == "test" else protocols.VALIDATION_SHARE
    return protocols.repetitions(samples, count=setting.repetitions or REPETITIONS, validation=held)


def _saliency(plan: Plan, setting: Setting) -> tuple[Plan, str]:
    for suffix in (".pt", ".safetensors"):
        path = setting.data / f"{SIMPLENET}{suffix}"
        if path.is_file():
            return replace(plan, saliency=SIMPLENET, saliency_path=path), "saliency: SimpleNet, PNASNet"
    return plan, f"saliency: spectral residual, for no {SIMPLENET}.pt is there"
