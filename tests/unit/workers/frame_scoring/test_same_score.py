"""The real detectors through the worker's path: neighbours in a batch change no number."""

import numpy as np
import pytest
import torch

from detectors.registry import build_detectors
from domain.frames import Frame, FrameFormat, FrameRef
from tests.fakes.ports import START
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.frame_scoring.tensor_batches import TensorBatchLimits

RELATIVE, ABSOLUTE = 1e-4, 1e-5
"""Batched convolutions add up in another order; a float32 sum over a picture differs by no more than this."""


def textured(seed: int, *, width: int = 160, height: int = 120) -> Frame:
    """Return a limited-range 4:2:0 picture with structure at several scales, noise and colour."""
    random = np.random.default_rng(seed)
    coarse = np.kron(random.integers(40, 200, (6, 8)), np.ones((height // 6, width // 8)))
    luma = (coarse + random.normal(0, 3, (height, width))).clip(16, 235).astype(np.uint8)
    chroma = [random.integers(100, 156, (height // 2, width // 2)).astype(np.uint8) for _ in range(2)]
    ref = FrameRef(f"camera-{seed}", "s", 0, 0.0, START)
    return Frame(ref, FrameFormat(width, height, "yuv420p"), (luma, *chroma))


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return [textured(seed) for seed in range(7)]


@pytest.mark.parametrize("max_frames", [2, 3, 7])
def test_a_picture_scores_the_same_alone_and_in_any_batch(frames: list[Frame], max_frames: int) -> None:
    cpu = torch.device("cpu")
    alone = FrameScorer(build_detectors(), cpu, TensorBatchLimits(max_frames=1)).score(frames)
    together = FrameScorer(build_detectors(), cpu, TensorBatchLimits(max_frames=max_frames)).score(frames[::-1])

    assert not alone.rejected
    for index, scores in alone.scores.items():
        other = together.scores[len(frames) - 1 - index]
        assert set(scores.values) == set(other.values)
        assert scores.missing == other.missing
        for metric, value in scores.values.items():
            assert other.values[metric] == pytest.approx(value, rel=RELATIVE, abs=ABSOLUTE), metric
        assert scores.structure is not None
        assert other.structure is not None
        np.testing.assert_allclose(other.structure, scores.structure, rtol=RELATIVE, atol=ABSOLUTE)
