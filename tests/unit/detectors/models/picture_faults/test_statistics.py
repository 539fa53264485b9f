import numpy as np
import pytest
import torch
from torch import Tensor

from detectors.models.picture_faults.kinds import KINDS
from detectors.models.picture_faults.network import ANSWERS, PictureFaults, name_faults
from detectors.models.picture_faults.statistics import SURFACE_STATISTICS, surface_statistics


def draw(height: int, width: int, count: int = 1) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize("size", [(32, 32), (234, 416), (340, 416), (416, 33)])
def test_every_size_has_as_many_statistics_and_all_are_numbers(size: tuple[int, int]) -> None:
    found = surface_statistics(draw(*size))
    assert found.shape == (1, SURFACE_STATISTICS)
    assert found.isfinite().all()


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_one_flat_colour_has_statistics(level: float) -> None:
    assert surface_statistics(torch.full((1, 3, 64, 96), level)).isfinite().all()


def test_a_picture_has_the_same_statistics_alone_and_in_a_batch() -> None:
    pictures = draw(96, 128, 3)
    together = surface_statistics(pictures)
    for index in range(3):
        torch.testing.assert_close(surface_statistics(pictures[index : index + 1])[0], together[index])


def answers(**probabilities: float) -> Tensor:
    found = torch.full((1, ANSWERS), 0.01)
    for kind, probability in probabilities.items():
        found[0, KINDS.index(kind) if kind in KINDS else -1] = probability
    return found


def test_that_something_is_wrong_is_said_under_the_likeliest_name() -> None:
    named = name_faults(answers(fog=0.3, condensation=0.4, anything=0.95))[0]
    assert named[KINDS.index("condensation")] == pytest.approx(0.95)
    assert named[KINDS.index("fog")] == pytest.approx(0.3)


def test_a_sure_kind_stays_sure_where_any_fault_is_doubted() -> None:
    assert name_faults(answers(purple=0.97, anything=0.2))[0, KINDS.index("purple")] == pytest.approx(0.97)


def test_any_fault_is_at_first_what_the_kinds_odds_add_up_to() -> None:
    torch.manual_seed(2)
    network = PictureFaults().eval()
    last = network.head[-1]
    assert isinstance(last, torch.nn.Linear)
    with torch.no_grad():
        last.weight[-1], last.bias[-1] = 0.0, 0.0
        logits = network.logits(torch.randn(5, len(network.centre)))
    np.testing.assert_allclose(logits[:, -1].exp(), logits[:, :-1].exp().sum(dim=1), rtol=1e-4)
