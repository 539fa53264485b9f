"""Batches follow from seed and step; an epoch shows every sample once."""

import numpy as np

from lab.training.training_loop import BatchOrder


def test_an_epoch_shows_every_sample_once_and_the_next_in_another_order() -> None:
    batches = BatchOrder(10, 4, seed=1)
    assert batches.per_epoch == 3
    epochs = [np.concatenate([batches.of(3 * epoch + place) for place in range(3)]) for epoch in range(2)]
    assert [sorted(epoch.tolist()) for epoch in epochs] == [list(range(10))] * 2
    assert epochs[0].tolist() != epochs[1].tolist()
    assert [batches.ends_epoch(step) for step in range(4)] == [False, False, True, False]


def test_a_step_is_the_same_whenever_it_is_asked_for() -> None:
    assert BatchOrder(10, 4, seed=1).of(7).tolist() == BatchOrder(10, 4, seed=1).of(7).tolist()
    assert BatchOrder(10, 4, seed=1).of(7).tolist() != BatchOrder(10, 4, seed=2).of(7).tolist()
