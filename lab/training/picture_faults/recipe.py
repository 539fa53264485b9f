"""The stages of the recipe, each from what the one before left in the run's folder."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

from detectors.models import weights
from detectors.models.detection_quality.detectability import MODEL as DETECTABILITY
from detectors.models.detection_quality.detectability import SurvivalNetwork
from detectors.models.detection_quality.networks import MAP_CHANNELS, SHALLOW_BLOCKS, deep_statistics, shallow_features
from detectors.models.picture_faults.detector import MODEL
from detectors.models.picture_faults.network import PictureFaults, name_faults
from detectors.models.runtime import FeatureExtractor
from detectors.models.saliency_iqa.detector import fuse_batch_norms
from domain.errors import ConfigError
from lab.training.datasets.photographs import biq2021
from lab.training.detection_quality.export import bundle_weights
from lab.training.detection_quality.fitting.calibration import Calibration
from lab.training.picture_faults import calibration
from lab.training.picture_faults.camera import Emphasis
from lab.training.picture_faults.failures import draw_curve, draw_misses
from lab.training.picture_faults.features import Trunk, load_features
from lab.training.picture_faults.head_fit import find_statistics, fit_head
from lab.training.picture_faults.material import draw_shard, load_shard, shard_numbers, store_shard
from lab.training.picture_faults.opinions import draw_opinions
from lab.training.picture_faults.photographs import choose_photographs, choose_skies
from lab.training.picture_faults.trainer import PictureFaultSchedule, Portion, initialise, train
from lab.training.samples import TRAIN, VALIDATION

SEED = 7
STEPS = 1300
BOUND = 0.9
"""From which probability on the rules call a camera."""
AVERAGED = "averaged.pt"
FIGURES = "figures.json"


class Part(StrEnum):
    """What pictures are for: training, or choosing and calibrating on photographs held out."""

    TRAINING = "training"
    VALIDATION = "validation"
    OVERCAST_TRAINING = "overcast-training"
    OVERCAST_VALIDATION = "overcast-validation"
    CAMERA_VALIDATION = "camera-validation"
    FIRST_DAY_TRAINING = "first-day-training"
    FIRST_DAY_VALIDATION = "first-day-validation"
    OPINION_TRAINING = "opinion-training"
    OPINION_VALIDATION = "opinion-validation"

    @property
    def seed(self) -> int:
        """Every part draws from its own."""
        return {
            "training": 11, "validation": 12, "overcast-training": 21, "overcast-validation": 22,
            "camera-validation": 43, "first-day-training": 61, "first-day-validation": 62,
            "opinion-training": 77, "opinion-validation": 78,
        }[self.value]  # fmt: skip

    @property
    def emphasis(self) -> Emphasis:
        """What its pictures show more often than others."""
        if self.value.startswith("overcast"):
            return Emphasis.OVERCAST
        return Emphasis.FIRST_DAY if self.value.startswith("first-day") else Emphasis.NONE

    @property
    def opinion(self) -> bool:
        """Whether its pictures are real ones, with people's opinions, and frames of healthy cameras."""
        return self.value.startswith("opinion")

    @property
    def photographs(self) -> str:
        """The split of BIQ2021 whose photographs it takes."""
        return TRAIN if self.value.endswith("training") else VALIDATION


TRAINED_HEAD = (Part.TRAINING, Part.OVERCAST_TRAINING, Part.FIRST_DAY_TRAINING, Part.OPINION_TRAINING)
"""What the head learns from; the branch learns from the first alone."""
HELD_OUT = (
    *(Part.VALIDATION, Part.OVERCAST_VALIDATION, Part.CAMERA_VALIDATION),
    *(Part.FIRST_DAY_VALIDATION, Part.OPINION_VALIDATION),
)
"""What the head is chosen, calibrated and measured on."""
FRAMES_SHARE: Mapping[Part, int] = MappingProxyType({Part.FIRST_DAY_TRAINING: 1, Part.FIRST_DAY_VALIDATION: 1})
"""How many photographs come to one frame of a camera, of scenes of training; else nine."""
USUAL_FRAMES_SHARE = 9


