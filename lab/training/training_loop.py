"""A training loop that may be stopped at any time and goes on as if nothing had happened.

Whatever must survive is a part with a state; what a step does must follow from its number and the parts alone.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from domain.errors import ConfigError

CHECKPOINT = "last.pt"
LOG = "log.jsonl"


class Checkpointed(Protocol):
    """What a checkpoint holds of a module, an optimiser, a schedule, or averaged weights."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: Any, /) -> Any: ...


class TrainingLoop:
    """Steps 0 … total - 1 in `folder`, from the checkpoint there on; `step` counts those begun."""

    def __init__(
        self, total: int, parts: Mapping[str, Checkpointed], folder: Path, *, checkpoint_every_s: float = 180.0
    ) -> None:
        """Loads the checkpoint, if any. Raises ConfigError where it is not one of these parts."""
        folder.mkdir(parents=True, exist_ok=True)
        self.total, self.parts, self.folder = total, parts, folder
        self.checkpoint_every_s = checkpoint_every_s
        self.step = 0
        if (folder / CHECKPOINT).is_file():
            self._resume()

    def steps(self, title: str = "training", *, stop_at: int | None = None) -> Iterator[int]:
        """Yield each step to do, saving every few minutes and after the last, or before `stop_at`."""
        saved_at = time.monotonic()
        end = self.total if stop_at is None else min(self.total, stop_at)
        with _progress() as progress:
            task = progress.add_task(title, total=self.total, completed=self.step)
            while self.step < end:
                self.step += 1
                yield self.step - 1
                progress.update(task, completed=self.step)
                if time.monotonic() - saved_at > self.checkpoint_every_s:
                    self.save()
                    saved_at = time.monotonic()
        self.save()

    def log(self, **facts: object) -> None:
        """Append a line of JSON to the log: the step and these facts."""
        with (self.folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": self.step, **facts}) + "\n")

    def save(self) -> None:
        """Replace the checkpoint whole: a crash while writing keeps the old one."""
        state = {"step": self.step} | {name: part.state_dict() for name, part in self.parts.items()}
        partial = self.folder / f"{CHECKPOINT}.part"
        torch.save(state, partial)
        os.replace(partial, self.folder / CHECKPOINT)

    def _resume(self) -> None:
        path = self.folder / CHECKPOINT
        state = torch.load(path, map_location="cpu", weights_only=True)
        try:
            for name, part in self.parts.items():
                part.load_state_dict(state[name])
        except (KeyError, RuntimeError, ValueError) as error:
            raise ConfigError(f"{path} belongs to another training: choose another folder, or delete it") from error
        self.step = int(state["step"])


def _progress() -> Progress:
    """A bar on standard error; nothing where that is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """Every sample once an epoch, in an order of the epoch's own; the last batch of an epoch may be smaller."""

    samples: int
    batch: int
    seed: int

    @property
    def per_epoch(self) -> int:
        """Steps an epoch."""
        return -(-self.samples // self.batch)

    def of(self, step: int) -> NDArray[np.int64]:
        """Indices (batch,) of step `step`, counted from 0 over all epochs."""
        epoch, place = divmod(step, self.per_epoch)
        order = np.random.default_rng([self.seed, epoch]).permutation(self.samples)
        return order[place * self.batch : (place + 1) * self.batch]

    def ends_epoch(self, step: int) -> bool:
        """Whether step `step` is the last of its epoch."""
        return (step + 1) % self.per_epoch == 0
