"""The plan is the paper's unless options say otherwise, and what cannot be is refused before anything is computed."""

from pathlib import Path

import pytest

from detectors.models.sgdnet.network import Guidance, SgdNetVariant
from detectors.models.sgdnet.teachers import TeacherName
from domain.errors import ConfigError
from lab.training.sgdnet.training_plan import RateSchedule, SgdNetPlan, apply_options


def test_the_papers_plan() -> None:
    plan = SgdNetPlan()
    assert plan.variant == SgdNetVariant("resnet50", Guidance.MULTI_TASK, True)
    assert (plan.height, plan.width, plan.batch, plan.rate, plan.patience, plan.stop_after) == (
        384,
        512,
        20,
        1e-4,
        5,
        50,
    )
    assert plan.schedule is RateSchedule.PLATEAU
    assert plan.teacher is TeacherName.DINET


def test_options_change_it() -> None:
    plan = apply_options(
        SgdNetPlan(),
        {"backbone": "mobilenet_v2", "attention": "no", "teacher": "maps", "teacher_path": "maps", "epochs": "3"},
    )
    assert plan.variant == SgdNetVariant("mobilenet_v2", Guidance.MULTI_TASK, False)
    assert (plan.teacher, plan.teacher_path, plan.epochs) == (TeacherName.MAPS, Path("maps"), 3)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"depth": "3"}, "no option 'depth'"),
        ({"epochs": "many"}, "cannot be read"),
        ({"attention": "perhaps"}, "cannot be read"),
        ({"backbone": "alexnet"}, "known are resnet50"),
        ({"frozen_blocks": "2"}, "mobilenet_v2 only"),
        ({"teacher": "none"}, "needs a teacher"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        apply_options(SgdNetPlan(), options)
