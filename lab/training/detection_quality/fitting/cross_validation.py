"""Answers to pictures of scenes that the head which answers has never seen: what a calibration is fitted on.

A head answers its own training scenes too confidently, and one part held out is few scenes; so several heads are
trained, each without a part of the scenes, and each answers the part it has not seen.
"""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from detectors.models.detection_quality.networks import MobileRegressor
from domain.errors import ConfigError
from lab.training.detection_quality.fitting.head_trainer import HeadSchedule, fit_head
from lab.training.detection_quality.fitting.objectives import Objective, scene_blocks
from lab.training.detection_quality.training_pairs import PairSet

FOLDS = 5
FEWEST_FOLDS = 3
"""One to answer, one to choose the epoch by, and at least one to train on."""


@dataclass(frozen=True, slots=True)
class HeadArrays:
    """What a head learns from: statistics (n, 464), targets (n, k) for its goal, and the pairs they belong to."""

    statistics: NDArray[np.float32]
    targets: NDArray[np.float32]
    made: PairSet


def assign_folds(made: PairSet, count: int = FOLDS) -> NDArray[np.int64]:
    """Each pair's fold (n,), 0 to `count` - 1; neighbouring photographs share one, and folds are of like size.

    Raises ConfigError for pairs from fewer than three blocks of photographs.
    """
    of_pair = scene_blocks(made)
    names = sorted(set(of_pair))
    if len(names) < FEWEST_FOLDS:
        raise ConfigError(f"photographs of {len(names)} blocks are too few to calibrate on: give more")
    order = np.random.default_rng(count).permutation(len(names))
    fold_of = {names[place]: turn % min(count, len(names)) for turn, place in enumerate(order)}
    return np.array([fold_of[name] for name in of_pair], np.int64)


def predict_out_of_fold(
    network: MobileRegressor, material: HeadArrays, goal: Objective, schedule: HeadSchedule
) -> NDArray[np.float64]:
    """Each pair's answer (n,) by a head trained without its fold; the fold after it chooses the epoch.

    `network` stays as it is.
    """
    of_pair = assign_folds(material.made)
    count = int(of_pair.max()) + 1
    answers = np.empty(len(of_pair))
    for fold in range(count):
        asked, choosing = of_pair == fold, of_pair == (fold + 1) % count
        torch.manual_seed(schedule.seed)
        head = copy.deepcopy(network)
        fit_head(
            head,
            material.statistics,
            material.targets,
            goal,
            training=np.flatnonzero(~asked & ~choosing),
            validation=np.flatnonzero(choosing),
            schedule=schedule,
        )
        with torch.inference_mode():
            answers[asked] = head.answer(torch.from_numpy(material.statistics[asked])).double().numpy()
    return answers
