"""The GPU benchmark runs end to end on a CPU, in small."""

import json

import pytest
import torch

from domain.errors import ConfigError
from lab.bench.speed import gpu_throughput


def test_it_runs_end_to_end_on_a_cpu_and_agrees_with_itself() -> None:
    found = gpu_throughput.run(device="cpu", quick=True, models=("detectability",))

    assert json.loads(json.dumps(found)) == found
    assert found["default_models"] == ["detectability"]
    for numbers in found["agreement_with_cpu"].values():
        assert all(each["measurable_on_one_alone"] == 0 for each in numbers.values())
        assert all(each["largest_difference"] in (None, 0.0) for each in numbers.values())
    for name in ("default_set", "detectability"):
        assert all(rate > 0 for rate in found["frames_per_s"][name]["batches"].values())
    assert found["paced"]["frames_judged"] == found["paced"]["frames_due"] == 4
    assert 0 < found["paced"]["lag_p50_s"] <= found["paced"]["lag_p95_s"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_without_cuda_it_says_so() -> None:
    with pytest.raises(ConfigError, match="no CUDA device"):
        gpu_throughput.run()
