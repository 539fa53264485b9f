"""Does a predicted share mean what it says: a two-parameter logistic fit, and the expected calibration error."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """share = sigmoid(slope * answer + offset)."""

    slope: float
    offset: float

    def applied(self, answers: Numbers) -> Numbers:
        return np.asarray(1 / (1 + np.exp(-(self.slope * answers + self.offset))), np.float64)


def fitted(answers: Numbers, before: Numbers, after: Numbers) -> Calibration:
    """The likeliest slope and offset where of `before` (n,) objects `after` (n,) survived (Platt 1999).

    A slope may not be negative: the order of answers is the network's, only their meaning is corrected.
    """
    inputs, shares, counts = (torch.from_numpy(np.asarray(one)) for one in (answers, after / before, before))
    parameters = torch.tensor([0.0, 0.0], dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([parameters], max_iter=200, line_search_fn="strong_wolfe")

    def error() -> torch.Tensor:
        solver.zero_grad()
        logits = parameters[0].exp() * inputs + parameters[1]
        loss = binary_cross_entropy_with_logits(logits, shares, weight=counts, reduction="sum") / counts.sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    solver.step(error)  # type: ignore[no-untyped-call]
    slope, offset = parameters.detach().tolist()
    return Calibration(math.exp(slope), offset)


def expected_calibration_error(predicted: Numbers, before: Numbers, after: Numbers, *, bins: int = 10) -> float:
    """Mean distance, over objects, between the predicted share and the share that survived, in equal bins of the
    prediction (Naeini et al. 2015)."""
    place = np.clip((predicted * bins).astype(int), 0, bins - 1)
    error = 0.0
    for index in range(bins):
        chosen = place == index
        objects = before[chosen].sum()
        if objects:
            claimed = (predicted[chosen] * before[chosen]).sum() / objects
            error += abs(claimed - after[chosen].sum() / objects) * objects / before.sum()
    return float(error)