def choose_scenes(data: Path, frames: Path, part: Part) -> list[Path]:
    """BIQ2021's photographs (its train half alone), those with a sky thrice, and `frames`/training; of the first day
    only those with a sky, and as many frames; or only `frames`/validation."""
    split = "training" if part.photographs == TRAIN else "validation"
    filmed = sorted((frames / split).glob("*.jpg"))
    if part is Part.CAMERA_VALIDATION:
        return filmed
    samples = biq2021.read(data)
    skies = choose_skies(samples, part.photographs)
    first_day = part.emphasis is Emphasis.FIRST_DAY
    chosen = skies if first_day else choose_photographs(samples, part.photographs) + 2 * skies
    if filmed and (first_day or split == "training"):
        chosen = chosen + filmed * (len(chosen) // (FRAMES_SHARE.get(part, USUAL_FRAMES_SHARE) * len(filmed)))
    return chosen


def draw_pictures(data: Path, frames: Path, run: Path, part: Part, numbers: range) -> None:
    """Draw the shards of `numbers` that are not there yet."""
    folder = run / part
    missing = [number for number in numbers if number not in shard_numbers(folder)]
    if part.opinion:
        split = "training" if part.photographs == TRAIN else "validation"
        photographs = [one for one in biq2021.read(data) if one.split == part.photographs]
        filmed = sorted((frames / split).glob("*.jpg"))
        for number in missing:
            store_shard(draw_opinions(photographs, filmed, number, part.seed), folder, number)
        return
    scenes = choose_scenes(data, frames, part)
    for number in missing:
        store_shard(draw_shard(scenes, number, part.seed, part.emphasis), folder, number)


def build_start() -> PictureFaults:
    """The network with detectability's trunk, branch and head untrained."""
    file = weights.locate_weights(DETECTABILITY)
    survival = SurvivalNetwork()
    weights.load_into(survival, weights.read_weights(file.path)[0], file.path)
    torch.manual_seed(SEED)
    network = PictureFaults()
    network.trunk.load_state_dict(survival.network.trunk.float().state_dict())
    return network.eval()


def load_portions(run: Path, part: Part) -> list[Portion]:
    """The part's shards with what the trunk finds in them. Raises ConfigError where there is none."""
    folder = run / part
    blocks = fuse_batch_norms(build_start().trunk)
    assert isinstance(blocks, torch.nn.Sequential)
    trunk = Trunk(
        FeatureExtractor(shallow_features, blocks[:SHALLOW_BLOCKS], torch.float32),
        FeatureExtractor(deep_statistics, blocks[SHALLOW_BLOCKS:], torch.float32, channels=MAP_CHANNELS),
    )
    portions = []
    for number in shard_numbers(folder):
        shard = load_shard(folder, number)
        portions.append(Portion(load_features(folder, number, shard.pictures, trunk), shard.targets))
    if not portions:
        raise ConfigError(f"{folder} holds no pictures: draw them first")
    return portions


def train_network(run: Path, steps: int) -> None:
    """Train from the start, or go on from the checkpoint in `run`."""
    network, portions = build_start(), load_portions(run, Part.TRAINING)
    initialise(network, portions)
    network.load_state_dict(train(network, portions, PictureFaultSchedule(steps), run / "training-run"))
    learned = [portion for part in TRAINED_HEAD for portion in load_portions(run, part)]
    fit_head(network, learned, load_held_out(run))
    torch.save(network.state_dict(), run / AVERAGED)


def load_held_out(run: Path) -> list[Portion]:
    """The parts that the head is chosen, calibrated and measured on."""
    return [portion for part in HELD_OUT for portion in load_portions(run, part)]


def ask(network: PictureFaults, portions: Sequence[Portion]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits and targets (N, ANSWERS) of all pictures."""
    statistics, targets = find_statistics(network, portions)
    with torch.no_grad():
        return network.logits(statistics).double().numpy(), targets.double().numpy()


def name(logits: NDArray[np.float64], fitted: list[Calibration]) -> NDArray[np.float64]:
    """Probabilities (N, kinds) as the product gives them, of logits (N, ANSWERS)."""
    return name_faults(torch.from_numpy(calibration.probabilities(logits, fitted))).numpy()


def load_averaged(run: Path) -> PictureFaults:
    """The network as trained. Raises ConfigError where `run` holds none."""
    if not (run / AVERAGED).is_file():
        raise ConfigError(f"{run} holds no trained network: train it first")
    network = PictureFaults()
    network.load_state_dict(torch.load(run / AVERAGED, weights_only=True))
    return network.eval()


def calibrate_and_bundle(run: Path, folder: Path) -> Iterator[str]:
    """Fit the calibration on one half of the validation pictures, print the figures on the other, bundle."""
    network, portions = load_averaged(run), load_held_out(run)
    fitted = calibration.calibrate_kinds(*ask(network, portions[::2]))
    network.calibration.copy_(torch.tensor([[one.slope, one.offset] for one in fitted]))
    logits, targets = ask(network, portions[1::2])
    found = name(logits, fitted)
    rows = calibration.figures(found, targets, BOUND)
    called, healthy = calibration.count_false_calls(found, targets, BOUND)
    for row in rows:
        yield f"{row.kind:13} n {row.faulty:4}  at 1 % {row.recall_at_percent:.3f}  called {row.recall_called:.3f}"
    yield f"healthy pictures called: {called} of {healthy}"
    bundle_weights(MODEL, network.state_dict(), {}, folder)
    notes = {"kinds": [asdict(row) for row in rows], "healthy": healthy, "called": called, "bound": BOUND}
    (run / FIGURES).write_text(json.dumps(notes, indent=2), encoding="utf-8")


def draw_card_pictures(run: Path, folder: Path) -> None:
    """Write `picture-faults-curve.png` and `picture-faults-failures.jpg` of the validation half not calibrated on."""
    network, portions = load_averaged(run), load_held_out(run)
    fitted = calibration.calibrate_kinds(*ask(network, portions[::2]))
    logits, targets = ask(network, portions[1::2])
    answers = calibration.probabilities(logits, fitted)
    draw_curve(calibration.reliability(answers, targets, np.array([0.001, 0.01, 0.1, 0.3, 0.6, 0.9])), folder)
    parts = [run / part for part in HELD_OUT]
    shards = [load_shard(part, number) for part in parts for number in shard_numbers(part)][1::2]
    draw_misses(shards, name(logits, fitted), folder)
