"""The recipes of detectability and of the no-reference regressor: `sightline train detectability biq2021 …`."""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from torch import Tensor

from detectors.models.detection_quality.detectability import DETECTABILITY, SurvivalNetwork, load_detectability
from detectors.models.detection_quality.detectability import MODEL as SURVIVAL_MODEL
from detectors.models.detection_quality.detector import DETECTION_LOSS, load_detection_quality
from detectors.models.detection_quality.detector import MODEL as LOSS_MODEL
from detectors.models.detection_quality.first_convolution import FirstConvolution, load_first_convolution
from detectors.models.detection_quality.networks import MobileRegressor, PaperRegressor
from domain.errors import ConfigError
from lab.training.detection_quality import training_pairs
from lab.training.detection_quality.export import export_weights
from lab.training.detection_quality.fitting.calibration import fit_calibration
from lab.training.detection_quality.fitting.cross_validation import HeadArrays, predict_out_of_fold
from lab.training.detection_quality.fitting.head_trainer import HeadSchedule, fit_head, trunk_statistics
from lab.training.detection_quality.fitting.objectives import LogLoss, Objective, SurvivalShare, split_pairs
from lab.training.detection_quality.fitting.trainer import RegressorSchedule, load_imagenet_trunk, train_regressor
from lab.training.detection_quality.training_pairs import Example, PairSet
from lab.training.detection_quality.yolox import YoloxNano
from lab.training.pictures import decode_picture, score_pictures
from lab.training.recipe import Recipe, TrainingJob
from lab.training.samples import PERCENT, Sample, Scale, Values

OPINION = "mos"
GOOD_SHARE = 0.6
"""Detectability learns from the photographs people like best: the others are disturbed before anything is done."""
REGRESSED_READING = "ratio_of_sums"
"""The reading that the regressor learned: chosen before the metric's own was. On the labels the two correlate by .976
(n 1,692), and DCT Table 4 holds its answers against both."""
VERSIONS = 6
CLIPS = 3
PAPER_SCHEDULE = RegressorSchedule(epochs=50, peak_rate=0.02, weight_decay=5e-4, optimiser="sgd")


def train_detectability(job: TrainingJob) -> Path:
    """Pairs, statistics, head, calibration. `job.start`: the ImageNet tflite; option `yolox`: the ONNX file.

    Calibrated on what heads answer to people and vehicles of scenes they were not trained on. Option `photographs`
    takes only so many.
    """
    if "yolox" not in job.options:
        raise ConfigError("give `--set yolox=yolox_nano.onnx`: it labels what survives")
    finder = YoloxNano(Path(job.options["yolox"]))
    samples = _select_samples(job)
    least = np.quantile([sample.scores[OPINION] for sample in samples], 1 - GOOD_SHARE) if samples else 0
    good = [sample for sample in samples if sample.scores[OPINION] >= least]
    made = _pairs(job, "survivals", [(sample.path.name, _survival_pairs(sample, finder, job.seed)) for sample in good])
    goal = SurvivalShare()
    network, material = _train_head(job, made, goal, side=training_pairs.STORED_SIDE)
    answers = predict_out_of_fold(
        load_imagenet_trunk(MobileRegressor(), _start(job)), material, goal, HeadSchedule(seed=job.seed)
    )
    asked = made.column("subjects") > 0
    if not asked.any():
        raise ConfigError("no photograph shows a person or a vehicle: give more photographs")
    before, after = (made.column(name)[asked].astype(np.float64) for name in ("before", "after"))
    calibration = fit_calibration(answers[asked], before, after)
    survival = SurvivalNetwork()
    survival.network.load_state_dict(network.state_dict())
    survival.calibration.copy_(torch.tensor([calibration.slope, calibration.offset]))
    return export_weights(survival.state_dict(), {"network": "mobile"}, job.folder / f"{SURVIVAL_MODEL}.safetensors")


def train_loss_regressor(job: TrainingJob) -> Path:
    """Pairs, then the head on an ImageNet trunk (`job.start`), or with option `network=paper` the paper's network.

    Option `photographs` takes only so many, `epochs` and `batch` are the paper's network's.
    """
    convolution = load_first_convolution()
    scenes = [(sample.path.name, _loss_pairs(sample, convolution, job.seed)) for sample in _select_samples(job)]
    made = _pairs(job, "losses", scenes)
    name = job.options.get("network", "mobile")
    goal = LogLoss(REGRESSED_READING, bend=None if name == "paper" else 0.05)
    if name == "paper":
        state: Mapping[str, Tensor] = _train_as_paper(job, made, goal)
    else:
        state = _train_head(job, made, goal, side=224)[0].state_dict()
    return export_weights(
        state, {"network": name, "label": f"log of {REGRESSED_READING}"}, job.folder / f"{LOSS_MODEL}.safetensors"
    )


