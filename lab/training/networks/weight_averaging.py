"""Weights averaged over the steps of a training: what is exported generalises better than where the last step ended."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


class WeightAverage:
    """An exponential average of a module's state, `state` by name; `decay` per step, faster in the first steps."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.state = {name: value.detach().clone() for name, value in module.state_dict().items()}

    def follow(self, module: nn.Module, step: int) -> None:
        """Move towards the module's present state after step `step`, counted from 0; integers are left alone."""
        pace = 1 - min(self.decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in module.state_dict().items():
                if value.is_floating_point():
                    self.state[name].lerp_(value, pace)

    def state_dict(self) -> dict[str, Any]:
        """The averaged state, for a checkpoint."""
        return self.state

    def load_state_dict(self, state: dict[str, Tensor], /) -> None:
        """Take up a checkpoint's, wherever it was trained. Raises KeyError where it has other names."""
        self.state = {name: state[name].to(value.device) for name, value in self.state.items()}


def averaged_weights(*checkpoints: Path) -> dict[str, Tensor]:
    """The mean of the checkpoints' averaged weights ("ema"), without running code from the files.

    Several trainings from one start, averaged, cost no more in use than one (Wortsman et al. 2022, "model soups").
    """
    states: list[dict[str, Tensor]] = [
        torch.load(path, map_location="cpu", weights_only=True)["ema"] for path in checkpoints
    ]
    return {
        name: torch.stack([state[name] for state in states]).mean(dim=0) if value.is_floating_point() else value
        for name, value in states[0].items()
    }
