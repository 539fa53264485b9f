"""Precision follows the device a model is loaded for, and is named where it changes a score."""

import pytest
import torch

from detectors.models import runtime
from detectors.models.detection_quality.detectability import from_weights, load_detectability
from detectors.models.detection_quality.detector import from_weights as regressor_from_weights
from detectors.models.picture_faults.detector import from_weights as faults_from_weights
from detectors.models.runtime import fast_precision, name_arithmetic, use_device
from detectors.models.weights import locate_weights

CUDA = torch.device("cuda")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor without bfloat16 and a GPU that has it."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False}, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *, including_emulation: not including_emulation)


@pytest.mark.usefixtures("asked")
def test_each_device_is_asked_for_its_own_precision() -> None:
    assert fast_precision(torch.device("cpu")) == torch.float32
    assert fast_precision(CUDA) == torch.bfloat16
    assert fast_precision() == torch.float32
    with use_device(CUDA):
        assert fast_precision() == torch.bfloat16
    assert fast_precision() == torch.float32, "the choice ends with the block"


def test_an_old_gpu_beside_a_new_processor_computes_in_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *, including_emulation: including_emulation)
    assert (fast_precision(torch.device("cpu")), fast_precision(CUDA)) == (torch.bfloat16, torch.float32)


def test_half_precision_and_its_runtime_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert name_arithmetic(torch.float32) == ""
    monkeypatch.setattr(runtime, "is_openvino_available", lambda: True)
    assert name_arithmetic(torch.bfloat16) == "+bf16-openvino"
    assert name_arithmetic(torch.bfloat16, translated=False) == "+bf16"
    with use_device(CUDA):
        assert name_arithmetic(torch.bfloat16) == "+bf16"
    monkeypatch.setattr(runtime, "is_openvino_available", lambda: False)
    assert name_arithmetic(torch.bfloat16) == "+bf16"


def test_the_fingerprint_of_a_score_names_what_changes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    file = locate_weights("detectability")
    single, half = (from_weights(file, precision=one).fingerprint for one in (torch.float32, torch.bfloat16))
    assert single == file.fingerprint
    assert half.startswith(f"{file.fingerprint}+bf16")
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict, raising=False)
    assert load_detectability().fingerprint == single
    faults = locate_weights("picture_faults")
    assert faults_from_weights(faults).fingerprint == faults.fingerprint
    assert faults_from_weights(faults, precision=torch.bfloat16).fingerprint.startswith(f"{faults.fingerprint}+bf16")
    regressor = locate_weights("detection_quality")
    assert regressor_from_weights(regressor, precision=torch.bfloat16).fingerprint == f"{regressor.fingerprint}+bf16"