def _train_as_paper(job: TrainingJob, made: PairSet, goal: Objective) -> Mapping[str, Tensor]:
    torch.manual_seed(job.seed)
    network = PaperRegressor()
    network.start_at(float(goal.targets(made).mean()))
    epochs = float(job.options.get("epochs", PAPER_SCHEDULE.epochs))
    batch = int(job.options.get("batch", PAPER_SCHEDULE.batch))
    schedule = replace(PAPER_SCHEDULE, epochs=epochs, batch=batch, seed=job.seed)
    return train_regressor(network, made, goal, schedule, job.folder / "paper")


def _start(job: TrainingJob) -> Path:
    if job.start is None:
        raise ConfigError("give --start, ImageNet's weights (docs/training.md): the trunk is not trained here")
    return job.start


def _train_head(job: TrainingJob, made: PairSet, goal: Objective, *, side: int) -> tuple[MobileRegressor, HeadArrays]:
    """The network with its head trained, and what it learned from."""
    torch.manual_seed(job.seed)
    network = load_imagenet_trunk(MobileRegressor(), _start(job))
    inputs = trunk_statistics(network, made.pictures, side)
    training, held = split_pairs(made)
    if not len(training) or not len(held):
        raise ConfigError(f"{len(made.labels)} pairs are too few to train and validate on: give more photographs")
    targets = goal.targets(made)
    fit_head(network, inputs, targets, goal, training=training, validation=held, schedule=HeadSchedule(seed=job.seed))
    return network, HeadArrays(inputs, targets, made)


def _pairs(job: TrainingJob, name: str, scenes: Sequence[tuple[str, Callable[[], Iterator[Example]]]]) -> PairSet:
    console = Console(stderr=True)
    with console.status(f"{name}: 0 pictures") as status:
        training_pairs.write(job.folder / name, scenes, lambda count: status.update(f"{name}: {count} pictures"))
    made = training_pairs.read(job.folder / name)
    if not made.labels:
        raise ConfigError(f"none of the {len(scenes)} photographs gave a pair: they show nothing YOLOX-nano knows")
    return made


def _survival_pairs(sample: Sample, finder: YoloxNano, seed: int) -> Callable[[], Iterator[Example]]:
    return lambda: training_pairs.make_survival_pairs(
        sample.path.name, decode_picture(sample.path), finder, versions=VERSIONS, seed=_seed(sample, seed)
    )


def _loss_pairs(sample: Sample, convolution: FirstConvolution, seed: int) -> Callable[[], Iterator[Example]]:
    return lambda: training_pairs.make_loss_pairs(
        sample.path.name, decode_picture(sample.path), convolution, settings=CLIPS, seed=_seed(sample, seed)
    )


def _select_samples(job: TrainingJob) -> list[Sample]:
    """All photographs of the job, in an order of their own, so that the first so many are a fair choice."""
    samples = sorted([*job.train, *job.validation], key=lambda sample: _seed(sample, job.seed))
    return samples[: int(job.options["photographs"])] if "photographs" in job.options else samples


def _seed(sample: Sample, seed: int) -> int:
    return zlib.crc32(f"{seed} {sample.path.name}".encode())


def _predict_survival(weights: Path | None, samples: Sequence[Sample]) -> Mapping[str, Values]:
    """What detectability says beside people's opinion: two different questions, compared for interest."""
    return {
        OPINION: score_pictures(load_detectability(weights), DETECTABILITY.key, [sample.path for sample in samples])
    }


def _predict_loss(weights: Path | None, samples: Sequence[Sample]) -> Mapping[str, Values]:
    return {
        OPINION: score_pictures(
            load_detection_quality(weights), DETECTION_LOSS.key, [sample.path for sample in samples]
        )
    }


DETECTABILITY_RECIPE = Recipe(
    model=SURVIVAL_MODEL,
    title="Detectability from photographs degraded and looked at by YOLOX-nano",
    datasets=("biq2021",),
    train=train_detectability,
    predict=_predict_survival,
    scale=PERCENT,
)
DETECTION_QUALITY_RECIPE = Recipe(
    model=LOSS_MODEL,
    title="The DCT metric's regressor from photographs panned into compressed clips",
    datasets=("biq2021",),
    train=train_loss_regressor,
    predict=_predict_loss,
    scale=Scale(worst=2.0, best=1.0),
)
