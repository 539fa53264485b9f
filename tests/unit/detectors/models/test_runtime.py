"""Whatever runs a network, its features are the same; OpenVINO's are the same to the bit in any batch."""

import logging
import subprocess
import sys
import threading

import pytest
import torch
from torch import Tensor, nn

from detectors.models import runtime
from detectors.models.runtime import FeatureExtractor, describe_runtime, place_on


def trunk() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.ReLU6(), nn.Conv2d(16, 24, 3, padding=1, groups=8), nn.ReLU()
    ).eval()


def spread(trunk: nn.Module, pictures: Tensor) -> Tensor:
    deviation, mean = torch.std_mean(trunk(pictures).float(), dim=(2, 3), correction=0)
    return torch.cat([mean, deviation], dim=1)


def pictures(count: int, height: int = 40, width: int = 56) -> Tensor:
    return torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(count))


def compute_expected(shown: Tensor) -> Tensor:
    with torch.inference_mode():
        return spread(trunk(), shown)


@pytest.fixture
def without_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "PACKAGE", "openvino_that_nobody_installed")


@pytest.mark.parametrize("shape", [(40, 56), (33, 90)])
def test_openvino_finds_what_pytorch_finds_in_pictures_of_any_size(shape: tuple[int, int]) -> None:
    shown = pictures(2, *shape)
    torch.testing.assert_close(
        FeatureExtractor(spread, trunk(), torch.float32)(shown), compute_expected(shown), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_a_picture_has_exactly_the_same_features_alone_and_in_any_batch(precision: torch.dtype) -> None:
    features = FeatureExtractor(spread, trunk(), precision, (40, 56))
    shown = pictures(5)
    together = features(shown)
    assert len(set(together[:, 0].tolist())) == 5
    for index in range(5):
        assert torch.equal(features(shown[index : index + 1])[0], together[index])
    assert torch.equal(features(shown.flip(0)), together.flip(0))


@pytest.mark.usefixtures("without_openvino")
@pytest.mark.parametrize(("precision", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.03)])
def test_without_openvino_pytorch_runs_the_trunk_and_the_operator_reads_what_would_help(
    precision: torch.dtype, tolerance: float
) -> None:
    shown = pictures(3)
    found = FeatureExtractor(spread, trunk(), precision)(shown)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, compute_expected(shown), atol=tolerance, rtol=tolerance)
    assert describe_runtime(precision).startswith("PyTorch")
    assert "pip install" in describe_runtime(precision)


def test_a_network_that_openvino_refuses_is_run_by_pytorch_and_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused() -> object:
        raise RuntimeError("no such processor\nand much more")

    monkeypatch.setattr(runtime, "import_openvino", refused)
    features = FeatureExtractor(spread, trunk(), torch.float32)
    shown = pictures(2)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            torch.testing.assert_close(features(shown), compute_expected(shown), atol=1e-5, rtol=1e-5)
    assert [record.getMessage() for record in caplog.records] == [
        "OpenVINO cannot run a network, PyTorch does: no such processor"
    ]


def test_threads_that_score_at_once_do_not_mix_their_pictures() -> None:
    features = FeatureExtractor(spread, trunk(), torch.float32)
    shown = [pictures(1, 40 + step, 56) for step in range(4)]
    alone = [features(each) for each in shown]
    found: dict[int, list[Tensor]] = {index: [] for index in range(4)}

    def score(index: int) -> None:
        found[index].extend(features(shown[index]) for _ in range(20))

    threads = [threading.Thread(target=score, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(each, alone[index]) for index, answers in found.items() for each in answers)
    assert all(len(answers) == 20 for answers in found.values())


def test_openvino_is_loaded_without_its_telemetry() -> None:
    """In a process of its own, where nothing was imported before; every attempt to connect anywhere would end it."""
    program = (
        "import os, socket, sys, torch\n"
        "from torch import nn\n"
        "def forbidden(*_, **__): os._exit(3)\n"
        "socket.socket.connect = socket.getaddrinfo = forbidden\n"
        "from detectors.models.runtime import FeatureExtractor\n"
        "FeatureExtractor(lambda trunk, x: trunk(x).mean(dim=(2, 3)), nn.Conv2d(3, 4, 3).eval(), torch.float32)"
        "(torch.rand(1, 3, 8, 8))\n"
        "assert 'openvino.tools.ovc.telemetry_stub' in sys.modules\n"
        "assert not [name for name in sys.modules if name.startswith('openvino_telemetry.')]\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr


def test_a_network_is_moved_only_where_it_is_not() -> None:
    network = nn.Linear(2, 2)
    assert place_on(network, torch.device("cpu")) is network
    assert place_on(network, torch.device("meta")).weight.device.type == "meta"
