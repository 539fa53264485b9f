"""Which models run: what the operator asks for, and by default what the machine can afford."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from detectors.models.catalogue import MODELS
from detectors.models.model_choice import ModelChoice, wanted_models


@dataclass(frozen=True)
class Known:
    name: str
    default: bool = False
    family: str = ""


CHEAP, COSTLY = Known("cheap", default=True), Known("costly")
SMALL, LARGE = Known("small", default=True, family="faces"), Known("large", family="faces")
ALL = (CHEAP, COSTLY, SMALL, LARGE)
ON, OFF, GIVEN = ModelChoice(enabled=True), ModelChoice(enabled=False), ModelChoice(path=Path("weights"))


@pytest.mark.parametrize(
    ("choices", "gpu", "wanted"),
    [
        ({}, False, {"cheap", "small"}),
        ({}, True, {"cheap", "costly", "small"}),
        ({"cheap": OFF}, False, {"small"}),
        ({"cheap": OFF, "costly": OFF}, True, {"small"}),
        ({"costly": ON}, False, {"cheap", "costly", "small"}),
        ({"large": GIVEN}, False, {"cheap", "large"}),
        ({"large": GIVEN}, True, {"cheap", "costly", "large"}),
        ({"large": ON, "small": ON}, False, {"cheap", "large", "small"}),
        ({"large": ModelChoice(enabled=False, path=Path("weights"))}, False, {"cheap", "small"}),
    ],
)
def test_the_defaults_judge_on_a_cpu_every_model_on_a_gpu_and_one_of_a_family(
    choices: dict[str, ModelChoice], gpu: bool, wanted: set[str]
) -> None:
    assert wanted_models(ALL, choices, gpu=gpu) == wanted


def test_on_a_cpu_pictures_are_judged_every_ten_seconds_faces_and_objects_every_minute() -> None:
    enabled = {name: MODELS[name].every_s for name in wanted_models(MODELS.values(), {})}
    assert {"saliency_iqa": 10.0, "detectability": 10.0, "detection_quality": 10.0}.items() <= enabled.items()
    assert {"mtcnn": 60.0, "sfiqa_mobilenet": 60.0}.items() <= enabled.items()
    assert MODELS["faster_rcnn"].every_s == 60.0
