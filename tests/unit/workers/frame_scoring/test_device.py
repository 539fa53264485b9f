import pytest
import torch

from domain.errors import ConfigError
from workers.frame_scoring.device import resolve_device, use_threads


def test_auto_takes_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto").type == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("auto").type == "cuda"


def test_cuda_by_name_is_refused_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with pytest.raises(ConfigError, match="device: cuda was asked for"):
        resolve_device("cuda")


def test_cpu_is_kept_even_where_cuda_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("cpu").type == "cpu"


def test_an_unknown_device_is_an_error() -> None:
    with pytest.raises(ConfigError, match="not one of"):
        resolve_device("tpu")


def test_half_the_cores_compute_unless_set_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    monkeypatch.setattr("os.cpu_count", lambda: 8)

    assert use_threads(None) == 4
    assert use_threads(3) == 3
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert use_threads(None) == 1
    assert asked == [4, 3, 1]
