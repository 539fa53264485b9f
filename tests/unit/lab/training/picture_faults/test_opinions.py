"""What people's opinions of a photograph say about it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from detectors.models.picture_faults.kinds import KINDS
from detectors.models.picture_faults.network import ANSWERS
from lab.training.picture_faults.faults import UNSURE
from lab.training.picture_faults.material import SEEN, SHAPES
from lab.training.picture_faults.opinions import draw_opinions, opinion_targets
from lab.training.samples import Sample


def photograph() -> np.ndarray:
    """(512, 512, 3): the astronaut's portrait that scikit-image ships (NASA, public domain)."""
    return np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]


def test_a_liked_photograph_has_no_fault_and_a_poor_one_has_some() -> None:
    assert not opinion_targets(photograph(), 0.9).any()
    poor = opinion_targets(photograph(), 0.1)
    assert poor[-1] == 1.0
    assert (poor[:-1] == UNSURE).all()


def test_a_middling_opinion_says_nothing_and_a_fair_one_nothing_of_matters_of_taste() -> None:
    assert (opinion_targets(photograph(), 0.45) == UNSURE).all()
    fair = opinion_targets(photograph(), 0.65)
    assert fair[-1] == 0.0
    assert fair[KINDS.index("defocus")] == UNSURE
    assert fair[KINDS.index("condensation")] == 0.0


@pytest.mark.parametrize(("level", "kind"), [(252, "burnt_out"), (20, "too_dark")])
def test_a_poor_picture_without_light_and_shade_is_named(level: int, kind: str) -> None:
    flat = np.full((256, 256, 3), level, np.uint8)
    assert opinion_targets(flat, 0.2)[KINDS.index(kind)] == 1.0
    assert opinion_targets(flat, 0.9)[KINDS.index(kind)] == 0.0


@pytest.mark.parametrize("number", range(3))
def test_a_shard_of_real_pictures_has_an_answer_more_than_kinds(number: int, tmp_path: Path) -> None:
    path = tmp_path / "astronaut.png"
    cv2.imwrite(str(path), photograph()[..., ::-1])
    shard = draw_opinions([Sample(path, {"mos": 0.9}, "one")], [path], number, 5, count=4)
    width, height = SEEN[SHAPES[number]]
    assert shard.pictures.shape == (4, height, width, 3)
    assert shard.targets.shape == (4, ANSWERS)
    assert (shard.targets == 0).all()
