"""BRISQUE and NIQE from pictures to a file that scores, by the same interface as every model."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from safetensors import safe_open
from skimage import data

from domain.errors import ConfigError
from lab.training.classic_iqa.brisque import BRISQUE
from lab.training.classic_iqa.niqe import NIQE
from lab.training.datasets import find_dataset
from lab.training.measures.correlations import srocc
from lab.training.recipe import Recipe, TrainingJob
from lab.training.samples import TRAIN, VALIDATION, Sample, score_values

BLURS = (0.0, 1.0, 2.0, 4.0)
SIDE = 288


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    """Crops of photographs, each a scene, blurred by steps; the sharper the better liked. The last scene validates."""
    folder = tmp_path_factory.mktemp("pictures")
    photographs = [np.asarray(getattr(data, name)(), np.uint8) for name in ("gravel", "grass", "brick", "coffee")]
    crops = [picture[top : top + SIDE, top : top + SIDE] for picture in photographs for top in (0, 56, 112)]
    found = []
    for scene, crop in enumerate(crops):
        for step, blur in enumerate(BLURS):
            path = folder / f"{scene} {step}.png"
            cv2.imwrite(str(path), cv2.GaussianBlur(crop, (0, 0), blur) if blur else crop)
            split = VALIDATION if scene == len(crops) - 1 else TRAIN
            found.append(Sample(path, {"mos": 0.9 - 0.2 * step}, f"scene {scene}", split))
    return found


def job(samples: list[Sample], folder: Path, **options: str) -> TrainingJob:
    sides = [[sample for sample in samples if sample.split == split] for split in (TRAIN, VALIDATION)]
    folder.mkdir(exist_ok=True)
    return TrainingJob(find_dataset("biq2021"), sides[0], sides[1], folder, options=options)


@pytest.mark.parametrize(("recipe", "agreement"), [(BRISQUE, 1.0), (NIQE, 0.8)], ids=["brisque", "niqe"])
def test_it_learns_from_pictures_and_orders_unseen_ones(
    recipe: Recipe, agreement: float, samples: list[Sample], tmp_path: Path
) -> None:
    training = job(samples, tmp_path)
    weights = recipe.train(training)
    predicted = recipe.predict(weights, training.validation)["mos"]
    assert srocc(predicted, score_values(training.validation, "mos")) >= agreement - 1e-9
    assert predicted.max() <= 100


def test_the_file_says_what_it_was_fitted_to(samples: list[Sample], tmp_path: Path) -> None:
    with safe_open(BRISQUE.train(job(samples, tmp_path, pictures="20")), framework="pt") as file:
        notes = file.metadata()
    assert (notes["dataset"], notes["pictures"], notes["seed"]) == ("biq2021", "20", "7")
    assert -1 <= float(notes["held_out_srocc"]) <= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [({"trees": "3"}, "no option"), ({"pictures": "many"}, "number"), ({"pictures": "1"}, "more")],
)
def test_options_of_no_use_are_refused(
    samples: list[Sample], tmp_path: Path, options: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        BRISQUE.train(job(samples, tmp_path, **options))


def test_niqe_has_no_options_and_needs_enough_patches(samples: list[Sample], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no option"):
        NIQE.train(job(samples, tmp_path, pictures="3"))
    with pytest.raises(ConfigError, match="too few"):
        NIQE.train(job(samples[:2], tmp_path))
